"""Who acts: people, services, agents for people, and apps, with the facts that policy may ask about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from bailiwick.core.errors import InvalidInputError

KINDS = ("user", "service", "agent", "app", "plane")
_FORM = re.compile(r"(user|service|agent|app|plane):([^\s:][^\s]{0,253})")


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
    the credential does not tell; `address` is the network address that the request comes from, empty
    where none is known.
    """

    principal: Principal
    names: frozenset[str]
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    epoch: int = 0
    sign_in: SignIn | None = None
    address: str = ""

    @property
    def is_person(self) -> bool:
        """Whether a named human stands behind this."""
        return self.principal.kind == "user"

    def is_revoked(self, epochs: Mapping[str, int]) -> bool:
        """Return whether this was made before its principal's credentials ended; `epochs` are the present ones."""
        return self.epoch < epochs.get(str(self.principal), 0)

    @classmethod
    def of_service(cls, principal: Principal) -> Self:
        """Return the identity of something that is not a person and holds roles under its own name only."""
        return cls(principal, frozenset({str(principal)}))


@dataclass(frozen=True, slots=True)
class Call:
    """A request in flight: whose it is, through which app and release, under which W3C trace id (32 hex digits)."""

    identity: Identity
    app: str
    release: str
    trace: str
