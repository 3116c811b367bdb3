"""What the settings say of rotation: the hooks that make, try and take away values of the company's own systems."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from bailiwick.control.notice_settings import LOOPBACK
from bailiwick.control.vault import SecretFrom

_HookName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]


class HookOptions(BaseModel):
    """A hook: its address (HTTPS, or on this very machine), the token that it is shown, and its authority."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(max_length=1000)
    token: SecretFrom | None = None
    ca: Path | None = None

    @field_validator("url")
    @classmethod
    def _is_protected(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.username is not None or parts.fragment or not parts.hostname:
            raise ValueError("a hook's address has a host, and neither user nor fragment")
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("a hook's address begins with https://")
        return url


class RotationSettings(BaseModel):
    """Hooks by the names that rules of rotation use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hooks: dict[_HookName, HookOptions] = Field(default_factory=dict)
