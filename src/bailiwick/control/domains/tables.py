"""Where domains are kept."""

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class DomainRow(Base):
    """A host name that one app has; each tenant has planes, and so a router, of its own."""

    __tablename__ = "app_domains"
    __table_args__ = (PrimaryKeyConstraint("tenant", "host"), Index("ix_app_domains_app", "tenant", "app"))

    host: Mapped[str] = mapped_column()
    app: Mapped[str]
    bound_by: Mapped[str]
    bound_at: Mapped[datetime]
    reason: Mapped[str]
