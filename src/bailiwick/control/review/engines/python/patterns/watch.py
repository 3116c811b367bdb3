"""What a rule watches for: kinds of nodes, calls by the last part of their names, and the function that looks."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.model import Finding

Look = Callable[[View, Any], Iterator[Finding]]


@dataclass(frozen=True)
class Watch:
    """A function that looks at nodes of some kinds; at calls only of some last names, where they are given.

    A name that stands for something else (`make = hashlib.md5`) is looked at under what it stands for.
    """

    look: Look
    kinds: tuple[type[ast.AST], ...] = (ast.Call,)
    calls: frozenset[str] = frozenset()


def calls(look: Look, *names: str) -> Watch:
    """Return a watch for calls by the last part of their names; for all calls when none is given."""
    return Watch(look, calls=frozenset(names))


def nodes(look: Look, *kinds: type[ast.AST]) -> Watch:
    """Return a watch for nodes of some kinds."""
    return Watch(look, kinds)
