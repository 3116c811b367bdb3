"""What the planes say to each other: desired state and orders down, events and answers up; typed and versioned."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from bailiwick.core.events import AuditEvent, canonical_json
from bailiwick.core.grants import DataGrant
from bailiwick.core.statements import Envelope

VERSION = 1
STATE_TYPE = "application/vnd.bailiwick.downlink.v1+json"


class Message(BaseModel):
    """Base of all messages: frozen, strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Connection(Message):
    """Where an integration is reached from this plane; the credential is fetched apart, by the secret's name."""

    kind: Literal["postgresql"]
    host: str
    port: int
    database: str
    user: str
    secret: str


class IntegrationState(Message):
    """An integration as an app of this plane may use it, under the name that its code uses."""

    name: str
    resource: str
    connection: Connection
    grant: DataGrant
    roles: Mapping[str, frozenset[str]]
    enabled: bool = True


class GuardLimits(Message):
    """When the automatic kill switch stops an app."""

    window_seconds: float = 10.0
    window_requests: int = 20
    error_ratio: float = 0.5
    consecutive_errors: int = 8


class AppState(Message):
    """One app as this plane should serve it.

    `capabilities` are part of the approved reach; `closed` are those of them that are not open any more.
    """

    app: str
    tenant: str
    mode: Literal["preview", "production"]
    host: str
    release: str
    commit: str
    status: Literal["running", "killed"]
    killed_because: str = ""
    reach: str
    artifact_sha256: str
    verdict: Envelope
    approvals: tuple[Envelope, ...]
    artifact: Envelope
    roles: Mapping[str, frozenset[str]]
    integrations: tuple[IntegrationState, ...]
    guard: GuardLimits = GuardLimits()
    capabilities: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    lease_seconds: int = 4 * 3600

    @property
    def open_capabilities(self) -> tuple[str, ...]:
        """What the app may do now that apps may not."""
        return tuple(name for name in self.capabilities if name not in self.closed)


class DesiredState(Message):
    """Everything that a plane should be, by version; a higher version replaces a lower one whole.

    `policies` are those that decide beside the built-in ones, in Cedar.
    """

    kind: Literal["state"] = "state"
    message_version: Literal[1] = 1
    version: int
    plane: str
    time: datetime
    sign_in_url: str
    apps: tuple[AppState, ...]
    epochs: Mapping[str, int]
    policies: str = ""
    policies_generation: int = 0


class KillOrder(Message):
    """Stop an app in these modes now; the state that says so for good follows."""

    kind: Literal["kill"] = "kill"
    app: str
    modes: tuple[Literal["preview", "production"], ...] = ("preview", "production")
    because: str


class RunJobOrder(Message):
    """Run a job of an app's production release once, now; `run` names this run."""

    kind: Literal["run-job"] = "run-job"
    app: str
    job: str
    run: str
    asked_by: str


class Heartbeat(Message):
    """The control plane is there; leases are renewed."""

    kind: Literal["heartbeat"] = "heartbeat"
    time: datetime


Downlink = Annotated[DesiredState | KillOrder | RunJobOrder | Heartbeat, Field(discriminator="kind")]
_DOWNLINK: TypeAdapter[DesiredState | KillOrder | RunJobOrder | Heartbeat] = TypeAdapter(Downlink)


def encode_downlink(message: Message) -> bytes:
    """Return the bytes of a message to a plane, as they are signed."""
    return canonical_json(message.model_dump(mode="json", by_alias=True))


def decode_downlink(payload: bytes) -> DesiredState | KillOrder | RunJobOrder | Heartbeat:
    """Read a message to a plane; raises pydantic's `ValidationError` when it is not one."""
    return _DOWNLINK.validate_json(payload)


class AuditReport(Message):
    """Something that happened at the plane, for the audit log."""

    kind: Literal["audit"] = "audit"
    event: AuditEvent


class AppReport(Message):
    """How an app's release is doing at the plane."""

    kind: Literal["app"] = "app"
    app: str
    mode: Literal["preview", "production"]
    release: str
    status: Literal["starting", "running", "failed", "refused", "stopped"]
    words: str = ""
    time: datetime


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


class RequestTrace(Message):
    """One request as the router saw it; kept for evidence."""

    trace: str
    time: datetime
    method: str
    path: str
    status: int
    milliseconds: float
    principal: str


class KillReport(Message):
    """The automatic kill switch stopped an app; the evidence is as it stood at that moment."""

    kind: Literal["kill"] = "kill"
    app: str
    mode: Literal["preview", "production"]
    release: str
    because: str
    time: datetime
    counters: Mapping[str, float]
    requests: tuple[RequestTrace, ...]
    log_lines: tuple[str, ...]


class JobReport(Message):
    """A run of a job: started, or ended with a code and its last lines."""

    kind: Literal["job"] = "job"
    app: str
    job: str
    run: str
    release: str
    status: Literal["running", "succeeded", "failed"]
    time: datetime
    log_lines: tuple[str, ...] = ()


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


Report = Annotated[
    AuditReport
    | AppReport
    | RequestRollup
    | KillReport
    | JobReport
    | PoliciesReport
    | DecisionsReport
    | AccountsReport,
    Field(discriminator="kind"),
]


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


class SecretValue(Message):
    """A credential on its way to the gateway that needs it, over mutual TLS only."""

    name: str
    value: str = Field(repr=False)


class PassRequest(Message):
    """The router has a one-time code that a browser brought back, and asks for the pass behind it."""

    code: str = Field(repr=False)
    app: str
    mode: Literal["preview", "production"]
    verifier: str = Field(repr=False)


class PassAnswer(Message):
    """The pass of the person who signed in, and the key that signs passes."""

    token: str = Field(repr=False)
    expires: datetime


class StateTaken(Message):
    """That a plane acts on the desired state of this version: what it took away is allowed no more."""

    message_version: Literal[1] = 1
    version: int


class PlaneWelcome(Message):
    """What a plane must know before all else: whose signatures count for what (public keys in base64)."""

    message_version: Literal[1] = 1
    plane: str
    downlink_key: str
    pass_key: str
    review_keys: tuple[str, ...]
    approval_keys: tuple[str, ...]
    release_keys: tuple[str, ...]
