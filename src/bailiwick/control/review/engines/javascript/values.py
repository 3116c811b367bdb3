"""What is known of a value without running anything: where its text comes from, what it begins with, what it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.model import Step

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.scopes import Scope

ALL: Final = "*"
# Stands in what a value begins with for text that is not known, but does not come from outside.
ANYTHING: Final = "\ue000"
_BY_ENCODING = frozenset(
    {"cross-site-scripting", "open-redirect", "server-side-request-forgery", "header-injection", "log-injection",
     "email-injection", "template-injection", "path-traversal"}
)  # fmt: skip
_MOST_THINGS = 4
_MOST_CLOSURES = 8
_MOST_STEPS = 12
_MOST_TAINTS = 24
_LONGEST_PREFIX = 200
_LONGEST_KEY = 80
_DEEPEST_THING = 4
_MOST_SHAPED = 80
_MOST_LOOKED_INTO = 200


class _Unknown:
    def __repr__(self) -> str:
        return "?"


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True, slots=True)
class Taint:
    """That a value has text from outside. `key` says which text (two reads of `req.query.x` have the same).

    `kind` says who may have written it: request, browser, model. `safe` are the rules that it can no longer break.
    `part` is set where only a part of the text is left, so that a check of it says nothing of the whole.
    """

    key: str
    kind: str
    safe: frozenset[str] = frozenset()
    part: str = ""
    steps: tuple[Step, ...] = field(default=(), compare=False)


@dataclass(slots=True, eq=False)
class Thing:
    """An object, array or instance on the heap: fields by name, and what all other fields may be."""

    kind: str = "object"
    fields: dict[str, "Value"] = field(default_factory=dict)
    rest: "Value | None" = None
    parent: "Value | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function of the app with the scope that it was made in; `this` when it was taken from an object."""

    node: Node
    scope: "Scope"
    path: str
    this: "Value | None" = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """Everything known of a value. The empty one is anything at all that does not come from outside."""

    taints: frozenset[Taint] = frozenset()
    symbol: str = ""
    const: Any = UNKNOWN
    things: tuple[Thing, ...] = ()
    closures: tuple[Closure, ...] = ()
    type: str = ""
    prefix: str = ""
    built: bool = False

    @property
    def known(self) -> bool:
        """Whether it is a constant."""
        return self.const is not UNKNOWN

    def text(self) -> str | None:
        """Return the constant text that it is, or None."""
        return self.const if isinstance(self.const, str) else None


NOTHING: Final = Value()
NUMBER: Final = Value(type="number")
BOOLEAN: Final = Value(type="boolean")


def constant(value: Any) -> Value:
    """Return a constant: text, number, boolean, or None for null and undefined."""
    kinds = {str: "string", bool: "boolean", int: "number", float: "number"}
    return Value(
        const=value, type=kinds.get(type(value), ""), prefix=value[:_LONGEST_PREFIX] if isinstance(value, str) else ""
    )


def joined(values: Iterable[Value]) -> Value:
    """Return what a value is that may be any of these."""
    result: Value | None = None
    for value in values:
        result = value if result is None or result == value else _join(result, value)
    return NOTHING if result is None else result


def _join(one: Value, other: Value) -> Value:
    both_text = one.prefix and other.prefix
    same_const = one.known and other.known and type(one.const) is type(other.const) and one.const == other.const
    return Value(
        taints=join_taints(one.taints, other.taints),
        symbol=_surer(one.symbol, other.symbol),
        const=one.const if same_const else UNKNOWN,
        things=_unique(one.things, other.things)[:_MOST_THINGS],
        closures=_unique(one.closures, other.closures)[:_MOST_CLOSURES],
        type=one.type if one.type == other.type else "",
        prefix=_joined_prefix(one, other) if both_text else "",
        built=one.built or other.built,
    )


def _surer(one: str, other: str) -> str:
    """Return the name of what was made here before that of a global, of which nothing is known."""
    return other if "()" in other and "()" not in one else one or other


def _joined_prefix(one: Value, other: Value) -> str:
    # Of two beginnings that one matters which has text from outside behind it.
    if not one.taints:
        return other.prefix if other.taints else ANYTHING
    if not other.taints:
        return one.prefix
    length = 0
    while length < min(len(one.prefix), len(other.prefix)) and one.prefix[length] == other.prefix[length]:
        length += 1
    return one.prefix[:length]


