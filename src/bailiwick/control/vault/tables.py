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
