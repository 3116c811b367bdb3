"""State in PostgreSQL: the engine, transactions by tenant, migrations, and the embedded server."""

from typing import TYPE_CHECKING

from bailiwick.store.names import DEFAULT_TENANT, TENANT_SETTING

if TYPE_CHECKING:
    from bailiwick.store.base import Base
    from bailiwick.store.database import Store
    from bailiwick.store.versioned import VersionedRow, Versions, versioned_by

__all__ = ["DEFAULT_TENANT", "TENANT_SETTING", "Base", "Store", "VersionedRow", "Versions", "versioned_by"]


def __getattr__(name: str) -> object:
    """Load the database's libraries when they are asked for: whoever only starts the embedded server needs none."""
    if name == "Base":
        from bailiwick.store.base import Base  # noqa: PLC0415

        return Base
    if name == "Store":
        from bailiwick.store.database import Store  # noqa: PLC0415

        return Store
    if name in {"VersionedRow", "Versions", "versioned_by"}:
        from bailiwick.store import versioned  # noqa: PLC0415

        return getattr(versioned, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
