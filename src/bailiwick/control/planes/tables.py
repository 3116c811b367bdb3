"""Where the planes domain keeps how far each plane's spool has been taken in."""

from datetime import datetime

from sqlalchemy import BigInteger, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class SpoolRow(Base):
    """The last report of a plane's spool that is durable here."""

    __tablename__ = "plane_spools"
    __table_args__ = (PrimaryKeyConstraint("tenant", "plane", "spool"),)

    plane: Mapped[str]
    spool: Mapped[str]
    sequence: Mapped[int] = mapped_column(BigInteger)


class PlanePoliciesRow(Base):
    """By which policies of the organisation a plane decides, as it last said."""

    __tablename__ = "plane_policies"
    __table_args__ = (PrimaryKeyConstraint("tenant", "plane"),)

    plane: Mapped[str]
    generation: Mapped[int] = mapped_column(BigInteger)
    fault: Mapped[str]
    time: Mapped[datetime]
