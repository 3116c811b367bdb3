"""Where it is kept what came of trying what must not be reached."""

from datetime import datetime
from typing import Any

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from bailiwick.store import Base


class PlaneNetworksRow(Base):
    """The last round of a plane, or of the control plane, and since when it comes to the same."""

    __tablename__ = "plane_networks"
    __table_args__ = (PrimaryKeyConstraint("tenant", "plane"),)

    plane: Mapped[str]
    report: Mapped[dict[str, Any]]
    since: Mapped[datetime]
    time: Mapped[datetime]
