"""What the data flow knows of a value: its constant, where it comes from, what kind of thing it is, and what it holds.

Values never change: whoever changes a thing gets a new value for it. So a branch costs no more than the table of its
names, and a call is worth the same whenever its arguments are.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.labels import NO_LABELS, Labels, bounded
from bailiwick.control.review.engines.python.parsing import Function
from bailiwick.control.review.engines.python.project import Module

if TYPE_CHECKING:
    from bailiwick.control.review.engines.python.frames import Frame

_MOST_SHAPES = 6
_MOST_ITEMS = 64
_MOST_CHOICES = 6
DEEPEST = 5


@dataclass(frozen=True, slots=True)
class External:
    """Something that is not the app's, by the path that leads to it: `flask.request.args.get()`."""

    path: str


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """A function of the app as it is written; one for each definition."""

    name: str
    module: Module
    node: Function | ast.Lambda
    owner: "Definition | None" = None


@dataclass(frozen=True, slots=True)
class Callable:
    """A function of the app as a value: its code, the frame that it was made in, and what it is bound to."""

    code: Code
    frame: "Frame | None" = None
    bound: "Value | None" = None


@dataclass(slots=True, eq=False)
class Definition:
    """A class of the app. `attributes` are what its body leaves behind, `bases` the values that it is made of."""

    name: str
    module: Module
    node: ast.ClassDef
    bases: "tuple[Value, ...]" = ()
    attributes: "dict[str, Value]" = field(default_factory=dict)
    above: "tuple[Definition, ...]" = field(default=(), repr=False)

    def ancestry(self) -> "tuple[Definition, ...]":
        """Return the class and the app's classes above it, nearest first."""
        if not self.above:
            found: list[Definition] = []
            waiting = [self]
            while waiting:
                current = waiting.pop(0)
                if any(current is one for one in found):
                    continue
                found.append(current)
                for base in current.bases:
                    waiting += [shape.definition for shape in base.shapes if isinstance(shape, ClassOf)]
            self.above = tuple(found)
        return self.above

    def foreign(self) -> Iterator[str]:
        """Yield the paths of the classes above it that are not the app's."""
        for cls in self.ancestry():
            for base in cls.bases:
                yield from (shape.path for shape in base.shapes if isinstance(shape, External))

    def find(self, name: str, *, above: "Definition | None" = None) -> "Value | None":
        """Return a class attribute, of this class or one above; with `above` only of those after that one."""
        skipping = above is not None
        for cls in self.ancestry():
            if skipping:
                skipping = cls is not above
            elif name in cls.attributes:
                return cls.attributes[name]
        return None

    def annotation(self, name: str) -> "tuple[Definition, ast.expr] | None":
        """Return how the class annotates a field."""
        for cls in self.ancestry():
            for statement in cls.node.body:
                target = statement.target if isinstance(statement, ast.AnnAssign) else None
                if isinstance(statement, ast.AnnAssign) and isinstance(target, ast.Name) and target.id == name:
                    return cls, statement.annotation
        return None


@dataclass(frozen=True, slots=True)
class ClassOf:
    """A class of the app as a value."""

    definition: Definition


@dataclass(frozen=True, slots=True)
class InstanceOf:
    """An object of a class of the app; `above` is set for what `super()` gives in that class."""

    definition: Definition
    above: Definition | None = None


@dataclass(frozen=True, slots=True)
class ModuleOf:
    """A module of the app as a value."""

    module: Module


@dataclass(frozen=True, slots=True)
class Partial:
    """A call that waits for the rest of its arguments."""

    callee: "Value"
    given: "tuple[Value, ...]"
    named: "tuple[tuple[str, Value], ...]"


Shape = External | Callable | ClassOf | InstanceOf | ModuleOf | Partial


