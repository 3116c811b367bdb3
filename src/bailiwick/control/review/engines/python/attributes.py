"""Attributes and items: what they stand for."""

import ast
from dataclasses import replace

from bailiwick.control.review.engines.python.annotations import LISTS, is_harmless, unwrapped
from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.frames import KNOWN_SOURCE, Frame
from bailiwick.control.review.engines.python.labels import Label, Labels, bounded
from bailiwick.control.review.engines.python.names import of_module
from bailiwick.control.review.engines.python.parts import element, fields_in_order
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
    ModuleOf,
    Partial,
    Value,
    constant,
    deep,
    join_all,
    joined,
    labelled,
)

_LONGEST_PATH = 160
_ITERATING = ("__iter__", "__aiter__")
# Found on objects of any class.
_COMMON = {"__dict__", "__class__", "__name__", "__doc__", "__module__"}


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
                return bound_to(found, Value(shapes=(shape,)), of_class=True)
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
        cells = (run.recalled(id(above), name) for above in definition.ancestry())
        cell = next((found for found in cells if found is not None), None)
    if found is not None and any(isinstance(item, Callable) for item in found.shapes):
        if _is_property(found):
            return run.call(frame, node, bound_to(found, value), Given())
        return bound_to(found, replace_above(value))
    if cell is not None:
        return cell if found is None else joined(found, cell)
    annotated = definition.annotation(name)
    if annotated is not None and value.labels:
        return _of_annotation(run, annotated[0].module, annotated[1], value.labels)
    if found is not None:
        return found
    foreign = _foreign_with(run, definition, name)
    if foreign:
        return of_external(run, frame, value, f"{foreign}().{name}", node)
    getter = definition.find("__getattr__")
    if getter is not None:
        return run.call(frame, node, bound_to(getter, value), Given((constant(name),)))
    if name in _COMMON:
        return labelled(deep(value))
    return labelled(value.labels)


def _of_annotation(run: Run, module: Module, node: ast.expr, labels: Labels) -> Value:
    """Return a field of an object from outside, by its annotation: harmless, an object, or several of these."""
    if is_harmless(run, module, node):
        return EMPTY
    kind, _ = unwrapped(run, module, node)
    if isinstance(kind, ast.Subscript) and run.project.name_of(module, kind.value) in LISTS:
        part = kind.slice.elts[0] if isinstance(kind.slice, ast.Tuple) and kind.slice.elts else kind.slice
        return Value(items=Items("list", (), _of_annotation(run, module, part, labels)))
    if isinstance(kind, ast.Name | ast.Attribute):
        cls = run.project.find_class(run.project.name_of(module, kind), module)
        found = of_module(run, cls.module, cls.name) if cls is not None else None
        shapes = tuple(InstanceOf(shape.definition) for shape in (found or EMPTY).shapes if isinstance(shape, ClassOf))
        return Value(labels=labels, shapes=shapes)
    return labelled(labels)


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


def bound_to(value: Value, receiver: Value, *, of_class: bool = False) -> Value:
    """Return methods as they are of an object: what they are called on is given to them."""
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
    items = value.items or fields_in_order(value)
    if items is not None:
        return _item_of_container(value, items, key)
    if value.const is not UNKNOWN and not value.labels:
        return EMPTY
    for shape in value.shapes:
        if isinstance(shape, External):
            return _item_of_external(run, frame, value, shape.path, key, node)
        if isinstance(shape, InstanceOf):
            getter = shape.definition.find("__getitem__")
            if getter is not None:
                return run.call(frame, node, bound_to(getter, value), Given((key,)))
        if isinstance(shape, ClassOf):
            return value
    return labelled(value.labels)


def iterated(run: Run, frame: Frame, value: Value, node: ast.expr) -> Value:
    """Return what going through a value gives; an object of the app's is asked."""
    for shape in value.shapes:
        if isinstance(shape, InstanceOf) and value.items is None:
            for name in _ITERATING:
                method = shape.definition.find(name)
                if method is not None and method.shapes:
                    return element(run.call(frame, node, bound_to(method, value), Given()))
    return element(value)


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
