"""The keys of the vault as people work with them: looked at, rotated, moved to another provider, and destroyed."""

from bailiwick.control.encryption_keys.errors import ShreddingNotWaitingError
from bailiwick.control.encryption_keys.model import KeysView, Shredding
from bailiwick.control.encryption_keys.service import EncryptionKeyService

__all__ = ["EncryptionKeyService", "KeysView", "Shredding", "ShreddingNotWaitingError"]
