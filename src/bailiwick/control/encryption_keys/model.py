"""What may be seen of the vault's keys, and a wish to destroy them."""

from dataclasses import dataclass
from datetime import datetime

from bailiwick.control.vault import TenantKey


@dataclass(frozen=True, slots=True)
class Shredding:
    """A person's wish to destroy the tenant's keys, which waits for another person."""

    id: str
    asked_by: str
    asked_at: datetime
    reason: str
    ended_by: str
    ended_at: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class KeysView:
    """The hierarchy: who holds the company's key and which one it is, and the versions of the tenant's.

    `problem` is why the company's key cannot be used now, empty when it can; `present` is empty while it cannot. Opened
    keys are kept for `cache_seconds`. `own_key` says that the company's key dies with the tenant. `waiting` waits for
    another person.
    """

    tenant: str
    provider: str
    present: str
    problem: str
    cache_seconds: float
    own_key: bool
    versions: tuple[TenantKey, ...]
    waiting: Shredding | None
