"""Where the vault keeps its ciphertexts."""

from datetime import datetime

from sqlalchemy import LargeBinary, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class TenantKeyRow(Base):
    """A version of a tenant's key, wrapped by the company's; empty once it was destroyed.

    The times are unknown (None) of what was made before they were written down.
    """

    __tablename__ = "vault_keys"
    __table_args__ = (PrimaryKeyConstraint("tenant", "version"),)

    version: Mapped[int]
    kek_id: Mapped[str]
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime | None]
    wrapped_at: Mapped[datetime | None]
    destroyed_at: Mapped[datetime | None]


class SecretRow(Base):
    """One version of something secret, sealed under the tenant's key.

    Kinds are "secret", "staged" (what may become the next version of one), "signing-key" and "platform". `account` is
    who signs in with it, empty where whoever uses it says so itself.
    """

    __tablename__ = "vault_secrets"
    __table_args__ = (PrimaryKeyConstraint("tenant", "kind", "name", "version"),)

    kind: Mapped[str]
    name: Mapped[str]
    version: Mapped[int]
    key_version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    account: Mapped[str] = mapped_column(server_default="")
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class SecretEntryRow(Base):
    """For which planes a secret is ("production", "non-production" or "both"), and which store has its values, empty
    for the vault itself.

    `version` counts the versions that were seen in the store, `store_version` is the newest one as the store calls it,
    seen first at `seen_at`, and `fault` says why it could not be read the last time. Of a `leased` one the store makes
    accounts, which the vault itself keeps: `version` is that of the account that is good, 0 while there is none.
    """

    __tablename__ = "vault_entries"
    __table_args__ = (PrimaryKeyConstraint("tenant", "name"),)

    name: Mapped[str]
    environment: Mapped[str]
    made_at: Mapped[datetime]
    store: Mapped[str] = mapped_column(server_default="")
    path: Mapped[str] = mapped_column(server_default="")
    field: Mapped[str] = mapped_column(server_default="")
    pinned: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default="0")
    store_version: Mapped[str] = mapped_column(server_default="")
    seen_at: Mapped[datetime | None]
    leased: Mapped[bool] = mapped_column(server_default="false")
    linked_by: Mapped[str] = mapped_column(server_default="")
    fault: Mapped[str] = mapped_column(server_default="")
