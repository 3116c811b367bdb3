"""What the API takes: the bodies of writes, strict about unknown fields."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bailiwick.control.rotations import AnySource
from bailiwick.control.vault import Environment, StoreName
from bailiwick.core.grants import Offer
from bailiwick.core.messages import AnyConnection, IntegrationLimits


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PathBody(_Body):
    """What should be made."""

    path: str = Field(max_length=300)


class ReasonBody(_Body):
    """Why."""

    reason: str = Field(default="", max_length=2000)


class RollbackBody(ReasonBody):
    """Whether an earlier release is to be served although it may not pass the review, and why; and whether what its
    own database loses by that is given up.
    """

    emergency: bool = False
    fixes: str = Field(default="", max_length=60, description="the freeze that it is the fix of; with emergency")
    accept_loss: bool = False


class DeployBody(_Body):
    """What should go to production."""

    app: str
    commit: str = ""
    fixes: str = Field(default="", max_length=60, description="the freeze that it is the fix of")
    plan: dict[str, Any] | None = Field(default=None, description="how it goes out: more careful than the app's plan")
    emergency: str = Field(default="", max_length=2000, description="why it cannot wait for its rule and its window")


class SecretBody(_Body):
    """A secret's value, and for which planes a new one is: those of production where nothing is said."""

    value: str = Field(repr=False)
    environment: Environment | None = None


class CertificateRequestBody(_Body):
    """For whom a client certificate is asked for, under which names of hosts, and for which planes a new secret is."""

    subject: str = Field(max_length=64)
    hosts: tuple[str, ...] = Field(default=(), max_length=20)
    environment: Environment = Environment.PRODUCTION


class CertificateBody(_Body):
    """A certificate that was signed, with those of the authorities behind it (PEM)."""

    certificates: str = Field(max_length=64 * 1024)


class LinkBody(_Body):
    """Where a secret lies in a store of the settings, and for which planes it is; no version is the newest one."""

    store: StoreName
    path: str = Field(min_length=1, max_length=400)
    field: str = Field(default="", max_length=200)
    version: str = Field(default="", max_length=64)
    environment: Environment = Environment.PRODUCTION


class RotationRuleBody(ReasonBody):
    """Whose a secret is, where a new value is made (nowhere: by hand), how often, and how long the old one works on."""

    owner: str = Field(max_length=210)
    source: AnySource | None = None
    every_hours: int = Field(default=0, ge=0, le=10 * 366 * 24, description="0: only when somebody asks or it leaks")
    grace_minutes: int = Field(default=60, ge=0, le=30 * 24 * 60)


class IntegrationBody(_Body):
    """A business system: where each plane finds it, and what may be asked of it."""

    kind: Literal["postgresql", "mysql", "sqlite", "duckdb", "bigquery", "snowflake", "http", "mcp", "smtp"]
    description: str = Field(min_length=1, max_length=500)
    owner: str = Field(max_length=210)
    connections: dict[str, AnyConnection] = Field(min_length=1, max_length=20)
    offers: dict[str, tuple[Offer, ...]] = Field(min_length=1, max_length=200)
    limits: IntegrationLimits = IntegrationLimits()
    folder: str = Field(default="", max_length=240, description="whose apps may use it; empty: all")


class DataClassesBody(_Body):
    """Which class of data columns of an integration hold: by `table.column`, an empty text for none."""

    columns: dict[str, str] = Field(min_length=1, max_length=1000)


class EnabledBody(_Body):
    """Whether an integration is on."""

    enabled: bool
    reason: str = Field(default="", max_length=2000)


class RoleBody(_Body):
    """A role to give."""

    role: str
    holder: str
    scope: str


class RoleRemovalBody(RoleBody):
    """A role to take away, and why."""

    reason: str = Field(default="", max_length=2000)


class DirectoryTokenBody(_Body):
    """Which directory gets a token, for how many days and what for."""

    directory: str = Field(max_length=60)
    days: int = Field(default=180, ge=1, le=366)
    purpose: str = Field(default="", max_length=2000)


class OwnerBody(_Body):
    """Who answers for an app from now on: an e-mail address."""

    person: str = Field(min_length=3, max_length=254)


class SyncBody(_Body):
    """How a directory is to be read: only to see what would change, or although many people would be switched off."""

    dry_run: bool = False
    accept: bool = False


class ReplayBody(ReasonBody):
    """From which place of the log an exporter goes on, and why."""

    first: int = Field(ge=0)


class HoldBody(ReasonBody):
    """Which events of the audit log are kept, and why; empty fields do not matter."""

    name: str = Field(max_length=63)
    actor: str = Field(default="", max_length=300)
    app: str = Field(default="", max_length=300)
    resource: str = Field(default="", max_length=300)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class PolicyTextBody(_Body):
    """A text of policies with its test cases, and where it would stand."""

    name: str = Field(default="new", max_length=60)
    scope: str = Field(default="organization:default", max_length=300)
    text: str = Field(max_length=70_000)
    tests: str = Field(default="", max_length=70_000)


class PolicyBody(PolicyTextBody):
    """What is proposed, and why."""

    reason: str = Field(default="", max_length=2000)
