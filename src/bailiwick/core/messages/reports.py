"""What a data plane reports: events and what it saw, in order, until the control plane has them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from bailiwick.core.events import AuditEvent
from bailiwick.core.messages.attacks import AttacksReport
from bailiwick.core.messages.base import Message
from bailiwick.core.messages.catalogue import CatalogueReport, UniquenessReport
from bailiwick.core.messages.day_use import DayUseReport
from bailiwick.core.messages.limits import LimitsReport
from bailiwick.core.messages.models import ModelUseReport
from bailiwick.core.messages.networks import NetworksReport
from bailiwick.core.messages.outflows import OutflowReport
from bailiwick.core.messages.spans import SpansReport
from bailiwick.core.rollouts import RolloutReport
from bailiwick.core.statements import Envelope
from bailiwick.core.stops import StopScope

_ERROR = 500


class AuditReport(Message):
    """Something that happened at the plane, for the audit log."""

    kind: Literal["audit"] = "audit"
    event: AuditEvent


class AppReport(Message):
    """How an app's release is doing at the plane; `branch` is what a preview is of, empty for main, as in others."""

    kind: Literal["app"] = "app"
    app: str
    mode: Literal["preview", "production"]
    release: str
    status: Literal["starting", "running", "asleep", "failed", "refused", "stopped"]
    words: str = ""
    time: datetime
    branch: str = ""


class RequestRollup(Message):
    """Requests of one app over one period: counts by status class and the duration's quantiles in milliseconds."""

    kind: Literal["requests"] = "requests"
    app: str
    mode: Literal["preview", "production"]
    release: str
    start: datetime
    seconds: float
    ok: int
    client_errors: int
    server_errors: int
    p50_ms: float
    p95_ms: float


class EgressSeen(Message):
    """A host that an app called, or tried to, over one period: what passed, and why something did not the last time.

    `protocol` is empty for what the manifest does not declare. `people` are those whose requests the calls were made
    for, as far as a protocol says so, with how many.
    """

    address: str = Field(max_length=300)
    protocol: str = Field(max_length=20)
    connections: int = Field(ge=0)
    requests: int = Field(ge=0)
    sent: int = Field(ge=0)
    received: int = Field(ge=0)
    refused: int = Field(ge=0)
    reason: str = Field(max_length=300)
    last: datetime
    people: Mapping[str, int] = Field(default_factory=dict, max_length=50)


class EgressRollup(Message):
    """What one app sent out over one period, by host."""

    kind: Literal["egress"] = "egress"
    app: str
    mode: Literal["preview", "production"]
    release: str
    start: datetime
    seconds: float
    hosts: tuple[EgressSeen, ...] = Field(max_length=500)


class RequestTrace(Message):
    """One request as the router saw it; kept for evidence.

    `limit` says which of its app's limits ended it, if any; `refused` that something was refused to its person in it.
    """

    trace: str
    time: datetime
    method: str
    path: str
    status: int
    milliseconds: float
    principal: str
    limit: str = Field(default="", max_length=40)
    refused: bool = False

    @property
    def failed(self) -> bool:
        """Whether the app failed: not where it had nothing to answer with, because its person may not have it."""
        return self.status >= _ERROR and not self.refused


class WallNote(Message):
    """What an app ran into at a wall of its sandbox since the report before: a limit, or system calls it was refused.

    `words` say what it was and what the app was doing when it did so last; `count` is 0 where they are only more words
    for what was counted already.
    """

    wall: Literal["limit", "call"]
    name: str = Field(max_length=80)
    words: str = Field(max_length=500)
    count: int = Field(ge=0)
    first: datetime
    last: datetime


class WallsReport(Message):
    """What a release ran into at the walls of its sandbox."""

    kind: Literal["walls"] = "walls"
    app: str
    mode: Literal["preview", "production"]
    release: str
    notes: tuple[WallNote, ...] = Field(max_length=200)
    branch: str = ""


class KillReport(Message):
    """The automatic kill switch stopped an app; the evidence is as it stood at that moment.

    `rule` is what tripped. `scope` is set where not the app is stopped but a way that it shares with others. A
    matter of `security` is brought back by people only.
    """

    kind: Literal["kill"] = "kill"
    app: str
    mode: Literal["preview", "production"]
    release: str
    because: str
    time: datetime
    counters: Mapping[str, float]
    requests: tuple[RequestTrace, ...]
    log_lines: tuple[str, ...]
    branch: str = ""
    rule: str = Field(default="", max_length=60)
    security: bool = False
    scope: StopScope | None = None


class JobReport(Message):
    """A run of a job: begun, waiting for its next attempt, or ended with its last lines; or that there was none.

    `due` is when it fell due, None where somebody asked for it. `words` say what is to be said besides.
    """

    kind: Literal["job"] = "job"
    app: str
    job: str
    run: str
    release: str
    status: Literal["running", "waiting", "succeeded", "failed", "skipped"]
    time: datetime
    log_lines: tuple[str, ...] = ()
    due: datetime | None = None
    attempt: int = Field(default=1, ge=1)
    words: str = Field(default="", max_length=500)
    asked_by: str = Field(default="", max_length=300)


class DeadMessage(Message):
    """A message that is not given out any more; what it says stays at the plane."""

    id: str = Field(max_length=60)
    queued_by: str = Field(max_length=300)
    queued_at: datetime
    attempts: int
    words: str = Field(max_length=300)


