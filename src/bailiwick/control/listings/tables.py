"""Where the views of lists are kept that people save."""

from datetime import datetime
from typing import Any

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class ListViewRow(Base):
    """A view of a list under a name: what is asked of the list, as the pairs of an address. `id` is its own address."""

    __tablename__ = "list_views"
    __table_args__ = (PrimaryKeyConstraint("tenant", "id"), UniqueConstraint("tenant", "owner", "listing", "name"))

    id: Mapped[str] = mapped_column()
    owner: Mapped[str]
    listing: Mapped[str]
    name: Mapped[str]
    query: Mapped[dict[str, Any]]
    saved: Mapped[datetime]
