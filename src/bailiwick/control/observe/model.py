"""What can be said about apps at work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bailiwick.core.messages import KillReport


@dataclass(frozen=True, slots=True)
class AppStatus:
    """How an app is doing in a mode, as its plane last said."""

    app: str
    mode: str
    plane: str
    release: str
    status: str
    words: str
    time: datetime


@dataclass(frozen=True, slots=True)
class RequestPoint:
    """Requests of an app in one period: counts and the slower durations in milliseconds."""

    start: datetime
    ok: int
    client_errors: int
    server_errors: int
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class EgressLine:
    """What an app did at a host over some time; without a protocol it is a name that is not declared."""

    mode: str
    address: str
    protocol: str
    connections: int
    requests: int
    sent: int
    received: int
    refused: int
    reason: str
    last: datetime
    people: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class EgressPoint:
    """Egress of an app in one period, to all hosts together."""

    start: datetime
    connections: int
    sent: int
    received: int
    refused: int


@dataclass(frozen=True, slots=True)
class KillEvidence:
    """The frozen evidence of an automatic stop."""

    id: str
    report: KillReport


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run of a job, or that there was none. `due` is when it fell due, None where `asked_by` asked for it."""

    app: str
    run: str
    job: str
    release: str
    status: str
    started: datetime
    ended: datetime | None
    log_lines: tuple[str, ...]
    due: datetime | None
    attempt: int
    words: str
    asked_by: str


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job of what is in production: when it falls due next, in its own zone, and how its last run stands."""

    name: str
    schedule: str
    timezone: str
    missed: str
    overlap: str
    retries: int
    next: datetime
    last: JobRun | None
