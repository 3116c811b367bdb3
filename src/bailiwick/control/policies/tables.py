"""Where an organisation's policies are kept: every version, what is in force, and the questions that were asked."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.control.versions import VersionRow
from bailiwick.store import Base


class PolicyVersionRow(VersionRow):
    """A version of a set of policies."""

    __tablename__ = "policy_versions"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "name", "version"),
        Index("ix_policy_versions_state", "tenant", "state"),
    )

    tests: Mapped[str]


class PolicyForceRow(Base):
    """What is in force: all active sets as one Cedar text. The generation is new with every change."""

    __tablename__ = "policies_in_force"
    __table_args__ = (PrimaryKeyConstraint("tenant"),)

    generation: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str]


class AskedRow(Base):
    """A question that was asked on a day, how it was answered, and how many times."""

    __tablename__ = "decisions_asked"
    __table_args__ = (PrimaryKeyConstraint("tenant", "day", "key"), Index("ix_decisions_asked_last", "tenant", "last"))

    day: Mapped[date]
    key: Mapped[str]
    question: Mapped[dict[str, Any]]
    allowed: Mapped[bool]
    deciders: Mapped[list[str]]
    times: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[datetime]
