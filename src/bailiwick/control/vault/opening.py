"""The vault as the settings describe it, for every process that opens it."""

from pathlib import Path

from bailiwick.control.audit import AuditLog
from bailiwick.control.vault.keys import KeyOptions, open_keys
from bailiwick.control.vault.service import Vault
from bailiwick.core.clock import Clock
from bailiwick.store import Store


def open_vault(options: KeyOptions, state: Path, store: Store, audit: AuditLog, clock: Clock) -> Vault:
    """Return the vault; raises `KeyUnavailableError` when the key file cannot be used."""
    return Vault(store, open_keys(options, state), audit, clock, options.cache_seconds)