@dataclass(frozen=True, slots=True)
class Items:
    """What a container holds: `known` by constant key (or position, for sequences), `rest` under any other key.

    A sequence with a `rest` has no known length.
    """

    kind: str
    known: "tuple[tuple[Any, Value], ...]" = ()
    rest: "Value | None" = None

    def get(self, key: object) -> "Value | None":
        """Return what is under a constant key, or None when nothing can be."""
        for known, value in self.known:
            if type(known) is type(key) and known == key:
                return value if self.rest is None else joined(value, self.rest)
        return self.rest

    def values(self) -> "Iterator[Value]":
        """Yield everything that is held."""
        yield from (value for _, value in self.known)
        if self.rest is not None:
            yield self.rest


class Value:
    """A value as the data flow sees it: see the module's first lines."""

    __slots__ = ("_hash", "const", "either", "fields", "inside", "items", "labels", "shapes")

    def __init__(
        self,
        const: object = UNKNOWN,
        labels: Labels = NO_LABELS,
        shapes: tuple[Shape, ...] = (),
        items: Items | None = None,
        fields: "tuple[tuple[str, Value], ...]" = (),
        either: frozenset[object] = frozenset(),
    ) -> None:
        self.either = either
        # What `deep` found, once it was asked.
        self.inside: Labels | None = None
        self.const = const
        self.labels = labels
        self.shapes = shapes
        self.items = items
        self.fields = fields
        self._hash = hash((type(const), const if _hashable(const) else 0, labels, shapes, items, fields, either))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Value) or self._hash != other._hash:
            return False
        return (
            type(self.const) is type(other.const)
            and self.const == other.const
            and self.labels == other.labels
            and self.shapes == other.shapes
            and self.items == other.items
            and self.fields == other.fields
            and self.either == other.either
        )

    def __repr__(self) -> str:
        words = sorted(label.words for label in self.labels)
        return f"Value({self.const!r}, {words}, {self.shapes}, {self.items}, {self.fields})"

    def choices(self) -> frozenset[object]:
        """Return the constants that the value is one of, as far as they are few and known; else nothing."""
        return self.either if self.const is UNKNOWN else frozenset({self.const})

    def field(self, name: str) -> "Value | None":
        """Return a field of an object, or None when nobody set it."""
        return next((value for known, value in self.fields if known == name), None)

    def with_labels(self, labels: Labels) -> "Value":
        """Return the value with other labels; one that comes from somewhere is not constant."""
        if labels is self.labels:
            return self
        const = UNKNOWN if labels and not self.labels else self.const
        return Value(const, labels, self.shapes, self.items, self.fields)

    def with_items(self, items: Items) -> "Value":
        """Return the container with other contents."""
        return Value(UNKNOWN, self.labels, self.shapes, items, self.fields)

    def with_field(self, name: str, value: "Value") -> "Value":
        """Return the object with a field set."""
        others = tuple(item for item in self.fields if item[0] != name)
        if len(others) >= _MOST_ITEMS:
            return self.with_labels(self.labels | value.labels)
        return Value(self.const, self.labels, self.shapes, self.items, (*others, (name, value)))


def _hashable(const: object) -> bool:
    try:
        hash(const)
    except TypeError:
        return False
    return True


EMPTY: Final = Value()
NONE: Final = Value(None)


def constant(value: object) -> Value:
    """Return the value of a constant, or one that is unknown but harmless for `UNKNOWN`."""
    if isinstance(value, list | tuple | set | frozenset | dict):
        return _constant_items(value)
    return EMPTY if value is UNKNOWN else Value(value)


def _constant_items(value: Any) -> Value:
    if isinstance(value, dict):
        return mapping([(key, constant(item)) for key, item in value.items()])
    kind = "list" if isinstance(value, list) else "tuple" if isinstance(value, tuple) else "set"
    return sequence(kind, [constant(item) for item in value])


def sequence(kind: str, values: list[Value]) -> Value:
    """Return a list, tuple or set of known length."""
    if len(values) > _MOST_ITEMS:
        return Value(items=Items(kind, (), join_all(values)))
    return Value(items=Items(kind, tuple(enumerate(values))))


def mapping(pairs: Iterable[tuple[Any, Value]], rest: Value | None = None) -> Value:
    """Return a dict with known keys; later ones win."""
    known = dict(pairs)
    if len(known) > _MOST_ITEMS:
        return Value(items=Items("dict", (), join_all([*known.values(), *([rest] if rest else [])])))
    return Value(items=Items("dict", tuple(known.items()), rest))


