"""What every store of secrets can do: give one value by where it lies. It is never asked what else there is."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value lies: a path in a store, a field of what is there, and a version of it, empty for the newest."""

    store: str
    path: str
    field: str = ""
    pinned: str = ""

    @property
    def words(self) -> str:
        """It as people write it."""
        return f"{self.store}:{self.path}{f'#{self.field}' if self.field else ''}"


@dataclass(frozen=True, slots=True)
class Found:
    """A value, and the version as the store calls it, empty where it has none."""

    value: str = field(repr=False)
    version: str
    made_at: datetime | None = None


class SecretStore(Protocol):
    """A store. Raises `StoreUnavailableError` when it does not answer, `StoreRefusedError` when it denies, and
    `StoreVersionError` when there is no such value or version; no message holds a value or a credential.
    """

    def read(self, spot: Spot) -> Found:
        """Return the value that lies there now."""
