"""Settings of the platform's own upgrades: whose word counts, where to look, where environments are."""

import base64
import binascii
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

_KEY_BYTES = 32


def _is_a_key(text: str) -> str:
    try:
        if len(base64.b64decode(text, validate=True)) == _KEY_BYTES:
            return text
    except (binascii.Error, ValueError):
        pass
    raise ValueError("a release key is an Ed25519 public key: 32 bytes in base64")


class UpgradeSettings(BaseModel):
    """Upgrades are taken from `channel` (a folder, or an https address), or from a file by hand; from nowhere else.

    A release counts when `threshold` of the `keys` signed it. Environments are made under `environments`, where
    `current` leads to the one in use. `ca_file` is the authority of the channel's certificate, where that is the
    company's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: tuple[Annotated[str, AfterValidator(_is_a_key)], ...] = Field(min_length=1)
    threshold: int = Field(default=1, ge=1)
    channel: str = ""
    ca_file: Path | None = None
    environments: Path

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.threshold > len(set(self.keys)):
            raise ValueError(f"upgrades: threshold is {self.threshold}, and there are {len(set(self.keys))} keys")
        if "://" in self.channel and not self.channel.startswith("https://"):
            raise ValueError("upgrades: channel is a folder or an https address")
        return self
