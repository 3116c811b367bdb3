"""Where settings say a secret is: a file, an environment variable, or the vault; and how the first two are read."""

import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

from bailiwick.control.vault.errors import SecretNotFoundError


class SecretFrom(BaseModel):
    """Where a secret is: a file, an environment variable, or the vault. It is read anew for every connection."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path | None = None
    env: str | None = None
    vault: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.file, self.env, self.vault)) != 1:
            raise ValueError("say one of file, env and vault")
        return self


def read_outside(place: SecretFrom) -> SecretStr:
    """Return a secret of a file or the environment; raise `SecretNotFoundError` that names the place, never a value."""
    if place.file is not None:
        return found(_from_file(place.file), f"file {place.file}")
    return found(os.environ.get(place.env or "", ""), f"environment variable {place.env}")


def found(value: str, where: str) -> SecretStr:
    """Return a secret that was read; raise `SecretNotFoundError` when it is empty."""
    if not value:
        raise SecretNotFoundError(f"the {where} holds no secret", hint="put it there; it is read again at the next try")
    return SecretStr(value)


def _from_file(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
