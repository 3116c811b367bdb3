"""Where calls of models are told: a collector that speaks OTLP over HTTP. Without one, nobody is told."""

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MOST_HEADERS = 20


class OtlpCollector(BaseModel):
    """`url` is what `/v1/traces` and `/v1/metrics` are put behind: https, or http to this machine.

    `headers_file` holds what is sent besides, such as a token, as lines of `name: value`; `ca` is a file with the
    authorities that its certificate may be of, instead of the system's. Spans go every `every_seconds`, metrics every
    `metrics_seconds`; of spans that wait, `queue` at most are kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(max_length=2000)
    headers_file: Path | None = None
    ca: Path | None = None
    every_seconds: float = Field(default=2.0, ge=0.05, le=300)
    metrics_seconds: float = Field(default=30.0, ge=0.05, le=3600)
    queue: int = Field(default=2048, ge=1, le=100_000)

    @field_validator("url")
    @classmethod
    def _without_end(cls, url: str) -> str:
        return url.rstrip("/")

    @model_validator(mode="after")
    def _over_tls(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the collector's url must be an http or https address")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("the collector's url is an address alone; a token goes into headers_file")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError("a collector on another machine is told over https only")
        return self

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the file; raises `ValueError` for lines that are none, without what they say."""
        if self.headers_file is None:
            return {}
        found: dict[str, str] = {}
        for number, line in enumerate(self.headers_file.read_text().splitlines(), 1):
            name, colon, value = line.partition(":")
            if not line.strip():
                continue
            if not colon or not name.strip().replace("-", "").isalnum() or not value.strip().isprintable():
                raise ValueError(f"{self.headers_file}, line {number}, is no header: name: value")
            found[name.strip().lower()] = value.strip()
        if len(found) > _MOST_HEADERS:
            raise ValueError(f"{self.headers_file} has more than {_MOST_HEADERS} headers")
        return found
