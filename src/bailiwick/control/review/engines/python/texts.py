"""Texts put together: what a part can still harm where it stands."""

import ast
import re

from bailiwick.control.review.engines.python import constants
from bailiwick.control.review.engines.python.attributes import attribute
from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.labels import NO_LABELS, Labels, bounded, built, cleaned_labels
from bailiwick.control.review.engines.python.run import Given, Run
from bailiwick.control.review.engines.python.values import Value, constant, deep, labelled

# An address whose host is complete: what follows is a path on it, whatever it says.
_HOST = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#\s{}%]+[/?#]|/[^/\\]|[?#]")
_OUTSIDE = frozenset({"request", "model", "input"})
_AFTER_HOST = frozenset({"ssrf", "redirect"})


def as_text(run: Run, frame: Frame, value: Value, node: ast.expr) -> Value:
    """Return what `str()` makes of a value."""
    if value.const is not UNKNOWN and not value.labels:
        return value if isinstance(value.const, str) else constant(constants.function("str", [value.const]))
    for shape in value.shapes:
        definition = getattr(shape, "definition", None)
        if definition is not None and value.fields:
            made = definition.find("__str__") or definition.find("__repr__")
            if made is not None:
                return run.call(frame, node, attribute(run, frame, value, "__str__", node), Given())
            return labelled(value.labels)
    return labelled(cleaned_labels(deep(value), frozenset({"nosql", "mass"})))


def concatenated(parts: list[Value]) -> Value:
    """Return the text that parts make one after the other; what stands before a part can make it harmless."""
    if all(isinstance(part.const, str) and not part.labels for part in parts):
        return constant(constants.kept("".join(str(part.const) for part in parts)))
    labels: Labels = NO_LABELS
    before = ""
    for part in parts:
        mine = deep(part)
        if mine and _HOST.match(before):
            mine = cleaned_labels(mine, _AFTER_HOST)
        labels |= mine
        if any(label.kind in _OUTSIDE for label in mine):
            before += "\0"
        elif isinstance(part.const, str):
            before += part.const
        elif part.const is not UNKNOWN:
            before += str(part.const)
        else:
            # Something of the app's own: with it an address has its host, but for the sign that ends it.
            before += "app://own" if not before else "own"
    return labelled(bounded(built(labels)))
