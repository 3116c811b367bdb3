"""What the audit log hands out: events at their place, checkpoints and the result of a check."""

from dataclasses import dataclass
from typing import Any

from bailiwick.core.checkpoints import Checkpoint
from bailiwick.core.events import AuditEvent

EXPORT_FORMAT = "bailiwick-audit-export/1"


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event and its place in the log, counted from 0."""

    sequence: int
    event: AuditEvent


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Events, newest first, and the cursor of the next page (empty at the end)."""

    events: tuple[LoggedEvent, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of checking an export; `problem` and `place` (a sequence number) say what is wrong and where.

    `newest` is the envelope of its last checkpoint when it is intact, to be remembered for the next check; `expired`
    events have no content any more, and the log itself says why.
    """

    intact: bool
    events: int
    checkpoints: int
    problem: str = ""
    place: int | None = None
    key_id: str = ""
    newest: dict[str, object] | None = None
    expired: int = 0


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """What a checkpoint says, and the envelope that signs it."""

    content: Checkpoint
    envelope: dict[str, Any]