def _unique(one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
    return one if one == other or not other else tuple(dict.fromkeys((*one, *other)))


def join_taints(one: frozenset[Taint], other: frozenset[Taint]) -> frozenset[Taint]:
    """Return both; the same text is safe only from what it is safe from either way."""
    if not other or one == other:
        return one
    if not one:
        return other
    merged: dict[tuple[str, str, str], Taint] = {}
    for taint in sorted((*one, *other), key=lambda item: (item.key, item.part, len(item.steps))):
        name = (taint.key, taint.kind, taint.part)
        before = merged.get(name)
        merged[name] = taint if before is None else replace(before, safe=before.safe & taint.safe)
    return frozenset(list(merged.values())[:_MOST_TAINTS])


def safe_from(value: Value, rules: Iterable[str]) -> Value:
    """Return the value when it can no longer break some rules."""
    more = frozenset(rules)
    if ALL in more:
        return replace(value, taints=frozenset())
    return replace(value, taints=frozenset(replace(taint, safe=taint.safe | more) for taint in value.taints))


def encoded_no_more(value: Value) -> Value:
    """Return text that is decoded: what was safe because it was encoded is so no longer."""
    taints = frozenset(replace(taint, safe=taint.safe - _BY_ENCODING) for taint in value.taints)
    return replace(value, taints=taints, prefix="")


def part_of(value: Value, part: str) -> Value:
    """Return a part of a value: text from outside is still in it, a check of it says less."""
    taints = frozenset(replace(taint, part=taint.part or part) for taint in value.taints)
    return Value(taints=taints, type="string")


def field_of(value: Value, name: str) -> frozenset[Taint]:
    """Return the taints of a field of a value that comes from outside as a whole."""
    return frozenset(
        taint if len(taint.key) > _LONGEST_KEY else replace(taint, key=f"{taint.key}.{name}") for taint in value.taints
    )


def stepped(value: Value, step: Step) -> Value:
    """Return the value with one more place on its way."""
    if not value.taints:
        return value
    return replace(
        value,
        taints=frozenset(
            taint
            if len(taint.steps) >= _MOST_STEPS or (taint.steps and taint.steps[-1] == step)
            else replace(taint, steps=(*taint.steps, step))
            for taint in value.taints
        ),
    )


def concatenated(parts: list[Value]) -> Value:
    """Return text that is put together of parts."""
    if all(part.known for part in parts):
        return constant("".join(as_text(part.const) for part in parts))
    prefix = ""
    taints: frozenset[Taint] = frozenset()
    for part in parts:
        own = deep_taints(part)
        if not taints:
            prefix += _beginning(part, own)
        taints = join_taints(taints, frozenset(replace(t, part=t.part) for t in own))
    safe_objects = frozenset(replace(taint, safe=taint.safe | {"nosql-injection"}) for taint in taints)
    return Value(taints=safe_objects, type="string", prefix=prefix[:_LONGEST_PREFIX], built=True)


def _beginning(part: Value, taints: frozenset[Taint]) -> str:
    if part.known:
        return as_text(part.const)
    return part.prefix if taints else part.prefix or ANYTHING


def as_text(const: Any) -> str:
    """Return a constant as JavaScript writes it into text."""
    if const is None:
        return ""
    if isinstance(const, bool):
        return "true" if const else "false"
    if isinstance(const, float) and const.is_integer() and abs(const) < 2**53:
        return str(int(const))
    return str(const)


def deep_taints(value: Value) -> frozenset[Taint]:
    """Return the taints of a value and of all that is in it."""
    if not value.things:
        return value.taints
    taints = value.taints
    seen: set[int] = set()
    waiting = [(thing, 0) for thing in value.things]
    while waiting and len(seen) < _MOST_LOOKED_INTO:
        thing, depth = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        for inner in inner_values(thing):
            if inner.taints:
                taints = join_taints(taints, inner.taints)
            if inner.things and depth < _DEEPEST_THING:
                waiting += [(other, depth + 1) for other in inner.things]
    return taints


def shape(value: Value) -> tuple[Any, ...]:
    """Return what distinguishes a value from others for a function that gets it; small objects by what is in them."""
    if not value.things:
        return _own_shape(value)
    parts: list[Any] = [_own_shape(value)]
    waiting = list(value.things)
    while waiting:
        thing = waiting.pop()
        if len(parts) > _MOST_SHAPED or thing.parent is not None:
            parts.append(id(thing))
            continue
        for name, inner in (*thing.fields.items(), ("*", thing.rest)):
            if inner is not None:
                parts += (name, _own_shape(inner))
                waiting += inner.things
    return tuple(parts)


def _own_shape(value: Value) -> tuple[Any, ...]:
    closures = tuple(id(closure.node) for closure in value.closures)
    const = value.const if value.const is None or isinstance(value.const, str | bool) else UNKNOWN
    return (value.taints, value.symbol, const, value.type, value.prefix, value.built, closures, len(value.things))


def inner_values(thing: Thing) -> Iterator[Value]:
    """Yield what is in a thing."""
    yield from list(thing.fields.values())
    if thing.rest is not None:
        yield thing.rest
