"""Which of the arguments of a call do harm there, where that hangs on the others: shells, types of pages, parsers."""

import re
from dataclasses import replace

from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.knowledge import Sink
from bailiwick.control.review.engines.python.labels import Label, Labels
from bailiwick.control.review.engines.python.parts import truth
from bailiwick.control.review.engines.python.run import Given
from bailiwick.control.review.engines.python.values import EMPTY, External, Value, deep

_SHELLS = frozenset(
    "sh bash dash zsh ksh cmd cmd.exe powershell pwsh env xargs python python3 perl ruby node eval ssh su sudo".split()
)
SHOWN_AS_PAGE = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml"})
_TELL = frozenset({"-c", "/c", "/C", "-e", "-Command", "--command", "-lc", "-ec"})
_ANSWERS = tuple(
    "Response() jsonify() template() redirect() send_file() render_template() make_response() send_from_directory() "
    "render() json() Markup() file() abort()".split()
)


def arguments_at(sink: Sink, given: Given) -> list[Value]:
    """Return the arguments that a sink looks at."""
    if sink.every:
        return given.all()
    found = [given.values[position] for position in sink.positions if position < len(given.values)]
    found += [value for name, value in given.named.items() if name in sink.keywords]
    if given.rest is not None:
        found.append(given.rest)
    return found


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
    if kind is not None and isinstance(kind.const, str) and kind.const.split(";")[0].strip() not in SHOWN_AS_PAGE:
        return frozenset()
    headers = given.named.get("headers")
    if headers is not None and headers.items is not None:
        for name, value in headers.items.known:
            if str(name).lower() == "content-type" and isinstance(value.const, str) and "html" not in value.const:
                return frozenset()
    values = arguments_at(sink, given)
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


def _says_other_type(answer: Value) -> bool:
    for part in answer.items.values() if answer.items is not None else ():
        if part.items is not None and part.items.kind == "dict":
            for name, value in part.items.known:
                if str(name).lower() == "content-type" and isinstance(value.const, str):
                    return "html" not in value.const
    return False


def _is_answer(path: str) -> bool:
    """Return whether a value is an answer that was looked at where it was made, or that a framework shows by itself."""
    if path.startswith("jinja2."):
        return False
    return path.endswith(_ANSWERS) or path.startswith(("requests.", "httpx."))


def _log(_: Sink, __: str, given: Given) -> Labels:
    """Return what becomes part of a line; what a format shows as `repr` does has no line end."""
    values = given.all()
    form = given.values[0].const if given.values else UNKNOWN
    if isinstance(form, str):
        places = re.findall(r"%[-#0-9 +.]*([a-zA-Z%])", form)
        shown = [place for place in places if place != "%"]
        values = [
            value
            for number, value in enumerate(values)
            if not (0 < number <= len(shown) and number < len(given.values) and shown[number - 1] in "rad")
        ]
    return frozenset(label for value in values for label in deep(value))


def _page_if_html(sink: Sink, path: str, given: Given) -> Labels:
    kind = given.at(9, "content_type", "mimetype", "media_type")
    if kind is None and path.endswith("Response") and len(given.values) > 3:  # noqa: PLR2004 - of starlette: the fourth
        kind = given.values[3]
    allowed = truth(given.named.get("unsafe_allow_html", Value(False))) is not False
    if not allowed and (kind is None or kind.const is UNKNOWN or str(kind.const).split(";")[0] not in SHOWN_AS_PAGE):
        return frozenset()
    return frozenset(label for value in arguments_at(sink, given) for label in page_labels(value))


def _xml(sink: Sink, path: str, given: Given) -> Labels:
    parser = given.at(1, "parser") or given.named.get("handler")
    labels = frozenset(label for value in arguments_at(sink, given) for label in deep(value))
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
    return frozenset(label for value in arguments_at(sink, given)[:1] for label in deep(value))


def _prompt(sink: Sink, path: str, given: Given) -> Labels:
    labels = frozenset(label for value in arguments_at(sink, given) for label in deep(value))
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


SPECIAL = {
    "process": _process, "page": _page, "page-if-html": _page_if_html, "xml": _xml, "yaml": _yaml, "prompt": _prompt,
    "log": _log,
}  # fmt: skip
