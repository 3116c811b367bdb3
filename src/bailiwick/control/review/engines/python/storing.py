"""What happens when something is put into a name, an attribute or an item, or when what they hold is changed."""

import ast
from dataclasses import replace

from bailiwick.control.review.engines.python.aliases import ANY
from bailiwick.control.review.engines.python.attributes import bound_to
from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.labels import bounded
from bailiwick.control.review.engines.python.parts import element, fields_in_order
from bailiwick.control.review.engines.python.run import Given, Run
from bailiwick.control.review.engines.python.values import (
    EMPTY,
    ClassOf,
    External,
    InstanceOf,
    Items,
    ModuleOf,
    Value,
    deep,
    join_all,
    joined,
    sequence,
)

# Methods that give what lies under a key, so that what is changed is changed there.
_FINDING = frozenset({"setdefault", "get"})


def assign(run: Run, frame: Frame, target: ast.expr, value: Value) -> None:
    """Put a value into a name, an attribute, an item, or several of these."""
    frame.aliases.part(target)
    match target:
        case ast.Name(id=name):
            _assign_name(run, frame, name, value)
        case ast.Attribute(value=inner, attr=name):
            put_attribute(run, frame, inner, name, value)
        case ast.Subscript(value=inner, slice=key):
            put_item(run, frame, inner, run.evaluate(frame, key), value)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            _unpack(run, frame, targets, value)
        case ast.Starred(value=inner):
            assign(run, frame, inner, value)


def _assign_name(run: Run, frame: Frame, name: str, value: Value) -> None:
    if name in frame.globals:
        run.remember(frame.module.name, name, value)
        return
    if name in frame.nonlocals and frame.parent is not None:
        _change_outer(run, frame, name, value)
        return
    if frame.names is not None:
        frame.names[name] = value
        frame.rebound.add(name)


def _change_outer(run: Run, frame: Frame, name: str, value: Value) -> None:
    """Change a name that an outer scope has; what it was stays possible."""
    scope = frame.parent
    while scope is not None:
        for state in (scope.names, scope.last):
            if state is not None and name in state:
                state[name] = value if _only_longer(state[name], value) else joined(state[name], value)
                if scope.code is not None:
                    run.note_outer_change(scope)
                return
        scope = scope.parent
    if frame.code is not None:
        run.remember(frame.module.name, name, value)


def _only_longer(before: Value, after: Value) -> bool:
    """Return whether a list is what it was, with more at its end."""
    first, second = before.items, after.items
    if first is None or second is None or first.kind != "list" or second.kind != "list" or before.labels:
        return False
    return first.rest is second.rest is None and second.known[: len(first.known)] == first.known


def change(run: Run, frame: Frame, node: ast.expr, value: Value) -> None:
    """Write back what a thing became that an expression names: the thing itself was changed, not the name."""
    for place in (node, *frame.aliases.others(node)):
        _change_at(run, frame, place, value)


def _change_at(run: Run, frame: Frame, node: ast.expr, value: Value) -> None:
    if isinstance(node, ast.Name):
        if frame.names is None:
            return
        if node.id in frame.names or frame.code is None:
            frame.names[node.id] = value
        else:
            _change_outer(run, frame, node.id, value)
    elif isinstance(node, ast.Attribute):
        put_attribute(run, frame, node.value, node.attr, value)
    elif isinstance(node, ast.Subscript) and (node.slice is ANY or not isinstance(node.slice, ast.Slice)):
        put_item(run, frame, node.value, run.evaluate(frame, node.slice), value)
    elif isinstance(node, ast.Await | ast.NamedExpr | ast.Starred):
        change(run, frame, node.value, value)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        _change_found(run, frame, node.func, node.args[0], value)


def _change_found(run: Run, frame: Frame, method: ast.Attribute, key: ast.expr, value: Value) -> None:
    if method.attr in _FINDING:
        put_item(run, frame, method.value, run.evaluate(frame, key), value)


def put_attribute(run: Run, frame: Frame, inner: ast.expr, name: str, value: Value) -> None:
    """Set an attribute of what an expression names."""
    owner = run.evaluate(frame, inner)
    for shape in owner.shapes:
        match shape:
            case InstanceOf(definition=definition) | ClassOf(definition=definition):
                run.remember(id(definition), name, value)
            case ModuleOf(module=module):
                run.remember(module.name, name, value)
            case External(path=path):
                run.remember("external", f"{path}.{name}", value)
    if not owner.shapes or any(isinstance(shape, InstanceOf) for shape in owner.shapes):
        change(run, frame, inner, owner.with_field(name, value))


def put_item(run: Run, frame: Frame, inner: ast.expr, key: Value, value: Value) -> None:
    """Set an item of what an expression names."""
    owner = run.evaluate(frame, inner)
    if owner.items is not None:
        change(run, frame, inner, owner.with_items(with_item(owner.items, key, value)))
        return
    for shape in owner.shapes:
        if isinstance(shape, InstanceOf):
            setter = shape.definition.find("__setitem__")
            if setter is not None:
                # Written as a call on it, so that what the method does to the object is written back.
                call = ast.copy_location(ast.Call(ast.Attribute(inner, "__setitem__"), [], []), inner)
                run.call(frame, call, bound_to(setter, owner), Given((key, value)))
                return
        if isinstance(shape, External):
            return
    labels = deep(value)
    if labels - owner.labels:
        change(run, frame, inner, owner.with_labels(bounded(owner.labels | labels)))


def with_item(items: Items, key: Value, value: Value) -> Items:
    """Return what a container holds after an item was set."""
    position = key.const
    if key.labels or position is UNKNOWN:
        if items.kind == "dict":
            return replace(items, rest=value if items.rest is None else joined(items.rest, value))
        return Items(items.kind, (), join_all([*items.values(), value]))
    if items.kind in {"list", "tuple"}:
        if items.rest is not None or not isinstance(position, int):
            return Items(items.kind, (), join_all([*items.values(), value]))
        known = [item for _, item in items.known]
        if -len(known) <= position < len(known):
            known[position] = value
        return Items(items.kind, tuple(enumerate(known)))
    known_items = tuple((name, value if name == position else item) for name, item in items.known)
    if all(name != position for name, _ in items.known):
        known_items = (*items.known, (position, value))
    return replace(items, known=known_items)


def _unpack(run: Run, frame: Frame, targets: list[ast.expr], value: Value) -> None:
    items = value.items or fields_in_order(value)
    exact = items is not None and items.rest is None and items.kind in {"list", "tuple"}
    known = [item for _, item in items.known] if items is not None and exact else []
    starred = next((index for index, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
    for index, target in enumerate(targets):
        if not exact:
            part = element(value)
            part = Value(items=Items("list", (), part)) if isinstance(target, ast.Starred) else part
        elif starred is None or index < starred:
            part = known[index] if index < len(known) else EMPTY
        elif index == starred:
            part = sequence("list", known[index : len(known) - (len(targets) - index - 1)])
        else:
            back = len(targets) - index
            part = known[-back] if back <= len(known) else EMPTY
        if value.labels:
            part = part.with_labels(bounded(part.labels | value.labels))
        assign(run, frame, target, part)
