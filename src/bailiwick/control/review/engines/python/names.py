"""Names and attributes: what they stand for, and what happens when something is put into them."""

import ast
import builtins
from dataclasses import replace

from bailiwick.control.review.engines.python.annotations import is_harmless
from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.frames import KNOWN_SOURCE, Frame
from bailiwick.control.review.engines.python.project import Module
from bailiwick.control.review.engines.python.run import Given, Run, source_label, written
from bailiwick.control.review.engines.python.values import (
    EMPTY,
    Callable,
    ClassOf,
    Definition,
    External,
    InstanceOf,
    Items,
    Label,
    Labels,
    ModuleOf,
    Partial,
    Value,
    bounded,
    constant,
    deep,
    element,
    external,
    join_all,
    joined,
    labelled,
    sequence,
)

_BUILTINS = frozenset(dir(builtins))
_LONGEST_PATH = 160
# Found on objects of any class.
_COMMON = {"__dict__", "__class__", "__name__", "__doc__", "__module__"}


def module_frame(run: Run, module: Module) -> Frame:
    """Return the frame of a module, gone through; one that is just being gone through is returned as it is."""
    frame = run.frames.get(module.name)
    if frame is None:
        frame = run.frames[module.name] = Frame(module)
        frame.names = {"__name__": Value("__main__"), "__file__": Value(shapes=(External("__file__"),))}
        run.execute(frame, module.tree.body)
    return frame


def look_up(run: Run, frame: Frame, node: ast.Name) -> Value:
    """Return what a name stands for."""
    name = node.id
    scope: Frame | None = frame
    while scope is not None:
        if scope.owner is None or scope is frame:
            found = scope.find(name)
            if found is not None and name not in scope.globals:
                return found
        scope = scope.parent
    found = of_module(run, frame.module, name)
    if found is not None:
        return found
    if name in _BUILTINS:
        return external(name)
    if name in frame.module.constants or name in frame.module.functions or name in frame.module.classes:
        return EMPTY
    return Value(labels=frozenset({source_label("unknown", name, frame, node)}), shapes=(External(f"?.{name}"),))


def of_module(run: Run, module: Module, name: str, depth: int = 0) -> Value | None:
    """Return what a name of a module stands for, or None when it has none."""
    frame = module_frame(run, module)
    found = frame.find(name)
    cell = run.recalled(module.name, name)
    if cell is not None:
        found = cell if found is None else joined(found, cell)
    if found is not None:
        return found
    inner = run.project.modules.get(f"{module.name}.{name}")
    if inner is not None:
        return Value(shapes=(ModuleOf(inner),))
    for star in module.stars:
        other = run.project.module(star, module)
        if other is not None and other is not module and depth < 8:  # noqa: PLR2004 - stars of stars end somewhere
            found = of_module(run, other, name, depth + 1)
            if found is not None:
                return found
    foreign = [star for star in module.stars if run.project.module(star, module) is None]
    return external(f"{foreign[0]}.{name}") if len(foreign) == 1 and name not in _BUILTINS else None


def imported(run: Run, module: Module, dotted: str) -> Value:
    """Return what an import of a dotted name gives."""
    place = run.project.split(dotted, module)
    if place is None:
        return external(dotted)
    target, rest = place
    if target is module and rest:
        return external(dotted)
    value = Value(shapes=(ModuleOf(target),))
    for part in rest.split(".") if rest else ():
        shape = value.shapes[0] if value.shapes else None
        found = of_module(run, shape.module, part) if isinstance(shape, ModuleOf) else None
        if found is None:
            return external(dotted)
        value = found
    return value


def attribute(run: Run, frame: Frame, value: Value, name: str, node: ast.expr) -> Value:
    """Return an attribute of a value."""
    if not value.shapes:
        field = value.field(name)
        return field if field is not None else labelled(value.labels)
    found = [_attribute_of(run, frame, value, shape, name, node) for shape in value.shapes]
    return found[0] if len(found) == 1 else join_all(found)