class WorkerReport(Message):
    """How a worker of a release and its queue stand; `letters` are the last that were given up."""

    kind: Literal["worker"] = "worker"
    app: str
    mode: Literal["preview", "production"]
    branch: str = ""
    release: str
    worker: str = Field(max_length=40)
    status: Literal["starting", "running", "paused", "failed", "stopped"]
    words: str = Field(max_length=500)
    waiting: int
    taken: int
    dead: int
    letters: tuple[DeadMessage, ...] = Field(max_length=20)
    log_lines: tuple[str, ...] = Field(max_length=50)
    time: datetime


class SnapshotSeen(Message):
    """A copy of an app's own database that the plane keeps."""

    id: str = Field(max_length=60)
    time: datetime
    why: str = Field(max_length=300)
    release: str
    bytes: int


class DatabaseReport(Message):
    """An app's own database as it is at the plane; `fault` says why it is not what the release needs.

    It can be put back to any moment from `any_moment_since` on, to snapshots only where that is None.
    """

    kind: Literal["database"] = "database"
    app: str
    mode: Literal["preview", "production"]
    release: str
    migrations: tuple[str, ...] = Field(max_length=10_000)
    snapshots: tuple[SnapshotSeen, ...] = Field(max_length=1000)
    fault: str = Field(default="", max_length=2000)
    any_moment_since: datetime | None = None
    time: datetime


class StorageReport(Message):
    """How full the storage of an app is: bytes and files, of how many; a size of 0 says that it is gone."""

    kind: Literal["storage"] = "storage"
    app: str
    mode: Literal["preview", "production"]
    branch: str = ""
    used_bytes: int = Field(ge=0)
    size_bytes: int = Field(ge=0)
    files: int = Field(ge=0)
    most_files: int = Field(ge=0)
    time: datetime


class RehearsalStep(Message):
    """How one migration went: milliseconds forward and back, and the locks on tables that it took."""

    title: str
    up_ms: float
    down_ms: float
    locks: tuple[str, ...] = ()


class RehearsalReport(Message):
    """How the rehearsal of a deploy's migrations went; `diff` is what does not come back as it was."""

    kind: Literal["rehearsal"] = "rehearsal"
    deploy: str
    app: str
    mode: Literal["production"] = "production"
    passed: bool
    why: str = Field(default="", max_length=2000)
    diff: tuple[str, ...] = Field(default=(), max_length=200)
    notes: tuple[str, ...] = Field(default=(), max_length=200)
    steps: tuple[RehearsalStep, ...] = Field(default=(), max_length=10_000)
    time: datetime


class PoliciesReport(Message):
    """By which policies the plane decides from now on; `fault` says why it cannot read them and refuses everything."""

    kind: Literal["policies"] = "policies"
    generation: int
    fault: str = ""
    time: datetime


class AskedQuestion(Message):
    """A question that the plane decided, as the journal of `core/policy` writes it."""

    key: str = Field(max_length=64)
    day: date
    question: Mapping[str, JsonValue]
    allowed: bool
    deciders: tuple[str, ...]
    times: int = Field(ge=1)
    last: datetime


class DecisionsReport(Message):
    """What the plane decided lately, each question once, so that it can be asked again of other policies."""

    kind: Literal["decisions"] = "decisions"
    asked: tuple[AskedQuestion, ...] = Field(max_length=500)


class Account(Message):
    """An account that may sign in to a connected system: what it belongs to there, and whether it is connected now."""

    name: str = Field(max_length=200)
    superuser: bool = False
    member_of: tuple[str, ...] = ()
    expires: datetime | None = None
    connected: bool = False


class AccountsReport(Message):
    """Every account of a connected system, as the plane saw them."""

    kind: Literal["accounts"] = "accounts"
    integration: str
    accounts: tuple[Account, ...] = Field(max_length=2000)
    time: datetime


class AttestationReport(Message):
    """A plane's signed word on what runs, as `core/attestation` writes it, and the key that it signs with."""

    kind: Literal["attestation"] = "attestation"
    app: str
    mode: Literal["preview", "production"]
    release: str
    envelope: Envelope
    public_key: str = Field(max_length=100)
    time: datetime
    branch: str = ""


class SettingsReport(Message):
    """A plane's signed word on its settings, as `core/plane_settings` writes it, and the key that it signs with."""

    kind: Literal["settings"] = "settings"
    envelope: Envelope
    public_key: str = Field(max_length=100)
    time: datetime


AnyReport = (
    AuditReport
    | AppReport
    | RequestRollup
    | EgressRollup
    | KillReport
    | JobReport
    | PoliciesReport
    | DecisionsReport
    | AccountsReport
    | DatabaseReport
    | StorageReport
    | RehearsalReport
    | AttestationReport
    | RolloutReport
    | SettingsReport
    | WallsReport
    | NetworksReport
    | AttacksReport
    | WorkerReport
    | CatalogueReport
    | UniquenessReport
    | LimitsReport
    | OutflowReport
    | DayUseReport
    | ModelUseReport
    | SpansReport
)
Report = Annotated[AnyReport, Field(discriminator="kind")]


class Sequenced(Message):
    """A report with its place in the plane's spool; numbers rise by one and never start again."""

    sequence: int
    report: Report


class ReportBatch(Message):
    """Reports on their way up, in order."""

    message_version: Literal[1] = 1
    spool: str
    reports: tuple[Sequenced, ...]


class Acknowledgement(Message):
    """All reports up to and with `sequence` are durable; the plane may forget them."""

    sequence: int
