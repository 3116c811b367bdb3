"""Secrets that lie in stores of the company: said by name where each does, and followed there."""

from bailiwick.control.secret_stores.leases import LeaseKeeper
from bailiwick.control.secret_stores.service import SecretStoreService, StoreView

__all__ = ["LeaseKeeper", "SecretStoreService", "StoreView"]
