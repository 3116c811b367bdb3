"""Reads the secrets of exporters: one that is not there is a delivery that failed, and is tried again."""

from pydantic import SecretStr

from bailiwick.control.exporters.errors import DeliveryError
from bailiwick.control.vault import SecretFrom, SecretNotFoundError, SecretReader, Vault
from bailiwick.control.vault import secret_reader as reader
from bailiwick.store import Store


def secret_reader(store: Store, vault: Vault) -> SecretReader:
    """Return a function that reads a secret; it raises `DeliveryError` that names the place when there is none."""
    found = reader(store, vault)

    def read(place: SecretFrom) -> SecretStr:
        try:
            return found(place)
        except SecretNotFoundError as fault:
            raise DeliveryError(fault.message, hint=fault.hint) from fault

    return read
