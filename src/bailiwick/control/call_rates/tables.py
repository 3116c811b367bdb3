"""Where it is kept when the next call of somebody would be due, if all came evenly."""

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from bailiwick.store import Base


class CallRateRow(Base):
    """One number of whoever calls."""

    __tablename__ = "call_rates"
    __table_args__ = (PrimaryKeyConstraint("tenant", "who"), Index("ix_call_rates_due", "tenant", "due"))

    who: Mapped[str]
    due: Mapped[datetime]
