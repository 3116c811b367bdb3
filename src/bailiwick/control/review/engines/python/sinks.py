"""Where values do harm: looks at calls and stores, and notes what reaches them from where."""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.knowledge import Sink
from bailiwick.control.review.engines.python.run import Given, Run, written
from bailiwick.control.review.engines.python.values import (
    EMPTY,
    ClassOf,
    External,
    Label,
    Labels,
    ModuleOf,
    Value,
    deep,
    truth,
)

_SHELLS = frozenset(
    "sh bash dash zsh ksh cmd cmd.exe powershell pwsh env xargs python python3 perl ruby node eval ssh su sudo".split()
)
_SHOWN_AS_PAGE = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml"})
_MODEL_RULE = "unsafe-model-output"
_SESSIONS = (
    "flask.session",
    "quart.session",
    "django.http.HttpRequest().session",
    "fastapi.Request().session",
    "starlette.requests.Request().session",
)
_ORM_MAKERS = frozenset({"create", "get_or_create", "update_or_create", "insert", "from_dict", "model_construct"})
_TELL = frozenset({"-c", "/c", "/C", "-e", "-Command", "--command", "-lc", "-ec"})
_ANSWERS = tuple(
    "Response() jsonify() template() redirect() send_file() render_template() make_response() send_from_directory() "
    "render() json() Markup() file() abort()".split()
)


def check_call(run: Run, frame: Frame, node: ast.expr, path: str, callee: Value, given: Given) -> None:
    """Look whether a call brings values to where they do harm."""
    parent, _, method = path.rpartition(".")
    names = [path, method] if path.startswith("?.") and path.count(".") == 1 else [path]
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    for name in names:
        for sink in run.known.sinks(name, method if called and not _is_address(node, method) else "", parent):
            labels = _labels_at(sink, path, callee, given)
            harmful = harmful_labels(sink.kind, labels, sink.direct, sink.built)
            if harmful:
                report(run, frame, node, sink.rule, harmful, f"{_name(node, path)} as {sink.words}")
    if path.startswith("globals()[]") and callee.labels:
        harmful = harmful_labels("code", callee.labels, {"request", "model"}, set())
        report(run, frame, node, "code-injection", harmful, "a call as the name of what is called")
    _check_templates(run, frame, node, path, given)
    if method in _ORM_MAKERS and given.extra is not None and not path.startswith("?"):
        check_mass(run, frame, node, given.extra, f"{method}() as fields of its own choice")


def _is_address(node: ast.expr, method: str) -> bool:
    """Return whether a method that may ask a database is asked for an address: `client.fetch(f"/people/{name}")`."""
    if method not in {"fetch", "stream"} or not isinstance(node, ast.Call) or not node.args:
        return False
    first = node.args[0]
    begin = first.values[0] if isinstance(first, ast.JoinedStr) and first.values else first
    return isinstance(begin, ast.Constant) and str(begin.value).startswith(("/", "http"))


def report(run: Run, frame: Frame, node: ast.AST, rule_id: str, labels: Sequence[Label], where: str) -> None:
    """Note that a value reaches a place; nothing when there is none."""
    if not labels:
        return
    label = labels[0]
    if label.kind == "model" and rule_id != "prompt-injection":
        rule_id = _MODEL_RULE
    run.report(rule_id, frame, node, f"{label.words} reaches {where}", labels)


def harmful_labels(kind: str, labels: Labels, direct: Iterable[str], built: Iterable[str]) -> list[Label]:
    """Return the labels that can do harm in a kind of sink, the surest first."""
    found = [
        label
        for label in labels
        if kind not in label.clean
        and (label.kind in direct or (label.built and label.kind in built))
        and not (kind == "path" and label.built and "dots" in label.clean)
    ]
    order = {"request": 0, "model": 1, "parameter": 3, "unknown": 4}
    return sorted(found, key=lambda label: (order.get(label.kind, 2), label.path, label.line, label.words))


def _name(node: ast.expr, path: str) -> str:
    if isinstance(node, ast.Call):
        return f"{written(node.func, 40)}()"
    return f"{path.rpartition('.')[2]}()"


def _labels_at(sink: Sink, path: str, callee: Value, given: Given) -> Labels:
    special = _SPECIAL.get(sink.special)
    if special is not None:
        return special(sink, path, given)
    labels: Labels = frozenset()
    if sink.receiver is not None and sink.receiver.match(path):
        labels |= callee.labels
    for value in _arguments_at(sink, given):
        labels |= deep(value) if sink.deep or sink.every else _text_labels(value)
    return labels


def _arguments_at(sink: Sink, given: Given) -> list[Value]:
    if sink.every:
        return given.all()
    found = [given.values[position] for position in sink.positions if position < len(given.values)]
    found += [value for name, value in given.named.items() if name in sink.keywords]
    if given.rest is not None:
        found.append(given.rest)
    return found


def _text_labels(value: Value) -> Labels:
    # A list is not the text that a function of text wants; a tuple of an address or a `Path` is looked into by `deep`.
    return value.labels if value.items is None else frozenset()


