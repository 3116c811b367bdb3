"""Where integrations are reached from a plane, and as whom; credentials are named, and fetched apart."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from bailiwick.core.messages.base import Message
from bailiwick.core.webhooks import Scheme

_SecretName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
_PORTS = {"http": 80, "https": 443}
_LONGEST_WAIT_SECONDS = 300.0
# What the gateway writes itself: a credential in one of these would make two of it, or none.
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "cookie", "accept-encoding"})


class DatabaseConnection(Message):
    """A PostgreSQL database, with the account that the gateway signs in with."""

    kind: Literal["postgresql"] = "postgresql"
    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=5432, ge=1, le=65535)
    database: str = Field(min_length=1, max_length=63)
    user: str = Field(min_length=1, max_length=63)
    secret: _SecretName

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return self.user

    @property
    def words(self) -> str:
        """Where it is, without a credential."""
        return f"postgresql://{self.host}:{self.port}/{self.database}"

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs."""
        return frozenset({self.secret})


class NoCredential(Message):
    """A service that asks nobody who they are."""

    kind: Literal["none"] = "none"

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return "nobody"

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs."""
        return frozenset()


class BearerToken(Message):
    """A token that does not change, in `authorization` (RFC 6750)."""

    kind: Literal["bearer"]
    secret: _SecretName

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return "whoever the token is of"

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs."""
        return frozenset({self.secret})


class BasicPassword(Message):
    """A user and a password, in `authorization` (RFC 7617)."""

    kind: Literal["basic"]
    user: str = Field(pattern=r"^[!-9;-~][ -9;-~]{0,200}$")
    secret: _SecretName

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return self.user

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs."""
        return frozenset({self.secret})


class HeaderKey(Message):
    """A key that does not change, in a header of the service's own."""

    kind: Literal["header"]
    header: str = Field(pattern=r"^[a-z0-9-]{1,60}$")
    secret: _SecretName

    @field_validator("header")
    @classmethod
    def _not_ours(cls, name: str) -> str:
        if name in _OWN_HEADERS:
            raise ValueError(f"the header {name} cannot hold a credential")
        return name

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return "whoever the key is of"

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs."""
        return frozenset({self.secret})


class ClientCredentials(Message):
    """Tokens that the gateway gets for a client of its own (RFC 6749 section 4.4), and renews."""

    kind: Literal["client-credentials"]
    token_url: str = Field(max_length=1000)
    client: str = Field(pattern=r"^[!-~]{1,200}$")
    secret: _SecretName
    scopes: tuple[Annotated[str, Field(pattern=r"^[!#-[\]-~]{1,200}$")], ...] = ()
    shown: Literal["basic", "body"] = "basic"

    @field_validator("token_url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        return _address(url, secret=True)

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return self.client

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs."""
        return frozenset({self.secret})


Credential = Annotated[
    NoCredential | BearerToken | BasicPassword | HeaderKey | ClientCredentials, Field(discriminator="kind")
]


class Webhook(Message):
    """What a system sends by itself, and how it signs it with a secret that it shares with the platform.

    What says that it was sent longer than `tolerance_seconds` ago, or is larger than `most_bytes`, is refused.
    """

    scheme: Scheme
    secret: _SecretName
    tolerance_seconds: float = Field(default=300.0, ge=1, le=3600)
    most_bytes: int = Field(default=2**20, ge=1, le=25 * 2**20)


class ServiceConnection(Message):
    """An HTTP service. Paths of calls are put behind `url`; `authority` is a certificate (PEM) to check it by, where
    its own is not of one that everybody trusts. Nothing may be silent for longer than `timeout_seconds`, the head of an
    answer takes no longer in all, and a whole answer no longer than `answer_seconds`.
    """

    kind: Literal["http"]
    url: str = Field(max_length=1000)
    credential: Credential = NoCredential()
    authority: str = Field(default="", max_length=20_000)
    timeout_seconds: float = Field(default=30.0, gt=0, le=_LONGEST_WAIT_SECONDS)
    answer_seconds: float = Field(default=3600.0, gt=0, le=86_400)
    most_answer_bytes: int = Field(default=64 * 2**20, ge=1024, le=2**36)
    most_body_bytes: int = Field(default=16 * 2**20, ge=0, le=2**36)
    webhooks: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,38}$")], Webhook] = Field(
        default_factory=dict, max_length=20
    )

    @model_validator(mode="after")
    def _safe(self) -> Self:
        _address(self.url, secret=bool(self.credential.secrets))
        return self

    @property
    def host(self) -> str:
        """The host of its address."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port of its address."""
        parts = urlsplit(self.url)
        return parts.port or _PORTS[parts.scheme]

    @property
    def words(self) -> str:
        """Where it is, without a credential."""
        return self.url

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return self.credential.account

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs."""
        return self.credential.secrets | {webhook.secret for webhook in self.webhooks.values()}


AnyConnection = Annotated[DatabaseConnection | ServiceConnection, Field(discriminator="kind")]


def _address(url: str, *, secret: bool) -> str:
    """Return an address that calls may go to; raise `ValueError` for another.

    What carries a credential goes over TLS, unless it does not leave this machine.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("an address begins with https:// and a host")
    if parts.username is not None or parts.query or parts.fragment or any(mark in url for mark in ("\\", " ", "..")):
        raise ValueError("an address has no user, query, fragment or odd path")
    _ = parts.port  # raises for one that is none
    if secret and parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("a credential goes over https only")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
