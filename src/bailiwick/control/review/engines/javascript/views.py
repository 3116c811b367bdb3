"""Templates that handlers render: which of the values that they are given they put out as they are."""

import posixpath
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.values import Value, deep_taints
from bailiwick.control.review.engines.templates.engine import is_escaped
from bailiwick.control.review.engines.templates.model import Kind, Piece
from bailiwick.control.review.engines.templates.pieces import SUFFIXES, Dialect, dialect_of, pieces

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_TRUSTED = re.compile(r"\|\s*(?:safe|raw)\b")
_NAME = re.compile(r"(?<![\w.'\"])[A-Za-z_$][\w$]*")
# How templates go through many and what they call each, and how they give what they have another name.
_LOOPS = (
    re.compile(r"(?P<many>\w+)\s*\.\s*(?:forEach|map)\s*\(\s*(?:function\s*)?\(?\s*(?P<one>\w+)"),
    re.compile(r"\bfor\s*\(?\s*(?:const|let|var)?\s*(?P<one>\w+)\s+(?:of|in)\s+(?P<many>\w+)"),
    re.compile(r"(?:\b(?:const|let|var)|^set|^assign)\s+(?P<one>\w+)\s*=\s*(?P<many>\w+)"),
    re.compile(r"^#?each\s+(?P<many>\w+)(?:\s+as\s+\|\s*(?P<one>\w+))?"),
)
_DEEPEST_LOOPS = 8
_RENDERS = re.compile(
    r"^(?:@response\.(?:render|view)|@context\.render|(?:ejs|pug|jade)\.renderFile|nunjucks\b.*\.render"
    r"|eta\b.*\.render(?:Async)?|liquidjs\b.*\.renderFile(?:Sync)?|h\.view)$"
)
_LIQUID_ESCAPES = re.compile(r"\boutputEscape\b")
# What stands before a name where a template language keeps what it is given in one object.
_HOLDER = re.compile(r"\b(?:it|locals)\.(?=[A-Za-z_$])")
_OWN = frozenset(
    {"include", "JSON", "stringify", "body", "true", "false", "null", "undefined", "locals", "safe", "raw", "this"}
)


def raw_names(path: str, content: bytes) -> frozenset[str]:
    """Return the names of values of which a template puts something out unescaped, back to what it is given."""
    found: set[str] = set()
    stands_for: dict[str, str] = {}
    inside: list[str] = []
    dialect = dialect_of(path)
    for piece in pieces(content.decode(errors="replace"), dialect):
        if piece.kind is Kind.BLOCK:
            for match in (hit for loop in _LOOPS for hit in loop.finditer(piece.text)):
                if match["one"]:
                    stands_for[match["one"]] = match["many"]
                else:
                    inside.append(match["many"])
        elif _is_raw(piece, dialect):
            names = set(_NAME.findall(_HOLDER.sub("", _TRUSTED.sub("", piece.text)))) - _OWN
            # Inside of {{#each}} a bare name is a field of what is gone through.
            found |= names | set(inside)
    for _ in range(min(len(stands_for), _DEEPEST_LOOPS)):
        found |= {many for one, many in stands_for.items() if one in found}
    return frozenset(found)


def _is_raw(piece: Piece, dialect: Dialect) -> bool:
    """Return whether a piece puts a value out as it is."""
    if piece.kind is not Kind.ESCAPED:
        return piece.kind is Kind.RAW
    return bool(_TRUSTED.search(piece.text)) or not (dialect.escapes or is_escaped(piece.text))


def check_render(run: "Interpreter", call: "Call") -> None:
    """Report text from outside that a template puts out unescaped."""
    name = call.argument(0).text()
    if not name or not _RENDERS.match(call.symbol):
        return
    for path in _files(name, run.views):
        if path.endswith(".liquid") and run.says_anywhere(_LIQUID_ESCAPES):
            continue
        for thing in call.argument(1).things:
            for key, value in thing.fields.items():
                if key in run.views[path]:
                    _report(run, call, value, path)
            if run.views[path] and thing.rest is not None:
                _report(run, call, thing.rest, path)
        if run.views[path]:
            _report(run, call, Value(taints=call.argument(1).taints), path)


def _report(run: "Interpreter", call: "Call", value: Value, path: str) -> None:
    sink = run.models.sinks.first("@response.html")
    taints = frozenset(t for t in deep_taints(value) if t.kind in sink.kinds)
    run.report_flow(sink.rule, call.at, call.scope, taints, f"is put out as it is by {path}")


def _files(name: str, views: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the templates that a name may mean: those that end in it, with or without what their language adds."""
    wanted = "/" + posixpath.normpath(name).lstrip("./")
    return [
        path
        for path in views
        if f"/{path}".endswith(wanted) or any(f"/{path}".endswith(wanted + suffix) for suffix in SUFFIXES)
    ]
