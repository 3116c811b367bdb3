"""State in PostgreSQL: the engine, transactions by tenant, migrations, and the embedded server."""

from bailiwick.store.base import DEFAULT_TENANT, TENANT_SETTING, Base
from bailiwick.store.database import Store

__all__ = ["DEFAULT_TENANT", "TENANT_SETTING", "Base", "Store"]
