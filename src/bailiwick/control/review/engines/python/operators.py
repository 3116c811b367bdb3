"""What operators give: sums of texts, formats with `%`, paths with `/`, dicts with `|`."""

import ast
import re

from bailiwick.control.review.engines.python import constants
from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.labels import bounded, built, cleaned_labels
from bailiwick.control.review.engines.python.parts import element
from bailiwick.control.review.engines.python.run import Run
from bailiwick.control.review.engines.python.texts import concatenated
from bailiwick.control.review.engines.python.values import (
    EMPTY,
    External,
    Items,
    Value,
    constant,
    deep,
    join_all,
    joined,
    labelled,
    mapping,
    sequence,
)


def binary(run: Run, frame: Frame, node: ast.BinOp) -> Value:
    """Return what an operator of two gives; a chain of them is gone through as one, however long it is."""
    operands: list[tuple[ast.operator, ast.expr]] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp):
        operands.append((left.op, left.right))
        left = left.left
    parts = [run.evaluate(frame, left)]
    for op, right in reversed(operands):
        other = run.evaluate(frame, right)
        # What is added up is judged as one text: what stands before a part can make it harmless.
        if not isinstance(op, ast.Add) or other.items is not None or parts[0].items is not None:
            parts = [_operated(op, _summed(parts), other)]
        else:
            parts.append(other)
    return _summed(parts)


def _summed(parts: list[Value]) -> Value:
    if len(parts) == 1:
        return parts[0]
    if not _are_numbers(parts):
        return concatenated(parts)
    value = parts[0]
    for other in parts[1:]:
        value = _operated(ast.Add(), value, other)
    return value


def _are_numbers(parts: list[Value]) -> bool:
    return any(isinstance(part.const, int | float | bytes) for part in parts)


def _operated(op: ast.operator, left: Value, right: Value) -> Value:  # noqa: PLR0911 - one an operator
    if left.const is not UNKNOWN and right.const is not UNKNOWN and not left.labels and not right.labels:
        return constant(constants.binary(type(op), left.const, right.const))
    if isinstance(op, ast.Add) and (left.items is not None or right.items is not None):
        return _added(left, right)
    if isinstance(op, ast.Mod):
        return _percent(left, right)
    if isinstance(op, ast.Mult):
        return _repeated(left, right)
    if isinstance(op, ast.Div):
        path = _path_of(left) or _path_of(right)
        if path or left.labels or right.labels:
            labels = bounded(built(deep(left) | deep(right)))
            return Value(labels=labels, shapes=(External(path or "pathlib.Path()"),))
    if isinstance(op, ast.BitOr) and left.items is not None and right.items is not None:
        return _united(left, right, left.items, right.items)
    if isinstance(op, ast.Add):
        return labelled(bounded(built(deep(left) | deep(right))))
    return labelled(bounded(deep(left) | deep(right)))


def _united(left: Value, right: Value, mine: Items, others: Items) -> Value:
    if mine.kind != "dict" or others.kind != "dict":
        return joined(left, right)
    rest = [items.rest for items in (mine, others) if items.rest is not None]
    return mapping([*mine.known, *others.known], join_all(rest) if rest else None)


def _path_of(value: Value) -> str:
    for shape in value.shapes:
        if isinstance(shape, External) and shape.path.startswith("pathlib."):
            return "pathlib.Path()"
    return ""


def _added(left: Value, right: Value) -> Value:
    if left.items is None or right.items is None:
        items = left.items or right.items
        kind = items.kind if items is not None else "list"
        return Value(items=Items(kind, (), joined(element(left), element(right))))
    if left.items.rest is None and right.items.rest is None:
        return sequence(left.items.kind, [*left.items.values(), *right.items.values()])
    return Value(items=Items(left.items.kind, (), join_all([*left.items.values(), *right.items.values()])))


def _repeated(left: Value, right: Value) -> Value:
    if left.items is not None or right.items is not None:
        items = left.items or right.items
        return Value(items=Items("list", (), join_all(items.values()))) if items is not None else EMPTY
    return labelled(deep(left) | deep(right))


def _percent(left: Value, right: Value) -> Value:
    """Return what `text % values` gives: of a constant text each place is judged by what stands before it."""
    items = right.items
    values = list(items.values()) if items is not None and items.kind == "tuple" and items.rest is None else [right]
    if not isinstance(left.const, str):
        return labelled(bounded(built(deep(left) | deep(right))))
    parts: list[Value] = []
    end = 0
    places = list(re.finditer(r"%(?:\((\w+)\))?[-#0-9 +.]*([a-zA-Z%])", left.const))
    for place in places:
        parts.append(Value(left.const[end : place.start()]))
        end = place.end()
        if place.group(2) == "%":
            parts.append(Value("%"))
            continue
        if place.group(1) and items is not None and items.kind == "dict":
            value = items.get(place.group(1)) or EMPTY
        else:
            value = values.pop(0) if values else EMPTY
        if place.group(2) in set("diouxXeEfFgGc"):
            value = Value(0)
        elif place.group(2) in {"r", "a"}:
            value = labelled(cleaned_labels(deep(value), frozenset({"log", "header", "email"})))
        parts.append(value if value.labels or value.const is not UNKNOWN else labelled(deep(value)))
    parts.append(Value(left.const[end:]))
    return concatenated([Value(str(part.const)) if isinstance(part.const, int | float) else part for part in parts])
