"""Where it is kept what came of attacking the planes' sandboxes."""

from datetime import datetime
from typing import Any

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from bailiwick.store import Base


class PlaneAttackRow(Base):
    """The last result of a plane."""

    __tablename__ = "plane_attacks"
    __table_args__ = (PrimaryKeyConstraint("tenant", "plane"),)

    plane: Mapped[str]
    report: Mapped[dict[str, Any]]
    time: Mapped[datetime]