def _process(_: Sink, path: str, given: Given) -> Labels:
    """Return what a new process is made of: all of a shell's command; else the program, and what a shell is told."""
    first = given.at(0, "args", "cmd", "program")
    if first is None:
        return frozenset()
    shell = given.named.get("shell", Value(False))
    labels = deep(given.named["executable"]) if "executable" in given.named else frozenset()
    if truth(shell) is not False:
        # With a shell every kind of unknown text counts.
        return labels | frozenset(_as_built(label) for label in deep(first))
    program, rest = first, list(given.values[1:])
    if first.items is not None and first.items.kind in {"list", "tuple"}:
        if first.items.rest is not None or not first.items.known:
            # Of a list of unknown length the program cannot be told from its arguments.
            return labels
        held = [value for _, value in first.items.known]
        program, rest = held[0], held[1:]
    elif path.startswith(("os.", "pty.")) and rest:
        rest = [item for value in rest for item in (value.items.values() if value.items is not None else [value])]
    labels |= deep(program)
    names = {name.rpartition("/")[2] for name in program.choices() if isinstance(name, str)}
    if names & _SHELLS and any(value.choices() & _TELL for value in rest):
        for value in rest:
            labels |= frozenset(_as_built(label) for label in deep(value))
    elif names & {"ssh", "eval"}:
        for value in rest[1:]:
            labels |= deep(value)
    return labels


def _as_built(label: Label) -> Label:
    return replace(label, built=True)


def _page(sink: Sink, path: str, given: Given) -> Labels:
    """Return what becomes part of a page; nothing when the answer says that it is none."""
    kind = given.at(9, "content_type", "mimetype", "media_type")
    if kind is None and path.endswith(".Response") and len(given.values) > 3:  # noqa: PLR2004 - of flask: the fourth
        kind = given.values[3]
    if kind is not None and isinstance(kind.const, str) and kind.const.split(";")[0].strip() not in _SHOWN_AS_PAGE:
        return frozenset()
    headers = given.named.get("headers")
    if headers is not None and headers.items is not None:
        for name, value in headers.items.known:
            if str(name).lower() == "content-type" and isinstance(value.const, str) and "html" not in value.const:
                return frozenset()
    values = _arguments_at(sink, given)
    return frozenset(label for value in values for label in page_labels(value))


def page_labels(value: Value) -> Labels:
    """Return the labels of an answer's text; a dict or list is answered as JSON."""
    if value.items is not None and value.items.kind in {"dict", "list", "config", "set"}:
        return frozenset()
    if value.items is not None and value.items.kind == "tuple":
        first = next(value.items.values(), None)
        return page_labels(first) if first is not None and not _says_other_type(value) else frozenset()
    if value.items is not None:
        return deep(value)
    if any(isinstance(shape, External) and _is_answer(shape.path) for shape in value.shapes):
        return frozenset()
    return value.labels


def check_answer(run: Run, frame: Frame, value: Value, node: ast.Return) -> None:
    """Look whether what a framework is given back is shown as a page, with values in it that are not escaped."""
    entrance = run.answering[-1] if run.answering else None
    if entrance is None or entrance.code is not frame.code:
        return
    kind = entrance.options.get("response_class")
    shown = entrance.framework.answers == "html"
    if kind is not None and any("HTMLResponse" in getattr(shape, "path", "") for shape in kind.shapes):
        shown = True
    if shown:
        harmful = harmful_labels("xss", page_labels(value), {"request", "model"}, set())
        report(run, frame, node, "cross-site-scripting", harmful, "the page that is returned, not escaped")


def _says_other_type(answer: Value) -> bool:
    for part in answer.items.values() if answer.items is not None else ():
        if part.items is not None and part.items.kind == "dict":
            for name, value in part.items.known:
                if str(name).lower() == "content-type" and isinstance(value.const, str):
                    return "html" not in value.const
    return False


def _is_answer(path: str) -> bool:
    """Return whether a value is an answer that was looked at where it was made, or that a framework shows by itself."""
    return path.endswith(_ANSWERS) or path.startswith(("requests.", "httpx."))


def _page_if_html(sink: Sink, path: str, given: Given) -> Labels:
    kind = given.at(9, "content_type", "mimetype", "media_type")
    if kind is None and path.endswith("Response") and len(given.values) > 3:  # noqa: PLR2004 - of starlette: the fourth
        kind = given.values[3]
    allowed = truth(given.named.get("unsafe_allow_html", Value(False))) is not False
    if not allowed and (kind is None or kind.const is UNKNOWN or str(kind.const).split(";")[0] not in _SHOWN_AS_PAGE):
        return frozenset()
    return frozenset(label for value in _arguments_at(sink, given) for label in page_labels(value))


