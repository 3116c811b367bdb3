"""What each form of expression is worth."""

import ast
from collections.abc import Callable as Function

from bailiwick.control.review.engines.python import constants
from bailiwick.control.review.engines.python.attributes import attribute, item_of, iterated
from bailiwick.control.review.engines.python.calls import evaluate_call
from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.guards import refine
from bailiwick.control.review.engines.python.labels import NO_LABELS, Labels, bounded, cleaned_labels
from bailiwick.control.review.engines.python.names import look_up
from bailiwick.control.review.engines.python.operators import binary
from bailiwick.control.review.engines.python.parts import element, truth
from bailiwick.control.review.engines.python.run import Run
from bailiwick.control.review.engines.python.storing import assign
from bailiwick.control.review.engines.python.texts import as_text, concatenated
from bailiwick.control.review.engines.python.values import (
    EMPTY,
    Callable,
    Items,
    Value,
    constant,
    deep,
    join_all,
    labelled,
    mapping,
    sequence,
)


def evaluate(run: Run, frame: Frame, node: ast.expr) -> Value:
    """Return what an expression is worth in a frame; what it calls is gone through."""
    handler = _FORMS.get(type(node))
    return EMPTY if handler is None else handler(run, frame, node)


def _constant(_: Run, __: Frame, node: ast.Constant) -> Value:
    return Value(node.value)


def _attribute(run: Run, frame: Frame, node: ast.Attribute) -> Value:
    return attribute(run, frame, run.evaluate(frame, node.value), node.attr, node)


def _subscript(run: Run, frame: Frame, node: ast.Subscript) -> Value:
    value = run.evaluate(frame, node.value)
    if isinstance(node.slice, ast.Slice):
        return _sliced(run, frame, value, node.slice)
    key = run.evaluate(frame, node.slice)
    if value.const is not UNKNOWN and key.const is not UNKNOWN and not key.labels:
        return constant(constants.item(value.const, key.const))
    return item_of(run, frame, value, key, node)


def _sliced(run: Run, frame: Frame, value: Value, node: ast.Slice) -> Value:
    bounds: list[object] = []
    for part in (node.lower, node.upper, node.step):
        found = Value(None) if part is None else run.evaluate(frame, part)
        bounds.append(UNKNOWN if found.labels else found.const)
    if UNKNOWN in bounds:
        if value.items is not None:
            return Value(labels=value.labels, items=Items(value.items.kind, (), join_all(value.items.values())))
        return labelled(value.labels)
    cut = slice(*bounds)
    if value.items is not None and value.items.rest is None and value.items.kind in {"list", "tuple"}:
        known = constants.item([item for _, item in value.items.known], cut)
        return sequence(value.items.kind, known).with_labels(value.labels) if known is not UNKNOWN else EMPTY
    if value.const is not UNKNOWN:
        return constant(constants.item(value.const, cut))
    return Value(labels=value.labels, items=value.items)


def _joined_text(run: Run, frame: Frame, node: ast.JoinedStr) -> Value:
    parts: list[Value] = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            value = run.evaluate(frame, part.value)
            if part.format_spec is not None:
                spec = run.evaluate(frame, part.format_spec)
                value = _formatted(value, spec)
            elif part.conversion in {ord("r"), ord("a")}:
                value = labelled(cleaned_labels(deep(value), frozenset({"log", "header", "email"})))
            else:
                value = as_text(run, frame, value, part.value)
            parts.append(value)
        else:
            parts.append(run.evaluate(frame, part))
    return concatenated(parts)


def _formatted(value: Value, spec: Value) -> Value:
    # `{n:d}` and `{n:.2f}` take numbers only, or fail.
    if isinstance(spec.const, str) and spec.const[-1:] in set("bcdeEfFgGnxX%"):
        return EMPTY
    return labelled(deep(value) | deep(spec))


def _unary(run: Run, frame: Frame, node: ast.UnaryOp) -> Value:
    value = run.evaluate(frame, node.operand)
    if isinstance(node.op, ast.Not):
        decided = truth(value)
        return EMPTY if decided is None else Value(not decided)
    return constant(constants.unary(type(node.op), value.const)) if not value.labels else labelled(value.labels)


def _compare(run: Run, frame: Frame, node: ast.Compare) -> Value:
    left = run.evaluate(frame, node.left)
    outcome: object = True
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = run.evaluate(frame, comparator)
        one = _compared(op, left, right)
        if one is UNKNOWN or outcome is UNKNOWN:
            outcome = False if one is False or outcome is False else UNKNOWN
        else:
            outcome = bool(outcome) and bool(one)
        left = right
    return constant(outcome)


def _compared(op: ast.cmpop, left: Value, right: Value) -> object:
    if left.labels or right.labels or left.const is UNKNOWN:
        return UNKNOWN
    if right.items is not None and right.items.rest is None and isinstance(op, ast.In | ast.NotIn):
        if right.items.kind == "dict":
            held: list[object] = [key for key, _ in right.items.known]
        else:
            held = [item.const for item in right.items.values()]
        if UNKNOWN in held:
            return UNKNOWN
        return constants.compared(type(op), left.const, held)
    return constants.compared(type(op), left.const, right.const)


