"""Where integrations are reached from a plane, and as whom; credentials are named, and fetched apart."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from bailiwick.core.messages.addresses import SecretName, is_loopback, require_address
from bailiwick.core.messages.base import Message
from bailiwick.core.messages.credentials import BasicPassword, Credential, NoCredential, PersonConsent
from bailiwick.core.messages.reached import OfAUser, OverHttp
from bailiwick.core.messages.warehouses import BigQueryConnection, SnowflakeConnection
from bailiwick.core.webhooks import Scheme

_LONGEST_WAIT_SECONDS = 300.0


class DatabaseConnection(OfAUser):
    """A PostgreSQL database, with the account that the gateway signs in with.

    It is spoken to over TLS unless it is on this machine, or `tls` says that it is so there, too; `authority` is a
    certificate (PEM) to check it by, where its own is not of one that everybody trusts.
    """

    kind: Literal["postgresql"] = "postgresql"
    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=5432, ge=1, le=65535)
    database: str = Field(min_length=1, max_length=63)
    user: str = Field(min_length=1, max_length=63)
    tls: bool | None = None
    authority: str = Field(default="", max_length=20_000)

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.tls is False and not self._is_here:
            raise ValueError("rows go over TLS, unless the database is on this machine")
        return self

    @property
    def over_tls(self) -> bool:
        """Whether it is spoken to over TLS."""
        return not self._is_here if self.tls is None else self.tls

    @property
    def _is_here(self) -> bool:
        return self.host.startswith("/") or is_loopback(self.host)

    @property
    def words(self) -> str:
        """Where it is, without a credential."""
        return f"postgresql://{self.host}:{self.port}/{self.database}"


class MysqlConnection(OfAUser):
    """A MySQL or MariaDB database, with the account that the gateway signs in with.

    Without TLS it must be on this machine; `authority` is a certificate (PEM) to check it by, where its own is not of
    one that everybody trusts.
    """

    kind: Literal["mysql"]
    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=3306, ge=1, le=65535)
    database: str = Field(min_length=1, max_length=64)
    user: str = Field(min_length=1, max_length=80)
    tls: bool = True
    authority: str = Field(default="", max_length=20_000)

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if not self.tls and not is_loopback(self.host):
            raise ValueError("a credential goes over TLS, unless the database is on this machine")
        return self

    @property
    def words(self) -> str:
        """Where it is, without a credential."""
        return f"mysql://{self.host}:{self.port}/{self.database}"


class FileConnection(Message):
    """A SQLite or DuckDB file on the plane's host, in a folder that the plane names for that; read only by default."""

    kind: Literal["sqlite", "duckdb"]
    path: str = Field(pattern=r"^/[^\x00-\x1f]{1,1000}$")
    writable: bool = False

    @field_validator("path")
    @classmethod
    def _plain(cls, path: str) -> str:
        if ".." in path.split("/"):
            raise ValueError("a path has no '..'")
        return path

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return "the plane itself"

    @property
    def words(self) -> str:
        """Where it is."""
        return f"{self.kind}:{self.path}"

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs: a file needs none."""
        return frozenset()


class Webhook(Message):
    """What a system sends by itself, and how it signs it with a secret that it shares with the platform.

    What says that it was sent longer than `tolerance_seconds` ago, or is larger than `most_bytes`, is refused.
    """

    scheme: Scheme
    secret: SecretName
    tolerance_seconds: float = Field(default=300.0, ge=1, le=3600)
    most_bytes: int = Field(default=2**20, ge=1, le=25 * 2**20)


class HttpConnection(OverHttp):
    """Where something is that is called over HTTP. `authority` is a certificate (PEM) to check it by, where its own is
    not of one that everybody trusts. `client_certificate` names the secret that holds the certificate and key (PEM)
    that the gateway shows to it, where it wants mutual TLS. Nothing may be silent for longer than `timeout_seconds`,
    the head of an answer takes no longer in all, and a whole answer no longer than `answer_seconds`.
    """

    credential: Credential = NoCredential()
    client_certificate: SecretName | Literal[""] = ""
    timeout_seconds: float = Field(default=30.0, gt=0, le=_LONGEST_WAIT_SECONDS)
    answer_seconds: float = Field(default=3600.0, gt=0, le=86_400)
    most_answer_bytes: int = Field(default=64 * 2**20, ge=1024, le=2**36)

    @model_validator(mode="after")
    def _safe(self) -> Self:
        shows = not isinstance(self.credential, NoCredential)
        require_address(self.url, secret=shows)
        if self.client_certificate and not self.url.startswith("https:"):
            raise ValueError("a certificate is shown over https only")
        return self

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
        """The names of the secrets that planes need for it."""
        shown = {self.client_certificate} if self.client_certificate else set()
        return self.credential.secrets | shown

    @property
    def control_secrets(self) -> frozenset[str]:
        """The names of the secrets that stay with the control plane."""
        credential = self.credential
        return credential.control_secrets if isinstance(credential, PersonConsent) else frozenset()


class ServiceConnection(HttpConnection):
    """An HTTP service. Paths of calls are put behind `url`."""

    kind: Literal["http"]
    most_body_bytes: int = Field(default=16 * 2**20, ge=0, le=2**36)
    webhooks: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,38}$")], Webhook] = Field(
        default_factory=dict, max_length=20
    )

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that planes need for it."""
        return super().secrets | {webhook.secret for webhook in self.webhooks.values()}


class McpConnection(HttpConnection):
    """An MCP server that speaks Streamable HTTP at `url` (https://modelcontextprotocol.io/specification)."""

    kind: Literal["mcp"]


class MailConnection(Message):
    """A mail server that takes messages (RFC 6409). `security` is TLS from the first byte (`tls`, RFC 8314), after
    STARTTLS, or none, which no credential goes over.
    """

    kind: Literal["smtp"]
    host: str = Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$")
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    credential: NoCredential | BasicPassword = Field(default=NoCredential(), discriminator="kind")
    authority: str = Field(default="", max_length=20_000)
    timeout_seconds: float = Field(default=30.0, gt=0, le=_LONGEST_WAIT_SECONDS)

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.security == "none" and self.credential.secrets and not is_loopback(self.host):
            raise ValueError("a credential goes over TLS only")
        return self

    @property
    def words(self) -> str:
        """Where it is, without a credential."""
        return f"smtp://{self.host}:{self.port}"

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return self.credential.account

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs."""
        return self.credential.secrets


AnyConnection = Annotated[
    DatabaseConnection
    | MysqlConnection
    | FileConnection
    | BigQueryConnection
    | SnowflakeConnection
    | ServiceConnection
    | McpConnection
    | MailConnection,
    Field(discriminator="kind"),
]
