"""Where integrations are kept."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class IntegrationRow(Base):
    """An integration: connections by plane, offers by access rule, classes of data by column, limits, as JSON. `off`
    says who switched it off and why, `connector` of which description it was made, `folder` whose apps may use it.
    """

    __tablename__ = "integrations"
    __table_args__ = (PrimaryKeyConstraint("tenant", "name"),)

    name: Mapped[str]
    kind: Mapped[str]
    description: Mapped[str]
    owner: Mapped[str]
    enabled: Mapped[bool]
    connections: Mapped[dict[str, Any]]
    offers: Mapped[dict[str, Any]]
    data_classes: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    limits: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    off: Mapped[str] = mapped_column(server_default="")
    connector: Mapped[str] = mapped_column(server_default="")
    folder: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]


class WithdrawnGrantRow(Base):
    """That an app gets nothing of an integration any more, whatever its release says."""

    __tablename__ = "withdrawn_grants"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "integration"),)

    app: Mapped[str]
    integration: Mapped[str]
    by: Mapped[str]
    reason: Mapped[str]
    time: Mapped[datetime]


class PressureRow(Base):
    """What a plane last told of what goes through an integration."""

    __tablename__ = "integration_pressure"
    __table_args__ = (PrimaryKeyConstraint("tenant", "integration", "plane"),)

    integration: Mapped[str]
    plane: Mapped[str]
    report: Mapped[dict[str, Any]]
    time: Mapped[datetime]


class DayUseRow(Base):
    """What a plane last told of what passed for an app in a day of what its grant limits."""

    __tablename__ = "day_uses"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "integration", "plane"),)

    app: Mapped[str]
    integration: Mapped[str]
    plane: Mapped[str]
    day: Mapped[date]
    report: Mapped[dict[str, Any]]


class AccountRow(Base):
    """An account of a connected system, as a data plane last saw it."""

    __tablename__ = "found_accounts"
    __table_args__ = (PrimaryKeyConstraint("tenant", "integration", "plane", "name"),)

    integration: Mapped[str]
    plane: Mapped[str]
    name: Mapped[str]
    superuser: Mapped[bool]
    member_of: Mapped[list[str]]
    expires: Mapped[datetime | None]
    found: Mapped[datetime]
    seen: Mapped[datetime]
    connected: Mapped[datetime | None]
