"""The vault: secrets, the key hierarchy, signing keys, and the certificate authority of our own processes."""

from bailiwick.control.vault.authority import CertificateAuthority, Credentials
from bailiwick.control.vault.errors import (
    KeyDestroyedError,
    KeyUnavailableError,
    SealBrokenError,
    SecretNotFoundError,
    StoreRefusedError,
    StoreUnavailableError,
    StoreVersionError,
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
from bailiwick.control.vault.model import (
    Environment,
    Held,
    Lies,
    SecretInfo,
    folder_of,
    is_within,
    place_of,
    require_name,
)
from bailiwick.control.vault.opening import open_vault
from bailiwick.control.vault.places import SecretFrom
from bailiwick.control.vault.reading import SecretReader, secret_reader
from bailiwick.control.vault.service import STAGED_VERSION, Vault, checked_value
from bailiwick.control.vault.stores import Spot, StoreOptions
from bailiwick.control.vault.stores.options import StoreName
from bailiwick.control.vault.tenant_keys import TenantKey

__all__ = [
    "KEY_BYTES",
    "STAGED_VERSION",
    "CertificateAuthority",
    "Credentials",
    "Environment",
    "Held",
    "KeyDestroyedError",
    "KeyOptions",
    "KeyProvider",
    "KeyRing",
    "KeyUnavailableError",
    "Lies",
    "LocalFileKeyProvider",
    "LocalFileOptions",
    "SealBrokenError",
    "SecretFrom",
    "SecretInfo",
    "SecretNotFoundError",
    "SecretReader",
    "Spot",
    "StoreName",
    "StoreOptions",
    "StoreRefusedError",
    "StoreUnavailableError",
    "StoreVersionError",
    "TenantKey",
    "Vault",
    "Wrapped",
    "checked_value",
    "folder_of",
    "is_within",
    "key_id",
    "open_keys",
    "open_vault",
    "place_of",
    "require_name",
    "secret_reader",
    "unwrap",
]
