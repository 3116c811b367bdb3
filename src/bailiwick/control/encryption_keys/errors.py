"""What can go wrong with the keys of the vault, besides what the vault itself says."""

from bailiwick.core.errors import ConflictError


class ShreddingNotWaitingError(ConflictError):
    """Nobody asked to destroy the tenant's keys, or that was decided about already."""

    code = "encryption-key.shredding-not-waiting"
