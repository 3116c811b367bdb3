"""Where it is kept with which version of the register an installation began, and which fields somebody switched."""

from datetime import datetime

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class TelemetryBaselineRow(Base):
    """The register's version when this installation began: what came later is off until it is turned on."""

    __tablename__ = "telemetry_baseline"
    __table_args__ = (PrimaryKeyConstraint("tenant"),)

    version: Mapped[int]
    time: Mapped[datetime]


class TelemetrySwitchRow(Base):
    """A field that somebody turned on or off."""

    __tablename__ = "telemetry_switches"
    __table_args__ = (PrimaryKeyConstraint("tenant", "name"),)

    name: Mapped[str]
    on: Mapped[bool] = mapped_column()
    by: Mapped[str]
    reason: Mapped[str]
    time: Mapped[datetime]
