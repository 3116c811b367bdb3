"""Who acts: people, services, agents for people, and apps, with the facts that policy may ask about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self

from bailiwick.core.errors import InvalidInputError

KINDS = ("user", "service", "agent", "app", "plane", "anonymous")
_FORM = re.compile(r"(user|service|agent|app|plane|anonymous):([^\s:][^\s]{0,253})")
_FOR = "/for/"


@dataclass(frozen=True, slots=True)
class Principal:
    """A name for whoever acts, written `user:alice@example.com` or `app:finance/refund-desk`."""

    kind: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; raise `InvalidInputError` when it is not one."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise InvalidInputError(
                f"'{text[:80]}' does not name a principal",
                hint="write it as kind:name, for example user:alice@example.com",
            )
        return cls(match[1], match[2])

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @property
    def behalf(self) -> str:
        """The written name of the person that an agent works for, empty for everybody else."""
        return self.name.partition(_FOR)[2] if self.kind == "agent" else ""

    @property
    def own(self) -> str:
        """The written name without the person that an agent works for: `agent:claude-code`."""
        return f"{self.kind}:{self.name.partition(_FOR)[0]}" if self.behalf else str(self)

    @property
    def answerable(self) -> str:
        """The written name of whoever what was made belongs to: the person, where an agent made it for one."""
        return self.behalf or str(self)


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a person showed who they are: `age_seconds` ago, and whether with more than one factor."""

    age_seconds: int
    second_factor: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """A principal with what is known of it at the moment of asking.

    `names` are all names under which roles may be held (itself, `group:…`); `attributes` come from the directory
    (such as `region`); `epoch` is the revocation count under which the credential was made; `sign_in` is None where
    the credential does not tell; `address` is the network address that the request comes from, empty where none is
    known. `behalf` is the person that an agent works for: whoever asks what such an agent may do asks about both. A
    name that says "for somebody" without that somebody cannot be made.
    """

    principal: Principal
    names: frozenset[str]
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    epoch: int = 0
    sign_in: SignIn | None = None
    address: str = ""
    behalf: "Identity | None" = None

    def __post_init__(self) -> None:
        """Refuse an agent that says it works for somebody else than the one given, or for no person."""
        told = str(self.behalf.principal) if self.behalf is not None else ""
        if told != self.principal.behalf or (self.behalf is not None and not self.behalf.is_person):
            raise ValueError(f"{self.principal} does not work for '{told}'")

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody knows who this is: a visitor of an app that is open to everybody."""
        return self.principal.kind == "anonymous"

    @property
    def is_person(self) -> bool:
        """Whether a named human stands behind this."""
        return self.principal.kind == "user"

    @property
    def is_app(self) -> bool:
        """Whether an app acts for itself, and serves nobody."""
        return self.principal.kind == "app"

    def is_revoked(self, epochs: Mapping[str, int]) -> bool:
        """Return whether this was made before its principal's credentials ended; `epochs` are the present ones."""
        behind = self.behalf is not None and self.behalf.is_revoked(epochs)
        return behind or self.epoch < epochs.get(self.principal.own, 0)

    def for_person(self, person: Self) -> Self:
        """Return this agent as it works for a person: it may do what both may."""
        principal = Principal("agent", f"{self.principal.name}{_FOR}{person.principal}")
        return replace(self, principal=principal, behalf=person)

    def holding(self, name: str) -> Self:
        """Return this with one more name under which roles are held, of whoever it works for, too."""
        behind = self.behalf.holding(name) if self.behalf is not None else None
        return replace(self, names=self.names | {name}, behalf=behind)

    @classmethod
    def of_service(cls, principal: Principal) -> Self:
        """Return the identity of something that is not a person and holds roles under its own name only."""
        return cls(principal, frozenset({str(principal)}))

    @classmethod
    def of_name(cls, principal: Principal) -> Self:
        """Return the identity of which nothing but its name is kept, and that of whoever the name says it works for."""
        behind = cls.of_name(Principal.parse(principal.behalf)) if principal.behalf else None
        return cls(principal, frozenset({str(principal)}), behalf=behind)


def visitor_from(address: str) -> Identity:
    """Return the identity of somebody who is not signed in: it has no name under which a role could be held."""
    return Identity(Principal("anonymous", "visitor"), frozenset(), address=address)


@dataclass(frozen=True, slots=True)
class Call:
    """A request in flight: whose it is, through which app and release, under which W3C trace id (32 hex digits)."""

    identity: Identity
    app: str
    release: str
    trace: str
