"""Where settings say a secret is: a file, an environment variable, or the vault; and how it is read from there."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

from bailiwick.control.vault.errors import SecretNotFoundError
from bailiwick.control.vault.service import Vault
from bailiwick.core.errors import BailiwickError
from bailiwick.store import Store


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


SecretReader = Callable[[SecretFrom], SecretStr]


def secret_reader(store: Store, vault: Vault) -> SecretReader:
    """Return a function that reads a secret; it raises `SecretNotFoundError` that names the place, never a value."""

    def read(place: SecretFrom) -> SecretStr:
        value = ""
        if place.file is not None:
            value, where = _from_file(place.file), f"file {place.file}"
        elif place.env is not None:
            value, where = os.environ.get(place.env, ""), f"environment variable {place.env}"
        else:
            value, where = _from_vault(store, vault, str(place.vault)), f"vault's secret {place.vault}"
        if not value:
            raise SecretNotFoundError(
                f"the {where} holds no secret", hint="put it there; it is read again at the next try"
            )
        return SecretStr(value)

    return read


def _from_file(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _from_vault(store: Store, vault: Vault, name: str) -> str:
    try:
        with store.transaction() as session:
            return vault.reveal(session, name)
    except BailiwickError:
        return ""