def _boolean(run: Run, frame: Frame, node: ast.BoolOp) -> Value:
    """Return what `and` and `or` give: what cannot be reached is not gone through, what is checked first counts."""
    stops = isinstance(node.op, ast.Or)
    found: list[Value] = []
    before = frame.fork()
    for operand in node.values:
        value = run.evaluate(frame, operand)
        decided = truth(value)
        if decided is stops:
            found.append(value)
            break
        if decided is None or operand is node.values[-1]:
            found.append(value)
        if operand is not node.values[-1] and decided is None:
            refine(run, frame, operand, not stops)
    after, frame.names = frame.names, before
    _keep_new(frame, after)
    return join_all(found)


def _keep_new(frame: Frame, after: dict[str, Value] | None) -> None:
    """Keep names that only an inner expression bound: `(m := …) and …`."""
    if frame.names is not None and after is not None:
        for name, value in after.items():
            frame.names.setdefault(name, value)


def _choice(run: Run, frame: Frame, node: ast.IfExp) -> Value:
    decided = truth(run.evaluate(frame, node.test))
    if decided is not None:
        return run.evaluate(frame, node.body if decided else node.orelse)
    before = frame.names
    found: list[Value] = []
    for holds, inner in ((True, node.body), (False, node.orelse)):
        frame.names = None if before is None else dict(before)
        refine(run, frame, node.test, holds)
        found.append(run.evaluate(frame, inner))
    frame.names = before
    return join_all(found)


def _list(run: Run, frame: Frame, node: ast.List | ast.Tuple | ast.Set) -> Value:
    kind = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}[type(node)]
    values: list[Value] = []
    exact = True
    for item in node.elts:
        if isinstance(item, ast.Starred):
            inner = run.evaluate(frame, item.value)
            if inner.items is not None and inner.items.rest is None and inner.items.kind in {"list", "tuple"}:
                values += inner.items.values()
            else:
                values.append(element(inner))
                exact = False
        else:
            values.append(run.evaluate(frame, item))
    return sequence(kind, values) if exact else Value(items=Items(kind, (), join_all(values)))


def _dict(run: Run, frame: Frame, node: ast.Dict) -> Value:
    pairs: list[tuple[object, Value]] = []
    rest: list[Value] = []
    labels: Labels = NO_LABELS
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = run.evaluate(frame, value_node)
        if key_node is None:
            if value.items is not None and value.items.kind == "dict":
                pairs += value.items.known
                rest += [value.items.rest] if value.items.rest is not None else []
            else:
                labels |= value.labels
            continue
        key = run.evaluate(frame, key_node)
        if key.const is UNKNOWN or key.labels or isinstance(key.const, list | dict | set):
            rest.append(value.with_labels(value.labels | key.labels))
        else:
            pairs.append((key.const, value))
    found = mapping(pairs, join_all(rest) if rest else None)
    return found.with_labels(labels) if labels else found


def _comprehension(run: Run, frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
    before = frame.fork()
    for generator in node.generators:
        source = run.evaluate(frame, generator.iter)
        assign(run, frame, generator.target, iterated(run, frame, source, generator.iter))
        for condition in generator.ifs:
            run.evaluate(frame, condition)
            refine(run, frame, condition, True)
    if isinstance(node, ast.DictComp):
        key, value = run.evaluate(frame, node.key), run.evaluate(frame, node.value)
        found = Value(items=Items("dict", (), value.with_labels(bounded(value.labels | key.labels))))
    else:
        value = run.evaluate(frame, node.elt)
        kind = "set" if isinstance(node, ast.SetComp) else "list"
        found = Value(items=Items(kind, (), value))
    frame.names = before
    return found


def _walrus(run: Run, frame: Frame, node: ast.NamedExpr) -> Value:
    value = run.evaluate(frame, node.value)
    assign(run, frame, node.target, value)
    frame.tests[node.target.id] = node.value
    return value


def _await(run: Run, frame: Frame, node: ast.Await) -> Value:
    return run.evaluate(frame, node.value)


def _yield(run: Run, frame: Frame, node: ast.Yield) -> Value:
    if node.value is not None:
        frame.yields.append(run.evaluate(frame, node.value))
    else:
        frame.yields.append(Value(None))
    return EMPTY


def _yield_from(run: Run, frame: Frame, node: ast.YieldFrom) -> Value:
    value = run.evaluate(frame, node.value)
    frame.yields.append(element(value))
    return EMPTY


def _lambda(run: Run, frame: Frame, node: ast.Lambda) -> Value:
    code = run.code(frame.module, node, "lambda")
    shape = Callable(code, frame)
    run.made_in.setdefault(id(code), shape)
    return Value(shapes=(shape,))


def _starred(run: Run, frame: Frame, node: ast.Starred) -> Value:
    return run.evaluate(frame, node.value)


def _format_spec(run: Run, frame: Frame, node: ast.FormattedValue) -> Value:
    return run.evaluate(frame, node.value)


def _name(run: Run, frame: Frame, node: ast.Name) -> Value:
    return look_up(run, frame, node)


_FORMS: dict[type, Function[..., Value]] = {
    ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Subscript: _subscript,
    ast.JoinedStr: _joined_text, ast.FormattedValue: _format_spec, ast.BinOp: binary, ast.UnaryOp: _unary,
    ast.Compare: _compare, ast.BoolOp: _boolean, ast.IfExp: _choice, ast.List: _list, ast.Tuple: _list, ast.Set: _list,
    ast.Dict: _dict, ast.ListComp: _comprehension, ast.SetComp: _comprehension, ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension, ast.NamedExpr: _walrus, ast.Await: _await, ast.Yield: _yield,
    ast.YieldFrom: _yield_from, ast.Lambda: _lambda, ast.Starred: _starred, ast.Call: evaluate_call,
}  # fmt: skip
