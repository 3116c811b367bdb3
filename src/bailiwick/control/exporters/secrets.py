"""Reads the secrets of exporters where the settings say they are."""

import os
from collections.abc import Callable

from pydantic import SecretStr

from bailiwick.control.exporter_settings import SecretFrom
from bailiwick.control.exporters.errors import DeliveryError
from bailiwick.control.vault import Vault
from bailiwick.core.errors import BailiwickError
from bailiwick.store import Store

SecretReader = Callable[[SecretFrom], SecretStr]


def secret_reader(store: Store, vault: Vault) -> SecretReader:
    """Return a function that reads a secret; it raises `DeliveryError` that names the place when there is none."""

    def read(place: SecretFrom) -> SecretStr:
        value = ""
        if place.file is not None:
            value, where = _from_file(place), f"file {place.file}"
        elif place.env is not None:
            value, where = os.environ.get(place.env, ""), f"environment variable {place.env}"
        else:
            value, where = _from_vault(store, vault, str(place.vault)), f"vault's secret {place.vault}"
        if not value:
            raise DeliveryError(f"the {where} holds no secret", hint="put it there; it is read again at the next try")
        return SecretStr(value)

    return read


def _from_file(place: SecretFrom) -> str:
    try:
        return place.file.read_text().strip() if place.file is not None else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _from_vault(store: Store, vault: Vault, name: str) -> str:
    try:
        with store.transaction() as session:
            return vault.reveal(session, name)
    except BailiwickError:
        return ""
