"""Service identities and agents, and how they prove who they are, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bailiwick.core.principals import Identity

LONGEST_LIFETIME = timedelta(days=366)
TOKEN_LIFETIME = timedelta(minutes=15)
# How long a service goes on without an owner: nightly work outlives the day somebody leaves. Agents stop at once.
OWNERLESS_GRACE = timedelta(days=14)
MOST_KEYS = 5
MOST_TRUSTS = 20


class State(StrEnum):
    """How a service identity stands; only an active one gets in anywhere."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    OWNERLESS = "ownerless"


@dataclass(frozen=True, slots=True)
class Service:
    """A service identity or an agent. `name` is its written name, `owner` a person's or a group's.

    `public` agents have no credential of their own: a person starts them on their own machine (an OAuth public client).
    `ownerless_since` is when it was first seen that nobody answers for it any more.
    """

    name: str
    owner: str
    purpose: str
    public: bool
    made_by: str
    created: datetime
    expires: datetime
    active: bool
    epoch: int
    last_used: datetime | None
    ownerless_since: datetime | None

    @property
    def is_agent(self) -> bool:
        """Whether this works for people and not for itself alone."""
        return self.name.startswith("agent:")

    def state(self, now: datetime) -> State:
        """Return how it stands at a moment."""
        if not self.active:
            return State.DISABLED
        if now >= self.expires:
            return State.EXPIRED
        if self.ownerless_since is not None:
            grace = timedelta(0) if self.is_agent else OWNERLESS_GRACE
            if now >= self.ownerless_since + grace:
                return State.OWNERLESS
        return State.ACTIVE


@dataclass(frozen=True, slots=True)
class ServiceDraft:
    """A service identity as somebody asks for it."""

    name: str
    owner: str
    purpose: str
    days: int
    public: bool = False


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A public key (RFC 7517) whose private half only the service has; `id` is its thumbprint (RFC 7638)."""

    id: str
    service: str
    jwk: Mapping[str, Any]
    added_by: str
    added: datetime
    last_used: datetime | None


@dataclass(frozen=True, slots=True)
class TrustDraft:
    """Whose tokens stand for a service identity: an issuer, our audience there, and what the token must say.

    `subject` must be the token's subject, or its beginning where `subject_prefix` is set; `claims` must all be there
    with exactly these values. `jwks` are the issuer's keys where it cannot be asked (a private cluster).
    """

    issuer: str
    audience: str
    subject: str
    subject_prefix: bool = False
    claims: Mapping[str, str] = field(default_factory=dict)
    jwks: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """A trust as it is kept."""

    id: str
    service: str
    terms: TrustDraft
    added_by: str
    added: datetime
    last_used: datetime | None


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service identity with its credentials, as whoever may read it sees it."""

    service: Service
    state: State
    keys: tuple[ServiceKey, ...]
    trusts: tuple[Trust, ...]


@dataclass(frozen=True, slots=True)
class MachineToken:
    """An access token that was just made for a service or an agent, and whose it is; it is shown once."""

    secret: str = field(repr=False)
    identity: Identity
    audience: str
    expires: datetime
