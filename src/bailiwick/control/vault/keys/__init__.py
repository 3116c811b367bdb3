"""The company's key: who holds it, and what wraps the keys of tenants with it."""

from bailiwick.control.vault.keys.local_file import LocalFileKeyProvider, key_id, unwrap
from bailiwick.control.vault.keys.options import KeyOptions, LocalFileOptions
from bailiwick.control.vault.keys.provider import KEY_BYTES, KeyProvider, Wrapped
from bailiwick.control.vault.keys.ring import KeyRing, open_keys

__all__ = [
    "KEY_BYTES",
    "KeyOptions",
    "KeyProvider",
    "KeyRing",
    "LocalFileKeyProvider",
    "LocalFileOptions",
    "Wrapped",
    "key_id",
    "open_keys",
    "unwrap",
]
