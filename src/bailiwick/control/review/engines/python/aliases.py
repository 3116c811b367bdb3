"""Which places of a scope hold one and the same thing, so that what changes it at one changes it at the others."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bailiwick.control.review.engines.python.values import InstanceOf, Value

_MOST = 8
_DEEPEST = 6
# The key of whichever item a loop has in hand.
ANY: Final = ast.Slice()


@dataclass(eq=False)
class Aliases:
    """The places that hold the same, by how they are written; each place is in one group at most."""

    groups: dict[str, dict[str, ast.expr]] = field(default_factory=dict)

    def join(self, one: ast.expr, other: ast.expr) -> None:
        """Note that two places hold the same thing from here on; what is no place is not noted."""
        first, second = place_of(one), place_of(other)
        if not first or not second or first == second:
            return
        group = {**self.groups.get(first, {first: one}), **self.groups.get(second, {second: other})}
        if len(group) <= _MOST:
            for text in group:
                self.groups[text] = group

    def part(self, place: ast.expr) -> None:
        """Note that a place holds something else from here on, and so do the places inside it."""
        text = place_of(place) if self.groups else ""
        if text:
            inside = (text, f"{text}.", f"{text}[")
            for known in [known for known in self.groups if known == text or known.startswith(inside[1:])]:
                self.groups.pop(known).pop(known, None)

    def others(self, place: ast.expr) -> list[ast.expr]:
        """Return the other places that hold what a place holds."""
        text = place_of(place) if self.groups else ""
        return [node for known, node in self.groups.get(text, {}).items() if known != text]


def place_of(node: ast.expr, depth: int = 0) -> str:
    """Return how a place that can hold something is written: a name, an attribute, an item; empty for all else."""
    if depth > _DEEPEST:
        return ""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=name):
            outer = place_of(inner, depth + 1)
            return f"{outer}.{name}" if outer else ""
        case ast.Subscript(value=inner, slice=key):
            outer = place_of(inner, depth + 1)
            if isinstance(key, ast.Constant):
                return f"{outer}[{key.value!r}]" if outer else ""
            return f"{outer}[*]" if outer and key is ANY else ""
    return ""


def is_changeable(value: Value) -> bool:
    """Return whether a thing can be changed where it is: a list, a dict, an object of the app's."""
    if value.items is not None:
        return value.items.kind not in {"tuple", "generator"}
    return any(isinstance(shape, InstanceOf) for shape in value.shapes)


def item_in_hand(container: ast.expr) -> ast.Subscript:
    """Return the place of whichever item of a container a loop has in hand."""
    return ast.copy_location(ast.Subscript(container, ANY, ast.Load()), container)


def held_alike(target: ast.expr, made: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield which places hold the same once an expression was put into a place: `d = {"rows": rows}`."""
    match made:
        case ast.Name() | ast.Attribute() | ast.Subscript():
            yield target, made
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and place_of(value):
                    yield ast.copy_location(ast.Subscript(target, key, ast.Load()), made), value
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            for number, part in enumerate(parts):
                if place_of(part):
                    yield ast.copy_location(ast.Subscript(target, ast.Constant(number), ast.Load()), made), part
