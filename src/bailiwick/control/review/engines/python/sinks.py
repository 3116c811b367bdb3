"""Where values do harm: looks at calls and stores, and notes what reaches them from where."""

import ast
from collections.abc import Iterable, Sequence

from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.knowledge import Sink
from bailiwick.control.review.engines.python.labels import Label, Labels
from bailiwick.control.review.engines.python.run import Given, Run, written
from bailiwick.control.review.engines.python.sink_arguments import SHOWN_AS_PAGE, SPECIAL, arguments_at, page_labels
from bailiwick.control.review.engines.python.templates import shown_unescaped
from bailiwick.control.review.engines.python.values import EMPTY, ClassOf, External, ModuleOf, Value, deep

_MODEL_RULE = "unsafe-model-output"
_SESSIONS = (
    "flask.session",
    "quart.session",
    "django.http.HttpRequest().session",
    "fastapi.Request().session",
    "starlette.requests.Request().session",
)
_ORM_MAKERS = frozenset({"create", "get_or_create", "update_or_create", "insert", "from_dict", "model_construct"})


def check_call(run: Run, frame: Frame, node: ast.expr, path: str, callee: Value, given: Given) -> None:
    """Look whether a call brings values to where they do harm."""
    parent, _, method = path.rpartition(".")
    names = [path, method] if path.startswith("?.") and path.count(".") == 1 else [path]
    called = parent.endswith(")") or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    for name in names:
        for sink in run.known.sinks(name, method if called and not _is_address(node, method) else "", parent):
            labels = _labels_at(sink, path, callee, given)
            if labels and sink.special == "page" and _is_no_page(frame, node):
                continue
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
    order = {"request": 0, "model": 1, "stored": 2, "parameter": 3, "unknown": 4}
    return sorted(found, key=lambda label: (order.get(label.kind, 2), label.path, label.line, label.words))


def _name(node: ast.expr, path: str) -> str:
    if isinstance(node, ast.Call):
        return f"{written(node.func, 40)}()"
    return f"{path.rpartition('.')[2]}()"


def _labels_at(sink: Sink, path: str, callee: Value, given: Given) -> Labels:
    special = SPECIAL.get(sink.special)
    if special is not None:
        return special(sink, path, given)
    labels: Labels = frozenset()
    if sink.receiver is not None and sink.receiver.match(path):
        labels |= callee.labels
    for value in arguments_at(sink, given):
        labels |= deep(value) if sink.deep or sink.every else _text_labels(value)
    return labels


def _text_labels(value: Value) -> Labels:
    # A list is not the text that a function of text wants; a tuple of an address or a `Path` is looked into by `deep`.
    return value.labels if value.items is None else frozenset()


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
        harmful = harmful_labels("xss", page_labels(value), {"request", "model", "stored"}, set())
        report(run, frame, node, "cross-site-scripting", harmful, "the page that is returned, not escaped")


def _is_no_page(frame: Frame, node: ast.expr) -> bool:
    """Return whether the answer that a call makes is told by its name, later, that it is no page."""
    if frame.code is None:
        return False
    assigned = [inner for inner in ast.walk(frame.code.node) if isinstance(inner, ast.Assign)]
    made = [one for one in assigned if one.value is node]
    names = {target.id for one in made for target in one.targets if isinstance(target, ast.Name)}
    # Only in the same block it is told so in any case.
    places = {one.col_offset for one in made}
    told = [(_name_told(target), one.value) for one in assigned if one.col_offset in places for target in one.targets]
    kinds = [kind.value for name, kind in told if name in names and isinstance(kind, ast.Constant)]
    return bool(kinds) and not any(str(kind).split(";")[0].strip() in SHOWN_AS_PAGE for kind in kinds)


def _name_told(target: ast.expr) -> str:
    """Return the name of the answer whose type an assignment sets, or an empty string."""
    match target:
        case ast.Attribute(value=ast.Name(id=name), attr="mimetype" | "content_type" | "media_type"):
            return name
        case ast.Subscript(
            value=ast.Attribute(value=ast.Name(id=name), attr="headers") | ast.Name(id=name),
            slice=ast.Constant(value=str() as key),
        ) if key.lower() == "content-type":
            return name
    return ""


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
    if method == "render_template_string" and given.values and isinstance(given.values[0].const, str):
        _check_shown(run, frame, node, "the template", shown_unescaped(given.values[0].const), given)
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
        if unsafe:
            _check_shown(run, frame, node, f"the template {name}", unsafe, given)


def _check_shown(run: Run, frame: Frame, node: ast.expr, template: str, unsafe: frozenset[str], given: Given) -> None:
    shown = dict(given.named)
    for value in (*given.values, given.named.get("context", EMPTY)):
        if value.items is not None and value.items.kind == "dict":
            shown.update({key: item for key, item in value.items.known if isinstance(key, str)})
    for key in sorted(unsafe & shown.keys()):
        harmful = harmful_labels("xss", deep(shown[key]), {"request", "model", "stored"}, set())
        where = f"{template}, which shows {key} unescaped"
        report(run, frame, node, "cross-site-scripting", harmful, where)
