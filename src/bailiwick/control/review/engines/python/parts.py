"""Values as wholes: whether they count as true, what going through them gives, what is left of them."""

from dataclasses import replace

from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.labels import cleaned_labels, stepped_labels
from bailiwick.control.review.engines.python.values import (
    DEEPEST,
    EMPTY,
    Callable,
    ClassOf,
    InstanceOf,
    Items,
    ModuleOf,
    Value,
    constant,
    join_all,
    labelled,
)

_NAMED_TUPLES = frozenset({"typing.NamedTuple", "collections.namedtuple"})


def without_item(items: Items, key: object) -> Items:
    """Return what a container holds after an item was deleted, where its place is known."""
    if items.rest is not None or items.kind not in {"dict", "list"}:
        return items
    if items.kind == "dict":
        return replace(items, known=tuple(item for item in items.known if item[0] != key))
    held = [item for _, item in items.known]
    if isinstance(key, int) and -len(held) <= key < len(held):
        del held[key]
    return replace(items, known=tuple(enumerate(held)))


def fields_in_order(value: Value) -> Items | None:
    """Return the fields of a named tuple as what a tuple holds; None for all else."""
    for shape in value.shapes:
        if isinstance(shape, InstanceOf) and set(shape.definition.foreign()) & _NAMED_TUPLES:
            return Items("tuple", tuple(enumerate(item for _, item in value.fields)))
    return None


def element(value: Value) -> Value:
    """Return what going through a value gives."""
    fields = fields_in_order(value)
    if fields is not None:
        return join_all(fields.values())
    if value.items is None:
        if isinstance(value.const, str):
            return EMPTY
        return labelled(value.labels)
    if value.items.kind == "dict":
        inner = join_all(constant(key) for key, _ in value.items.known)
        return inner.with_labels(inner.labels | value.labels)
    inner = join_all(value.items.values())
    return inner.with_labels(inner.labels | value.labels) if value.labels else inner


def cleaned(value: Value, kinds: frozenset[str], depth: int = 0) -> Value:
    """Return a value that can no longer harm some kinds of sink."""
    if depth > DEEPEST:
        return value
    labels = cleaned_labels(value.labels, kinds)
    items = value.items
    if items is not None:
        known = tuple((key, cleaned(item, kinds, depth + 1)) for key, item in items.known)
        items = replace(items, known=known, rest=None if items.rest is None else cleaned(items.rest, kinds, depth + 1))
    return Value(value.const, labels, value.shapes, items, value.fields)


def stepped(value: Value, path: str, line: int, words: str) -> Value:
    """Return a value that has passed another place."""
    if not value.labels:
        return value
    return Value(value.const, stepped_labels(value.labels, path, line, words), value.shapes, value.items, value.fields)


def truth(value: Value) -> bool | None:
    """Return whether a value counts as true, or None when it can be either."""
    if value.labels:
        return None
    if value.const is not UNKNOWN:
        return bool(value.const)
    if value.items is not None and value.items.rest is None and value.items.kind in {"list", "tuple"}:
        return bool(value.items.known)
    if value.shapes and all(isinstance(shape, Callable | ClassOf | ModuleOf) for shape in value.shapes):
        return True
    return None
