"""Names and what they stand for at a point of a function, and how that joins where ways through it meet."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import Value, joined

# Which texts from outside were checked, as (key, rule that they cannot break any more).
Cleared = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out of a function: what it returns, and what was checked if that is true, or false (None: never)."""

    value: Value
    if_true: Cleared | None
    if_false: Cleared | None

    @property
    def cleared(self) -> Cleared:
        """What was checked either way."""
        return common([self.if_true, self.if_false])


def common(proofs: Iterable[Cleared | None]) -> Cleared:
    """Return what all of some ways prove; None is a way that is not gone."""
    gone = [proof for proof in proofs if proof is not None]
    return frozenset.intersection(*gone) if gone else frozenset()


@dataclass(eq=False, slots=True)
class Frame:
    """A run of a function: what it may return, and what may hold where its loops are left."""

    path: str
    this: Value | None = None
    node: Node | None = None
    exits: list["Exit"] = field(default_factory=list)
    loops: list[list["Snapshot"]] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Scope:
    """The names of a block, inside of another one."""

    frame: Frame
    parent: "Scope | None" = None
    names: dict[str, Value] = field(default_factory=dict)
    conditions: dict[str, Node] = field(default_factory=dict)  # names that hold whether something is so
    outside: dict[str, Value] = field(default_factory=dict)  # what functions inside gave to names of this block

    def inner(self, frame: Frame | None = None) -> "Scope":
        """Return a new scope inside."""
        return Scope(frame or self.frame, self)

    def find(self, name: str) -> Value | None:
        """Return what a name stands for, or None when nothing of the app declares it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def condition(self, name: str) -> Node | None:
        """Return the condition that is kept under a name, or None."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.parent
        return scope.conditions.get(name) if scope is not None else None

    def declare(self, name: str, value: Value) -> None:
        """Give a name of this block its value."""
        self.names[name] = joined([value, self.outside[name]]) if name in self.outside else value

    def assign(self, name: str, value: Value) -> None:
        """Give a declared name another value; one of an outer function may still have the old one, too."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.parent
        if scope is None:
            self.outermost().names[name] = value
        elif scope.frame is self.frame:
            scope.names[name] = value
        else:
            scope.outside[name] = joined([scope.outside.get(name, value), value])
            scope.names[name] = joined([scope.names[name], value])

    def functions(self) -> Iterator[Node]:
        """Yield the functions that stand around, from the inside out."""
        at: Scope | None = self
        last: Frame | None = None
        while at is not None:
            if at.frame is not last and at.frame.node is not None:
                yield at.frame.node
            last, at = at.frame, at.parent

    def outermost(self) -> "Scope":
        """Return the scope of the module."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope


Snapshot = list[tuple[Scope, dict[str, Value]]]


def snapshot(scope: Scope) -> Snapshot:
    """Return what all names of a scope's function stand for now."""
    taken: Snapshot = []
    at: Scope | None = scope
    while at is not None:
        taken.append((at, dict(at.names)))
        at = at.parent if at.parent is not None and at.parent.frame is scope.frame else None
    return taken


def restore(taken: Snapshot) -> None:
    """Put names back to what they stood for."""
    for scope, names in taken:
        scope.names = dict(names)


def meet(ways: list[Snapshot]) -> None:
    """Let every name stand for what it may be after any of some ways."""
    if not ways:
        return
    for place, (scope, first) in enumerate(ways[0]):
        others = [way[place][1] for way in ways[1:] if place < len(way) and way[place][0] is scope]
        names = dict(first)
        for other in others:
            for name, value in other.items():
                before = names.get(name)
                if before is not value:
                    names[name] = value if before is None else joined([before, value])
        scope.names = names
