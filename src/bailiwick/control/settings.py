"""The control plane's settings: one YAML file, overridden by `BAILIWICK_…` variables; unknown keys are refused."""

from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Listen(_Section):
    """Where a server listens."""

    host: str = "127.0.0.1"
    port: int


class OidcProvider(_Section):
    """The company's identity provider, and how we are known there."""

    issuer: str
    client_id: str
    client_secret: SecretStr | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email", "groups")


class RoleRule(_Section):
    """A group of the directory that holds a role somewhere: how the first administrators come to be."""

    group: str
    role: str
    scope: str = "organization:default"


class Plane(_Section):
    """A data plane of this installation; its certificate is written into `credentials` and renewed there."""

    kind: Literal["editor", "production"]
    credentials: Path


class ControlSettings(BaseSettings):
    """Everything that the control plane process must be told."""

    model_config = SettingsConfigDict(env_prefix="BAILIWICK_", env_nested_delimiter="__", extra="forbid", frozen=True)

    database_url: SecretStr
    state: Path
    console: Listen
    planes_door: Listen
    public_url: str
    ingress_url: str
    oidc: OidcProvider
    role_rules: tuple[RoleRule, ...] = ()
    planes: dict[str, Plane] = Field(default_factory=dict)
    max_push_bytes: int = 50 * 2**20

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the settings from a YAML file; raises pydantic's `ValidationError` that names each wrong key."""
        return cls(**yaml.safe_load(path.read_text()))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment override the file."""
        return (env_settings, init_settings)
