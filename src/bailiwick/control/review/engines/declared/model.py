"""Uses: what code reaches outside itself, and where."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["host", "database", "variable", "model", "file", "listener", "program"]


@dataclass(frozen=True, slots=True)
class Use:
    """Something outside that a line uses.

    `what` is a host with its port, a name of the environment, a client of models, a path, or
    programs with commas between them. `sure` says that the app
    cannot go on without it, or does harm by it; `writes` that a file is written.
    """

    kind: Kind
    what: str
    path: str
    line: int
    excerpt: str
    column: int = 0
    sure: bool = True
    writes: bool = False