def _attribute_of(  # noqa: PLR0911 - one a shape
    run: Run, frame: Frame, value: Value, shape: object, name: str, node: ast.expr
) -> Value:
    match shape:
        case External(path=path):
            return of_external(run, frame, value, f"{path}.{name}", node)
        case ModuleOf(module=module):
            found = of_module(run, module, name)
            return found if found is not None else EMPTY
        case ClassOf(definition=definition):
            found = definition.find(name)
            if found is not None:
                cell = run.recalled(id(definition), name)
                found = found if cell is None else joined(found, cell)
                return _bound(found, Value(shapes=(shape,)), of_class=True)
            foreign = next(definition.foreign(), "")
            return of_external(run, frame, value, f"{foreign}.{name}", node) if foreign else EMPTY
        case InstanceOf():
            return _of_instance(run, frame, value, shape, name, node)
        case Callable() | Partial():
            return value.field(name) or EMPTY
    return labelled(value.labels)


def _of_instance(  # noqa: PLR0911 - one a place where it may be
    run: Run, frame: Frame, value: Value, shape: InstanceOf, name: str, node: ast.expr
) -> Value:
    definition = shape.definition
    own = value.field(name) if shape.above is None else None
    if own is not None:
        return own
    found = definition.find(name, above=shape.above)
    cell = run.recalled(id(definition), name)
    if cell is None:
        for above in definition.ancestry():
            cell = cell or run.recalled(id(above), name)
    if found is not None and any(isinstance(item, Callable) for item in found.shapes):
        if _is_property(found):
            return run.call(frame, node, _bound(found, value), Given())
        return _bound(found, replace_above(value))
    if cell is not None:
        return cell if found is None else joined(found, cell)
    annotated = definition.annotation(name)
    if annotated is not None and value.labels:
        return EMPTY if is_harmless(run, annotated[0].module, annotated[1]) else labelled(value.labels)
    if found is not None:
        return found
    foreign = _foreign_with(run, definition, name)
    if foreign:
        return of_external(run, frame, value, f"{foreign}().{name}", node)
    getter = definition.find("__getattr__")
    if getter is not None:
        return run.call(frame, node, _bound(getter, value), Given((constant(name),)))
    if name in _COMMON:
        return labelled(deep(value))
    return labelled(value.labels)


def _foreign_with(run: Run, definition: Definition, name: str) -> str:
    """Return the class from elsewhere above a class that is known to have a name; if none is, the first."""
    above = list(definition.foreign())
    for base in above:
        path = f"{base}().{name}"
        if run.known.aliases.find(path) or run.known.sources.find(path) or run.known.sources.find(f"{path}()"):
            return base
    return above[0] if above else ""


def replace_above(value: Value) -> Value:
    """Return an object as itself, where `super()` gave it."""
    shapes = tuple(replace(shape, above=None) if isinstance(shape, InstanceOf) else shape for shape in value.shapes)
    return value if shapes == value.shapes else Value(value.const, value.labels, shapes, value.items, value.fields)


def _is_property(value: Value) -> bool:
    return any(isinstance(shape, Callable) and decorated(shape, "property") for shape in value.shapes)


def decorated(shape: Callable, word: str) -> bool:
    """Return whether a function has a decorator whose name ends in a word."""
    for decorator in getattr(shape.code.node, "decorator_list", ()):
        name = decorator.func if isinstance(decorator, ast.Call) else decorator
        last = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
        if last.endswith(word):
            return True
    return False


def _bound(value: Value, receiver: Value, *, of_class: bool = False) -> Value:
    shapes: list[object] = []
    for shape in value.shapes:
        if isinstance(shape, Callable) and shape.bound is None and shape.code.owner is not None:
            if decorated(shape, "classmethod"):
                classes = tuple(
                    ClassOf(item.definition) for item in receiver.shapes if isinstance(item, InstanceOf | ClassOf)
                )
                shapes.append(replace(shape, bound=Value(shapes=classes)))
                continue
            if not of_class and not decorated(shape, "staticmethod"):
                shapes.append(replace(shape, bound=receiver))
                continue
        shapes.append(shape)
    return Value(value.const, value.labels, tuple(shapes), value.items, value.fields)  # type: ignore[arg-type]


