"""What the settings say of rotation: the systems that make, try and take away values, with their addresses."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from bailiwick.control.notice_settings import LOOPBACK
from bailiwick.control.vault import SecretFrom

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]


class HookOptions(BaseModel):
    """A hook: its address (HTTPS, or on this very machine), the token that it is shown, and its authority."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(max_length=1000)
    token: SecretFrom | None = None
    ca: Path | None = None

    @field_validator("url")
    @classmethod
    def _is_protected(cls, url: str) -> str:
        return _protected(url, "a hook's")


class AuthorizationServerOptions(BaseModel):
    """An authorization server that makes secrets of its clients (RFC 7592): where it keeps a client, whose name stands
    for `{client}`, where it gives tokens, and its authority.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    configuration_url: str = Field(max_length=1000)
    token_url: str = Field(max_length=1000)
    ca: Path | None = None

    @field_validator("configuration_url", "token_url")
    @classmethod
    def _is_protected(cls, url: str) -> str:
        return _protected(url, "an authorization server's")

    @field_validator("configuration_url")
    @classmethod
    def _has_a_place(cls, url: str) -> str:
        if "{client}" not in urlsplit(url).path + urlsplit(url).query:
            raise ValueError("{client} stands for the client in the path of its configuration_url")
        return url


class RotationSettings(BaseModel):
    """Hooks and authorization servers by the names that rules of rotation use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hooks: dict[_Name, HookOptions] = Field(default_factory=dict)
    authorization_servers: dict[_Name, AuthorizationServerOptions] = Field(default_factory=dict)


def _protected(url: str, whose: str) -> str:
    """Return an address that values may be sent to: over HTTPS, or on this very machine."""
    parts = urlsplit(url)
    if parts.username is not None or parts.fragment or not parts.hostname:
        raise ValueError(f"{whose} address has a host, and neither user nor fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError(f"{whose} address begins with https://")
    return url
