"""Where releases are built from, and where what was built is kept, as settings."""

from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bailiwick.control.vault import SecretFrom


class BuildOptions(BaseModel):
    """From which packages releases are built. Without `wheels` only apps without a lock file can be released.

    `wheels` is the folder that the organisation fills with wheels and tarballs of npm; `folder` is where the uids of
    sandboxes can read what is built, and nothing secret lies.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    wheels: Path | None = None
    folder: Path = Field(default=Path("/var/lib/bailiwick-build"))


class ArtifactOptions(BaseModel):
    """An OCI registry that keeps the artefacts, in the place of the embedded store.

    `registry` is its root, with https; on loopback http will do. `repository` is one name for all releases. `ca_file`
    is the authority of its certificate, where that is the company's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    registry: str = ""
    repository: str = Field(default="bailiwick/releases", pattern=r"^[a-z0-9]+([._/-][a-z0-9]+)*$", max_length=200)
    username: str = ""
    password: SecretFrom | None = None
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _is_reached_safely(self) -> Self:
        if not self.registry:
            return self
        parts = urlsplit(self.registry)
        if parts.username or parts.password:
            raise ValueError(
                "artifacts.registry: put the name and password into username and password, not the address"
            )
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
            raise ValueError("artifacts.registry must begin with https://; http:// is for loopback only")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
