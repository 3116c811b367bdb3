"""What a data plane should be: the desired state that the control plane sends down."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from bailiwick.core.grants import DataGrant
from bailiwick.core.guardrails import Guardrails
from bailiwick.core.messages.base import Message
from bailiwick.core.messages.connections import AnyConnection, DatabaseConnection
from bailiwick.core.messages.limits import IntegrationLimits
from bailiwick.core.messages.models import ModelBudget, ModelState
from bailiwick.core.messages.networks import NetworkRules
from bailiwick.core.messages.outflows import OutflowSwitch
from bailiwick.core.redaction_rules import OwnRules
from bailiwick.core.rollouts import RolloutStep
from bailiwick.core.sql_functions import AllowedFunction
from bailiwick.core.statements import Envelope
from bailiwick.core.trust import KeyChanges


class IntegrationState(Message):
    """An integration as an app of this plane may use it, under the name that its code uses; `stopped` says why nobody
    may just now, when the kill switch closed it, and `off` who switched it off and why. `webhooks` are the app's paths
    for what the system sends, by name. `classes` are those of the data that the grant brings.
    """

    name: str
    resource: str
    connection: AnyConnection
    grant: DataGrant
    roles: Mapping[str, frozenset[str]]
    classes: frozenset[str] = frozenset()
    enabled: bool = True
    stopped: str = ""
    off: str = ""
    limits: IntegrationLimits = IntegrationLimits()
    webhooks: Mapping[str, str] = Field(default_factory=dict)


class AppState(Message):
    """One app as this plane should serve it.

    `attachments` are the digests of further statements about the artefact, `layer` that of its dependencies: they are
    fetched as the artefact is. `capabilities` are part of the approved reach; `closed` are those of them that are not
    open any more. `accept_loss` says that this release is gone back to although its own database loses data by it.
    `frozen` says who froze this release and why: a plane goes on with what it runs, and does not start this one. Only a
    candidate has a `step`. `branch` is what a preview is of, empty for main: an app has one instance for each mode and
    branch. One that stopped by itself and is tried again has a `trial`: the share of requests that are let through.
    `domains` are host names of the organisation's own, under which it answers as under its `host`. `paused` are its
    workers that somebody holds, each with what is said of that.
    """

    app: str
    tenant: str
    mode: Literal["preview", "production"]
    host: str
    release: str
    commit: str
    status: Literal["running", "killed"]
    killed_because: str = ""
    frozen: str = ""
    reach: str
    artifact_sha256: str
    verdict: Envelope
    approvals: tuple[Envelope, ...]
    artifact: Envelope
    attachments: tuple[str, ...] = ()
    layer: str = ""
    roles: Mapping[str, frozenset[str]]
    integrations: tuple[IntegrationState, ...]
    guardrails: Guardrails = Guardrails()
    capabilities: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    accept_loss: bool = False
    rehearsal: Envelope | None = None
    lease_seconds: int = 4 * 3600
    step: RolloutStep | None = None
    branch: str = ""
    trial: Annotated[float, Field(ge=0, le=1)] = 0
    domains: tuple[str, ...] = ()
    paused: Mapping[str, str] = Field(default_factory=dict)

    @property
    def blobs(self) -> tuple[str, ...]:
        """The digests of everything that a plane fetches for it."""
        return (self.artifact_sha256, *self.attachments, *((self.layer,) if self.layer else ()))

    @property
    def open_capabilities(self) -> tuple[str, ...]:
        """What the app may do now that apps may not."""
        return tuple(name for name in self.capabilities if name not in self.closed)


class Judge(Message):
    """The model that is asked about prompts to `models` (all, where none is named) by `rules`, for so long."""

    model: str
    rules: Mapping[str, str]
    models: frozenset[str] = frozenset()
    seconds: float = 10.0


class PromptRules(Message):
    """What is looked for in prompts beside what every plane knows: `own` values are redacted, `topics` are noticed."""

    own: OwnRules = OwnRules()
    topics: OwnRules = OwnRules()
    judge: Judge | None = None


class MigrationText(Message):
    """A migration of an app's own database."""

    number: int
    name: str
    up: str
    down: str


class RehearsalWanted(Message):
    """The migrations of a deploy, to be rehearsed on a copy of the schema that the app has in production."""

    deploy: str
    app: str
    tenant: str
    migrations: tuple[MigrationText, ...]


class EndedPreview(Message):
    """The host of a branch's preview that is not served any more, what is said there, and what brings it back."""

    host: str
    words: str
    hint: str


class GrantPreview(Message):
    """A draft of a grant that people who may see its very rows, as somebody with these attributes would, until a time.

    `identifying` are the columns of each table (`table`, or with its schema) that others may know of people, too;
    `moments` those of them that are times, of which others know the day.
    """

    draft: str
    question: str
    grant: DataGrant
    seen_as: str
    attributes: Mapping[str, str]
    identifying: Mapping[str, tuple[str, ...]]
    moments: Mapping[str, tuple[str, ...]]
    until: datetime


class SystemState(Message):
    """A database that somebody works on the grants of: until `look_until` its tables are looked at, which tells what
    there is; `asked` names the look, so that each is done once.
    """

    name: str
    tenant: str
    connection: DatabaseConnection
    roles: Mapping[str, frozenset[str]]
    asked: str = ""
    look_until: datetime | None = None
    previews: tuple[GrantPreview, ...] = ()


class DesiredState(Message):
    """Everything that a plane should be, by version; a higher version replaces a lower one whole.

    `candidates` run beside what `apps` says, for some people. `policies` are those that decide beside the built-in
    ones, in Cedar. `key_changes` say what became of the signing keys that the plane pinned. `ended` are previews of
    branches whose addresses say that they ended. `networks` says what this plane must not reach. `secrets` are the
    newest versions of the secrets that its integrations name: older ones are asked for anew. `systems` are those that
    somebody works on the grants of. `ended_consents` are
    consents of people that ended lately: no token of theirs is shown any more. `sql_functions` are those of databases
    that statements may call beside the gateway's own list, by integration. `outflow_switches` say what leaves for no
    model, `prompts` what prompts are looked through for. `reports_without` are fields of reports that are off, `otel`
    those of calls of models that a collector of telemetry is told.
    """

    kind: Literal["state"] = "state"
    message_version: Literal[1] = 1
    version: int
    plane: str
    time: datetime
    sign_in_url: str
    apps: tuple[AppState, ...]
    candidates: tuple[AppState, ...] = ()
    epochs: Mapping[str, int]
    region: str = ""
    models: tuple[ModelState, ...] = ()
    model_budgets: tuple[ModelBudget, ...] = ()
    policies: str = ""
    policies_generation: int = 0
    rehearsals: tuple[RehearsalWanted, ...] = ()
    key_changes: KeyChanges = KeyChanges()
    ended: tuple[EndedPreview, ...] = ()
    networks: NetworkRules = NetworkRules()
    secrets: Mapping[str, int] = Field(default_factory=dict)
    systems: tuple[SystemState, ...] = ()
    ended_consents: tuple[str, ...] = ()
    sql_functions: Mapping[str, tuple[AllowedFunction, ...]] = Field(default_factory=dict)
    outflow_switches: tuple[OutflowSwitch, ...] = ()
    prompts: PromptRules = PromptRules()
    reports_without: tuple[str, ...] = ()
    otel: tuple[str, ...] = ()

    @property
    def releases(self) -> tuple[AppState, ...]:
        """Everything that may run, candidates last."""
        return self.apps + self.candidates
