"""The base of all tables: types, names of constraints, and the tenant that owns each row."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, MetaData, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bailiwick.store.names import TENANT_SETTING

_CONSTRAINT_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table. A row belongs to the tenant of the transaction that made it, and only its tenant's ones see it."""

    metadata = MetaData(naming_convention=_CONSTRAINT_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: JSONB,
    }

    tenant: Mapped[str] = mapped_column(String, server_default=text(f"current_setting('{TENANT_SETTING}')"))
