"""The vault: secrets, the key hierarchy, signing keys, and the certificate authority of our own processes."""

from bailiwick.control.vault.authority import CertificateAuthority, Credentials
from bailiwick.control.vault.errors import KeyUnavailableError, SealBrokenError, SecretNotFoundError
from bailiwick.control.vault.keys import KEY_BYTES, KeyProvider, LocalFileKeyProvider, unwrap
from bailiwick.control.vault.places import SecretFrom, SecretReader, secret_reader
from bailiwick.control.vault.service import SecretInfo, Vault

__all__ = [
    "KEY_BYTES",
    "CertificateAuthority",
    "Credentials",
    "KeyProvider",
    "KeyUnavailableError",
    "LocalFileKeyProvider",
    "SealBrokenError",
    "SecretFrom",
    "SecretInfo",
    "SecretNotFoundError",
    "SecretReader",
    "Vault",
    "secret_reader",
    "unwrap",
]
