"""Where versions of the settings are kept, and what drifted from them."""

from datetime import datetime
from typing import Any

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class SettingsVersionRow(Base):
    """What the settings came to at a start, signed; rows are added only. `plane` is empty for the control plane."""

    __tablename__ = "settings_versions"
    __table_args__ = (PrimaryKeyConstraint("tenant", "plane", "sequence"),)

    plane: Mapped[str] = mapped_column(server_default="")
    sequence: Mapped[int] = mapped_column(autoincrement=False)
    envelope: Mapped[dict[str, Any]]


class SettingsDriftRow(Base):
    """Settings that are elsewhere than the newest version says: where, whose hand, since when, and each line of it."""

    __tablename__ = "settings_drifts"
    __table_args__ = (PrimaryKeyConstraint("tenant", "id"),)

    id: Mapped[str]
    place: Mapped[str]
    who: Mapped[str]
    changed: Mapped[datetime | None]
    lines: Mapped[list[str]]
    found: Mapped[datetime]
    ended: Mapped[datetime | None]
