"""What the settings say of audit exporters: where events go, in which form, and which of them."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bailiwick.control.protected_urls import ProtectedUrl
from bailiwick.control.vault import SecretFrom


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Exporter(_Section):
    """What all kinds have. `actions` are beginnings of actions ("session."); none means all, as for `outcomes`.

    A batch is sent when `batch_events` wait or the oldest waits for `batch_seconds`.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    actions: tuple[str, ...] = ()
    outcomes: frozenset[Literal["success", "refused", "failed"]] = frozenset()
    start: Literal["beginning", "now"] = "beginning"
    batch_events: int = Field(default=500, ge=1, le=10_000)
    batch_seconds: float = Field(default=0.0, ge=0, le=86_400)


class _Files(_Exporter):
    """What kinds that write files have."""

    format: Literal["json", "ocsf"] = "json"
    container: Literal["ndjson", "parquet"] = "ndjson"
    batch_events: int = Field(default=10_000, ge=1, le=10_000)
    batch_seconds: float = Field(default=60.0, ge=0, le=86_400)


class FolderExporter(_Files):
    """Files in a folder, for example of a mounted share."""

    kind: Literal["folder"]
    path: Path


class S3Exporter(_Files):
    """Objects in a bucket of S3 or of storage that speaks its protocol."""

    kind: Literal["s3"]
    endpoint: ProtectedUrl
    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    region: str = "us-east-1"
    prefix: str = Field(default="bailiwick/", pattern=r"^([A-Za-z0-9!_.*'()-]+/)*$")
    access_key_id: SecretFrom
    secret_access_key: SecretFrom
    ca: Path | None = None


class WebhookExporter(_Exporter):
    """Signed HTTP requests, in the form of Standard Webhooks. The secret is `whsec_` and base64."""

    kind: Literal["webhook"]
    url: ProtectedUrl
    secret: SecretFrom
    format: Literal["json", "ocsf"] = "json"
    batch_events: int = Field(default=100, ge=1, le=1_000)
    ca: Path | None = None


class SplunkExporter(_Exporter):
    """Splunk's HTTP event collector. With `acknowledge`, a batch counts once the indexer says that it has it."""

    kind: Literal["splunk"]
    url: ProtectedUrl
    token: SecretFrom
    format: Literal["json", "ocsf"] = "json"
    index: str = ""
    source: str = "bailiwick"
    acknowledge: bool = False
    ca: Path | None = None


class SyslogExporter(_Exporter):
    """Syslog over TLS (RFC 5424, RFC 5425). `replay_seconds`: what was sent in the last so many seconds before a
    connection broke is sent again, because syslog never says what arrived.
    """

    kind: Literal["syslog"]
    host: str
    port: int = Field(default=6514, ge=1, le=65535)
    format: Literal["json", "ocsf", "cef"] = "json"
    server_name: str = ""
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    facility: int = Field(default=13, ge=0, le=23, description="13 is log audit (RFC 5424, 6.2.1)")
    replay_seconds: float = Field(default=30.0, ge=1, le=3_600)

    @model_validator(mode="after")
    def _a_certificate_has_a_key(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together")
        return self


ExporterOptions = Annotated[
    FolderExporter | S3Exporter | WebhookExporter | SplunkExporter | SyslogExporter, Field(discriminator="kind")
]
