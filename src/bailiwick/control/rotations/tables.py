"""Where rules of rotation, and rotations, are kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class RuleRow(Base):
    """How a secret is rotated: `source` is as JSON, None where only a person can.

    `due_at` is when the value in force comes near its end, None where it has none.
    """

    __tablename__ = "secret_rules"
    __table_args__ = (PrimaryKeyConstraint("tenant", "name"),)

    name: Mapped[str]
    owner: Mapped[str]
    source: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    every_hours: Mapped[int]
    grace_minutes: Mapped[int]
    set_by: Mapped[str]
    set_at: Mapped[datetime]
    reason: Mapped[str]
    due_at: Mapped[datetime | None]


class RotationRow(Base):
    """One rotation; of a secret one is going on at most. It keeps the source that it began with.

    Whoever works on it has it until `next_try_at`. `again` says that the new value is not to stay, as it leaked.
    """

    __tablename__ = "secret_rotations"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index("uq_secret_rotations_going", "tenant", "name", unique=True, postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[str]
    name: Mapped[str]
    cause: Mapped[str]
    asked_by: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str]
    account: Mapped[str]
    old_account: Mapped[str]
    error: Mapped[str]
    old_version: Mapped[int]
    new_version: Mapped[int]
    attempts: Mapped[int]
    again: Mapped[bool]
    source: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    grace_minutes: Mapped[int]
    steps: Mapped[list[Any]] = mapped_column(JSONB)
    asked_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    switched_at: Mapped[datetime | None]
    revoke_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class ClientCertificateRow(Base):
    """A certificate that other systems are shown, by its serial number in hex. Its key is in the vault alone."""

    __tablename__ = "client_certificates"
    __table_args__ = (PrimaryKeyConstraint("tenant", "serial"),)

    serial: Mapped[str]
    secret: Mapped[str]
    subject: Mapped[str]
    issued_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