def of_external(run: Run, frame: Frame, value: Value, path: str, node: ast.expr) -> Value:
    """Return what is at a path that is not the app's; a source there gives its label."""
    if len(path) > _LONGEST_PATH:
        return labelled(value.labels)
    path = next(iter(run.known.aliases.find(path)), path)
    cell = run.recalled("external", path)
    labels = value.labels
    sources = run.known.sources.find(path)
    if sources:
        words = written(node)
        labels = frozenset(source_label(source.kind, words, frame, node, source.clean) for source in sources)
        labels = _as_checked(frame, labels)
    found = Value(labels=labels, shapes=(External(path),))
    return found if cell is None else joined(found, cell)


def item_of(run: Run, frame: Frame, value: Value, key: Value, node: ast.expr) -> Value:
    """Return an item of a value."""
    if value.items is not None:
        return _item_of_container(value, value.items, key)
    if value.const is not UNKNOWN and not value.labels:
        return EMPTY
    for shape in value.shapes:
        if isinstance(shape, External):
            return _item_of_external(run, frame, value, shape.path, key, node)
        if isinstance(shape, InstanceOf):
            getter = shape.definition.find("__getitem__")
            if getter is not None:
                return run.call(frame, node, _bound(getter, value), Given((key,)))
        if isinstance(shape, ClassOf):
            return value
    return labelled(value.labels)


def _item_of_container(value: Value, items: Items, key: Value) -> Value:
    if key.const is UNKNOWN or key.labels:
        found = join_all(items.values())
    elif items.kind in {"list", "tuple"}:
        position = key.const
        if items.rest is not None or not isinstance(position, int):
            found = join_all(items.values())
        else:
            known = [item for _, item in items.known]
            found = known[position] if -len(known) <= position < len(known) else EMPTY
    else:
        found = items.get(key.const) or EMPTY
    return found.with_labels(bounded(found.labels | value.labels)) if value.labels else found


def _item_of_external(run: Run, frame: Frame, value: Value, path: str, key: Value, node: ast.expr) -> Value:
    if run.known.sources.find(path):
        return narrowed(frame, value, path, node)
    if path == "globals()":
        # In the table of all names the key is all that matters.
        value = value.with_labels(key.labels)
    return of_external(run, frame, value, f"{path}[]", node)


def _as_checked(frame: Frame, labels: Labels) -> Labels:
    """Return the labels of a source as a check left them that this way has passed."""
    found: set[Label] = set()
    for label in labels:
        known = frame.find(f"{KNOWN_SOURCE}{label.words}")
        if known is None:
            found.add(label)
        else:
            found |= {replace(label, clean=label.clean | item.clean) for item in known.labels}
    return frozenset(found)


def narrowed(frame: Frame, value: Value, path: str, node: ast.expr) -> Value:
    """Return a part of a source under its own name: `request.args['name']` rather than `request.args`."""
    inner = node.func if isinstance(node, ast.Call) else node
    whole = written(inner.value) if isinstance(inner, ast.Attribute | ast.Subscript) else ""
    labels = frozenset(replace(label, words=written(node)) if label.words == whole else label for label in value.labels)
    labels = _as_checked(frame, labels)
    # What is uploaded has names and contents of its own; all else is text.
    return Value(labels=labels, shapes=(External(f"{path}[]"),) if ".files" in path.lower() else ())


def assign(run: Run, frame: Frame, target: ast.expr, value: Value) -> None:
    """Put a value into a name, an attribute, an item, or several of these."""
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
                state[name] = joined(state[name], value)
                return
        scope = scope.parent
    if frame.code is not None:
        run.remember(frame.module.name, name, value)


def change(run: Run, frame: Frame, node: ast.expr, value: Value) -> None:
    """Write back what a thing became that an expression names: the thing itself was changed, not the name."""
    if isinstance(node, ast.Name):
        if frame.names is None:
            return
        if node.id in frame.names or frame.code is None:
            frame.names[node.id] = value
        else:
            _change_outer(run, frame, node.id, value)
    elif isinstance(node, ast.Attribute):
        put_attribute(run, frame, node.value, node.attr, value)
    elif isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        put_item(run, frame, node.value, run.evaluate(frame, node.slice), value)
    elif isinstance(node, ast.Await | ast.NamedExpr | ast.Starred):
        change(run, frame, node.value, value)


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
                run.call(frame, inner, _bound(setter, owner), Given((key, value)))
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
    items = value.items
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
