"""The vault: secrets, the key hierarchy, signing keys, and the certificate authority of our own processes."""

from bailiwick.control.vault.authority import CertificateAuthority, Credentials
from bailiwick.control.vault.errors import (
    KeyDestroyedError,
    KeyUnavailableError,
    SealBrokenError,
    SecretNotFoundError,
)
from bailiwick.control.vault.keys import (
    KEY_BYTES,
    KeyOptions,
    KeyProvider,
    KeyRing,
    LocalFileKeyProvider,
    LocalFileOptions,
    Wrapped,
    key_id,
    open_keys,
    unwrap,
)
from bailiwick.control.vault.opening import open_vault
from bailiwick.control.vault.places import SecretFrom
from bailiwick.control.vault.reading import SecretReader, secret_reader
from bailiwick.control.vault.service import STAGED_VERSION, Held, SecretInfo, Vault, checked_value
from bailiwick.control.vault.tenant_keys import TenantKey

__all__ = [
    "KEY_BYTES",
    "STAGED_VERSION",
    "CertificateAuthority",
    "Credentials",
    "Held",
    "KeyDestroyedError",
    "KeyOptions",
    "KeyProvider",
    "KeyRing",
    "KeyUnavailableError",
    "LocalFileKeyProvider",
    "LocalFileOptions",
    "SealBrokenError",
    "SecretFrom",
    "SecretInfo",
    "SecretNotFoundError",
    "SecretReader",
    "TenantKey",
    "Vault",
    "Wrapped",
    "checked_value",
    "key_id",
    "open_keys",
    "open_vault",
    "secret_reader",
    "unwrap",
]
