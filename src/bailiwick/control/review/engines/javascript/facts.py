"""What is seen of an app as a whole while its files are walked: its routes, and what it loads and calls."""

from dataclasses import dataclass, field

from bailiwick.control.review.engines.javascript.scopes import Scope
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import Value


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A handler that requests reach: method, path, the line of its registration, and what runs for it in order."""

    method: str
    path: str
    node: Node
    file: str
    handlers: tuple[Value, ...]
    names: tuple[str, ...]
    scope: Scope


@dataclass(slots=True, eq=False)
class Facts:
    """What was seen of the app as a whole."""

    routes: list[Route] = field(default_factory=list)
    calls: list[tuple[str, str, Node]] = field(default_factory=list)
    uses: list[tuple[str, Node]] = field(default_factory=list)
