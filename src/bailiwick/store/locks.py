"""Locks of a transaction by name, each tenant's apart: whoever holds one holds up nobody of another tenant."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from bailiwick.store.names import TENANT_SETTING

_KEY = f"hashtextextended(:name || ' ' || current_setting('{TENANT_SETTING}'), 0)"
_ALONE = text(f"SELECT pg_advisory_xact_lock({_KEY})")
_TOGETHER = text(f"SELECT pg_advisory_xact_lock_shared({_KEY})")


def hold(session: Session, name: str) -> None:
    """Wait until nobody of this tenant holds the lock, and hold it until the transaction is over."""
    session.execute(_ALONE, {"name": name})


def hold_together(session: Session, name: str) -> None:
    """Wait until nobody holds the lock alone, and let nobody do so until the transaction is over."""
    session.execute(_TOGETHER, {"name": name})
