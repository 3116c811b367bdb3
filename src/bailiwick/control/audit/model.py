"""What the audit log hands out: events at their place, questions, checkpoints and the result of a check."""

from dataclasses import dataclass
from datetime import datetime

from bailiwick.core.events import AuditEvent

CHECKPOINT_TYPE = "application/vnd.bailiwick.checkpoint.v1+json"
EXPORT_FORMAT = "bailiwick-audit-export/1"


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event and its place in the log, counted from 0."""

    sequence: int
    event: AuditEvent


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What to look for; empty fields do not matter. `text` is looked for in reason and context."""

    actor: str = ""
    action: str = ""
    resource: str = ""
    app: str = ""
    outcome: str = ""
    trace: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Events, newest first, and the cursor of the next page (empty at the end)."""

    events: tuple[LoggedEvent, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of checking an export; `problem` and `place` (a sequence number) say what is wrong and where.

    `expired` events have no content any more, and the log itself says why."""

    intact: bool
    events: int
    checkpoints: int
    problem: str = ""
    place: int | None = None
    key_id: str = ""
    expired: int = 0
