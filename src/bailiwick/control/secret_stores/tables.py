"""Where leases of accounts are kept that stores made for us."""

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from bailiwick.store import Base


class LeaseRow(Base):
    """An account of a store, by a lease of so many `seconds` at first. `revoke_at` is set once it is not to go on.

    Whoever renews it has it until `renew_at`, which is moved before the store is asked.
    """

    __tablename__ = "secret_leases"
    __table_args__ = (PrimaryKeyConstraint("tenant", "id"),)

    id: Mapped[str]
    name: Mapped[str]
    store: Mapped[str]
    role: Mapped[str]
    lease: Mapped[str]
    account: Mapped[str]
    version: Mapped[int]
    seconds: Mapped[int]
    made_at: Mapped[datetime]
    renew_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    revoke_at: Mapped[datetime | None]