def labelled(labels: Labels) -> Value:
    """Return an unknown value that comes from somewhere."""
    return Value(labels=labels) if labels else EMPTY


def external(path: str, labels: Labels = NO_LABELS) -> Value:
    """Return something that is not the app's."""
    return Value(labels=labels, shapes=(External(path),))


def joined(left: Value, right: Value, depth: int = 0) -> Value:
    """Return what a value is that may be either."""
    if left is right or left == right:
        return left
    if depth > DEEPEST:
        return labelled(bounded(deep(left) | deep(right)))
    return _joined(left, right, depth)


# The same ways come together again and again: in loops, and each time that a function is gone through.
@lru_cache(maxsize=20_000)
def _joined(left: Value, right: Value, depth: int) -> Value:
    const = left.const if type(left.const) is type(right.const) and left.const == right.const else UNKNOWN
    shapes = left.shapes
    if right.shapes and right.shapes != shapes:
        shapes = tuple(dict.fromkeys((*shapes, *right.shapes)))[:_MOST_SHAPES]
    items = left.items if right.items is None else _joined_items(left.items, right.items, depth)
    either = frozenset[object]()
    if const is UNKNOWN and _is_choice(left) and _is_choice(right):
        either = left.choices() | right.choices()
    fields = _joined_fields(left, right, depth)
    return Value(const, bounded(left.labels | right.labels), shapes, items, fields, either)


def forget_joined() -> None:
    """Let go of what is kept of values that came together, with the app that they are of."""
    _joined.cache_clear()


def _is_choice(value: Value) -> bool:
    if value.labels or len(value.either) >= _MOST_CHOICES:
        return False
    return bool(value.either) or (value.const is not UNKNOWN and _hashable(value.const))


def _joined_items(left: Items | None, right: Items, depth: int) -> Items:
    if left is None or left == right:
        return right
    if left.kind == right.kind == "dict":
        mine, others = _by_key(left), _by_key(right)
        known = []
        for kind, key in [*mine, *(each for each in others if each not in mine)]:
            found = [value for value in (mine.get((kind, key)), others.get((kind, key))) if value is not None]
            found += [items.rest for items in (left, right) if items.rest is not None]
            known.append((key, join_all(found, depth + 1)))
        rest = [value for value in (left.rest, right.rest) if value is not None]
        return Items("dict", tuple(known[:_MOST_ITEMS]), join_all(rest) if rest else None)
    if left.kind == right.kind and left.rest is right.rest is None and len(left.known) == len(right.known):
        pairs = zip(left.known, right.known, strict=True)
        return Items(left.kind, tuple((a[0], joined(a[1], b[1], depth + 1)) for a, b in pairs))
    return Items(left.kind, (), join_all([*left.values(), *right.values()], depth + 1))


def _by_key(items: Items) -> dict[tuple[type, Any], Value]:
    return {(type(key), key): value for key, value in items.known}


def _joined_fields(left: Value, right: Value, depth: int) -> tuple[tuple[str, Value], ...]:
    if not right.fields or left.fields == right.fields:
        return left.fields
    fields = dict(left.fields)
    for name, value in right.fields:
        fields[name] = joined(fields[name], value, depth + 1) if name in fields else value
    return tuple(fields.items())


def join_all(values: Iterable[Value], depth: int = 0) -> Value:
    """Return what a value is that may be any of several; harmless when there are none."""
    result: Value | None = None
    for value in values:
        result = value if result is None else joined(result, value, depth)
    return EMPTY if result is None else result


def deep(value: Value) -> Labels:
    """Return the labels of a value and of all that it holds."""
    if value.items is None and not value.fields:
        return value.labels
    if value.inside is None:
        held = [] if value.items is None else [deep(item) for item in value.items.values()]
        held += [deep(item) for _, item in value.fields]
        value.inside = value.labels.union(*held)
    return value.inside
