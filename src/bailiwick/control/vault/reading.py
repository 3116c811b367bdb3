"""Reads secrets from where settings say they are, the vault included."""

from collections.abc import Callable

from pydantic import SecretStr

from bailiwick.control.vault.errors import (
    SecretNotFoundError,
    StoreRefusedError,
    StoreUnavailableError,
    StoreVersionError,
)
from bailiwick.control.vault.places import SecretFrom, found, read_outside
from bailiwick.control.vault.service import Vault
from bailiwick.core.errors import BailiwickError
from bailiwick.store import Store

SecretReader = Callable[[SecretFrom], SecretStr]


def secret_reader(store: Store, vault: Vault) -> SecretReader:
    """Return a function that reads a secret; it raises `SecretNotFoundError` that names the place, never a value."""

    def read(place: SecretFrom) -> SecretStr:
        if place.vault is None:
            return read_outside(place)
        return found(_from_vault(store, vault, place.vault), f"vault's secret {place.vault}")

    return read


def _from_vault(store: Store, vault: Vault, name: str) -> str:
    try:
        with store.transaction() as session:
            opened = vault.opener(session, name)
        return opened().value
    except (StoreUnavailableError, StoreRefusedError, StoreVersionError) as fault:
        raise SecretNotFoundError(
            f"the vault's secret {name} cannot be had: {fault.message}", hint=fault.hint
        ) from None
    except BailiwickError:
        return ""