def _xml(sink: Sink, path: str, given: Given) -> Labels:
    parser = given.at(1, "parser") or given.named.get("handler")
    labels = frozenset(label for value in _arguments_at(sink, given) for label in deep(value))
    if path.startswith("lxml."):
        resolves = parser.field("resolve_entities") if parser is not None else None
        if parser is not None and (resolves is None or resolves.const is UNKNOWN) and _is_careful(parser):
            return frozenset()
        return labels if resolves is None or truth(resolves) is not False else frozenset()
    # Python's own parsers follow nothing from outside unless they are told to.
    told = given.at(2, "parser") if path.endswith("parseString") and "sax" in path else parser
    features = told.field("features") if told is not None else None
    return labels if features is not None and truth(features) is True else frozenset()


def _is_careful(parser: Value) -> bool:
    return any(
        isinstance(shape, External) and not shape.path.startswith("lxml.etree.XMLParser") for shape in parser.shapes
    )


def _yaml(sink: Sink, path: str, given: Given) -> Labels:
    loader = given.at(1, "Loader")
    if loader is not None:
        for shape in loader.shapes:
            if isinstance(shape, External) and shape.path.rpartition(".")[2] in {
                "SafeLoader",
                "CSafeLoader",
                "BaseLoader",
            }:
                return frozenset()
    elif path.endswith("full_load"):
        return frozenset()
    return frozenset(label for value in _arguments_at(sink, given)[:1] for label in deep(value))


def _prompt(sink: Sink, path: str, given: Given) -> Labels:
    labels = frozenset(label for value in _arguments_at(sink, given) for label in deep(value))
    for name in ("messages", "input"):
        messages = given.named.get(name)
        if messages is None and path.startswith(("ollama.", "litellm.")):
            messages = given.at(1)
        if messages is None or messages.items is None:
            continue
        for message in messages.items.values():
            role = message.items.get("role") if message.items is not None else None
            if role is not None and role.const in {"system", "developer"} and message.items is not None:
                labels |= deep(message.items.get("content") or EMPTY)
    return labels


def check_format(run: Run, frame: Frame, node: ast.Call, receiver: Value, given: Given) -> None:
    """Look whether the format itself comes from outside: it reads attributes of what is formatted."""
    harmful = harmful_labels("format", receiver.labels, {"request", "model"}, set())
    if harmful and given.all():
        report(run, frame, node, "format-string-injection", harmful, "format() as the format itself")


def check_attribute(run: Run, frame: Frame, node: ast.expr, owner: Value, name: Value) -> None:
    """Look whether a name from outside chooses a function of a module or class."""
    if any(isinstance(shape, External | ModuleOf | ClassOf) for shape in owner.shapes):
        harmful = harmful_labels("import", name.labels, {"request", "model"}, set())
        report(run, frame, node, "dynamic-import", harmful, "getattr() as the name of what is used")


def check_mass(run: Run, frame: Frame, node: ast.AST, value: Value, where: str) -> None:
    """Look whether whoever sends a request chooses the fields that are set."""
    harmful = harmful_labels("mass", deep(value), {"request", "model"}, set())
    report(run, frame, node, "mass-assignment", harmful, where)


def check_stored(run: Run, frame: Frame, target: ast.expr, value: Value, node: ast.stmt) -> None:
    """Look whether a value from outside is kept where the app keeps what it knows itself."""
    if not isinstance(target, ast.Subscript):
        return
    owner = run.evaluate(frame, target.value)
    if not any(isinstance(shape, External) and shape.path in _SESSIONS for shape in owner.shapes):
        return
    key = run.evaluate(frame, target.slice)
    harmful = harmful_labels("trust", deep(value) | key.labels, {"request"}, set())
    report(
        run,
        frame,
        node,
        "trust-boundary",
        harmful,
        f"{written(target.value)}, where the app keeps what it knows itself",
    )


def _check_templates(run: Run, frame: Frame, node: ast.expr, path: str, given: Given) -> None:
    """Look whether a page of the tree shows a value without escaping it."""
    method = path.rpartition(".")[2]
    if method not in {"render_template", "render", "TemplateResponse", "render_to_string", "render_template_async"}:
        return
    names = [value.const for value in given.values if isinstance(value.const, str)]
    names += [
        value.const
        for key, value in given.named.items()
        if key in {"name", "template_name"} and isinstance(value.const, str)
    ]
    for name in names:
        unsafe = run.templates.get(str(name))
        if not unsafe:
            continue
        shown = dict(given.named)
        for value in (*given.values, given.named.get("context", EMPTY)):
            if value.items is not None and value.items.kind == "dict":
                shown.update({key: item for key, item in value.items.known if isinstance(key, str)})
        for key, value in shown.items():
            if key in unsafe:
                harmful = harmful_labels("xss", deep(value), {"request", "model"}, set())
                report(
                    run,
                    frame,
                    node,
                    "cross-site-scripting",
                    harmful,
                    f"the template {name}, which shows {key} unescaped",
                )


_SPECIAL = {
    "process": _process, "page": _page, "page-if-html": _page_if_html, "xml": _xml, "yaml": _yaml, "prompt": _prompt,
}  # fmt: skip
