"""People and their credentials, as plain values."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bailiwick.core.principals import Identity

API_AUDIENCE = "api"
GIT_AUDIENCE = "git"
MCP_AUDIENCE = "mcp"
MODELS_AUDIENCE = "models"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the identity provider says of the sign-in itself (OpenID Connect Core 1.0, section 2), verified.

    `time` is when the person last showed who they are, None where the provider does not tell; `methods` and `level`
    are its `amr` and `acr`; `session` is its own session, named in back-channel logouts. A SAML provider has the class
    of the authentication context as its level; `called` is how it calls the person in logouts, and `ends` is when a
    session that rests on this sign-in is over at the latest, None where the provider leaves that to us.
    """

    provider: str = ""
    time: datetime | None = None
    methods: tuple[str, ...] = ()
    level: str = ""
    second_factor: bool = False
    session: str = ""
    called: str = ""
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProviderSession:
    """Somebody's session at an identity provider: the provider, its name for the session, and for the person."""

    provider: str
    session: str
    called: str


@dataclass(frozen=True, slots=True)
class LogoutNotice:
    """That a provider ended somebody's session; it names the session, the subject, or both.

    OpenID Connect Back-Channel Logout 1.0; SAML Profiles 2.0, section 4.4.
    """

    issuer: str
    subject: str
    session: str
    id: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Claims:
    """What the identity provider says of a person (OpenID Connect Core 1.0, section 5.1), verified."""

    issuer: str
    subject: str
    email: str
    name: str
    groups: tuple[str, ...]
    attributes: dict[str, str]
    proof: Proof = Proof()


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """Whoever has this claim is the one meant: an e-mail address, a subject, or being in a group."""

    claim: Literal["email", "subject", "group"]
    value: str

    def fits(self, claims: Claims) -> bool:
        """Return whether these are the claims of the one meant."""
        match self.claim:
            case "email":
                return claims.email == self.value.lower()
            case "subject":
                return claims.subject == self.value
            case "group":
                return self.value in claims.groups


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the directory last described them."""

    email: str
    name: str
    groups: tuple[str, ...]
    attributes: dict[str, str]
    epoch: int
    active: bool
    last_seen: datetime

    @property
    def principal(self) -> str:
        """The written name."""
        return f"user:{self.email}"


@dataclass(frozen=True, slots=True)
class NewSession:
    """A browser session that was just made; the secret goes into the cookie and is not kept here."""

    secret: str = field(repr=False)
    session_id: str
    csrf_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a session came from, for its person to recognise: an address, and a browser in two or three words."""

    address: str = ""
    browser: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a session or a code belongs to."""

    identity: Identity
    session_id: str
    name: str
    csrf_token: str = field(default="", repr=False)
    provider: str = ""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A bearer token that was just made; it is shown once."""

    secret: str = field(repr=False)
    expires: datetime


@dataclass(frozen=True, slots=True)
class HeldSession:
    """Something that acts for a person now: a browser, or a program that they let in for these doors."""

    id: str
    kind: Literal["browser", "program"]
    name: str
    address: str
    audiences: tuple[str, ...]
    created: datetime
    last_used: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """That a name (a person, a group, a service) holds a role on a scope and everything below it."""

    role: str
    holder: str
    scope: str
    given_by: str
    time: datetime
