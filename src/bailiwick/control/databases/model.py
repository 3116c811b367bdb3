"""Databases, snapshots and rehearsals as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bailiwick.core.statements import Envelope


class RehearsalState(StrEnum):
    """How a rehearsal stands."""

    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MigrationLine:
    """A migration of a deploy: whether it can be taken back, what its way back loses, and how its rehearsal went.

    Milliseconds are 0 for one that was not rehearsed: it ran before, or the rehearsal waits.
    """

    title: str
    kind: str
    destroys: tuple[str, ...]
    loses: tuple[str, ...]
    up_ms: float = 0.0
    down_ms: float = 0.0
    locks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The rehearsal of a deploy's migrations. `why` and `diff` say what failed, `notes` what was not covered,
    `breaks` what the running release still reads of what is taken away.
    """

    deploy: str
    app: str
    tree: str
    state: RehearsalState
    why: str
    diff: tuple[str, ...]
    notes: tuple[str, ...]
    breaks: tuple[str, ...]
    migrations: tuple[MigrationLine, ...]
    asked_at: datetime
    done_at: datetime | None
    statement: Envelope | None

    @property
    def words(self) -> str:
        """How it stands, in a sentence."""
        if self.state is RehearsalState.PASSED:
            return "its migrations were rehearsed: there, back and there again"
        if self.state is RehearsalState.FAILED:
            return f"the rehearsal of its migrations failed: {self.why}"
        return "its migrations are being rehearsed"


@dataclass(frozen=True, slots=True)
class SnapshotLine:
    """A copy of a database that a plane keeps."""

    id: str
    time: datetime
    why: str
    release: str
    bytes: int


@dataclass(frozen=True, slots=True)
class OwnDatabase:
    """An app's own database in a mode, as its plane last told of it: migrations in it, snapshots, and what is wrong."""

    app: str
    mode: str
    plane: str
    release: str
    migrations: tuple[str, ...]
    snapshots: tuple[SnapshotLine, ...]
    fault: str
    any_moment_since: datetime | None
    time: datetime
