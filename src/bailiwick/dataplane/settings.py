"""A data plane's settings: one YAML file; unknown keys are refused."""

from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field


class DataPlaneSettings(BaseModel):
    """Everything that a data plane must be told.

    `state` must be reachable by the uids of tenants; `allow_networks` are internal networks that declared egress may
    reach, none by default. `proxies` are the networks of proxies in front of it, which must say with the PROXY protocol
    for whom they connect.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    plane: str
    control_url: str
    credentials: Path
    state: Path
    ingress_host: str = "127.0.0.1"
    ingress_port: int
    host_suffix: str
    wheels: Path
    allow_networks: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the settings; raises pydantic's `ValidationError` that names each wrong key."""
        return cls.model_validate(yaml.safe_load(path.read_text()))


class FrontSettings(BaseModel):
    """Where the front listens and to which plane each host suffix belongs, as `suffix: host:port`.

    `announce` tells planes with the PROXY protocol for whom the front connects; they must have it in their `proxies`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int
    forward: dict[str, str] = Field(min_length=1)
    announce: bool = False

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the settings; raises pydantic's `ValidationError` that names each wrong key."""
        return cls.model_validate(yaml.safe_load(path.read_text()))
