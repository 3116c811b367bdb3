"""Frames: the names of a scope while it is gone through, how ways through it part, and how they come together."""

import ast
from dataclasses import dataclass, field

from bailiwick.control.review.engines.python.aliases import Aliases
from bailiwick.control.review.engines.python.project import Module
from bailiwick.control.review.engines.python.values import Code, Definition, Value, joined

State = dict[str, Value]
# Before the words of a source: what a check found of it. It holds only where every way has passed a check.
KNOWN_SOURCE = "\0"


@dataclass(eq=False)
class Loop:
    """The states in which a loop is left or begun anew from inside."""

    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)


@dataclass(eq=False)
class Frame:
    """A scope that is gone through. `names` is None where nothing goes on: after a return, a raise, a break.

    `returns` keeps each returned value with the names as they were then; `tests` the expression behind a name that
    holds the outcome of a check, so that a branch on the name counts as one on the check. `outcomes` says for a call
    of the app's own what its arguments are when it is true, and when it is not. `rebound` are names that now stand for
    something else than at the beginning, `aliases` the places that hold the same; `seen` what calls gave last, for
    checks that look at them once more.
    """

    module: Module
    code: Code | None = None
    parent: "Frame | None" = None
    owner: Definition | None = None
    names: State | None = field(default_factory=dict)
    last: State = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    returns: list[tuple[Value, State, ast.AST | None]] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    tests: dict[str, ast.expr] = field(default_factory=dict)
    seen: dict[int, Value] = field(default_factory=dict)
    rebound: set[str] = field(default_factory=set)
    aliases: Aliases = field(default_factory=Aliases)
    outcomes: dict[int, list[tuple[ast.expr, Value | None, Value | None]]] = field(default_factory=dict)

    def find(self, name: str) -> Value | None:
        """Return what a name stands for here, not looking into outer scopes."""
        state = self.names if self.names is not None else self.last
        return state.get(name)

    def fork(self) -> State | None:
        """Return a copy of the names for another way."""
        return None if self.names is None else dict(self.names)

    def end(self) -> None:
        """Note that nothing goes on from here."""
        if self.names is not None:
            self.last = self.names if not self.last else joined_states(self.last, self.names) or {}
        self.names = None


def joined_states(left: State | None, right: State | None) -> State | None:
    """Return the names as they may be after either way."""
    if left is None or left is right:
        return right
    if right is None:
        return left
    result = {name: value for name, value in left.items() if name[0] != KNOWN_SOURCE or name in right}
    for name, value in right.items():
        mine = result.get(name)
        if mine is None:
            if name[0] != KNOWN_SOURCE:
                result[name] = value
        elif mine is not value:
            result[name] = joined(mine, value)
    return result
