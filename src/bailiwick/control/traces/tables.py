"""Where traces are kept: spans in a partition a day, counts by minute, hour and day, and groups of errors."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class SpanRow(Base):
    """One piece of work in a trace, as `SpanSeen` tells it."""

    __tablename__ = "spans"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "trace", "span", "start"),
        Index("ix_spans_roots", "tenant", "app", "mode", "start", postgresql_where=text("parent = ''")),
        {"postgresql_partition_by": "RANGE (start)"},
    )

    trace: Mapped[str]
    span: Mapped[str]
    start: Mapped[datetime]
    parent: Mapped[str]
    app: Mapped[str]
    mode: Mapped[str]
    branch: Mapped[str]
    release: Mapped[str]
    plane: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    target: Mapped[str]
    outcome: Mapped[str]
    status: Mapped[int]
    microseconds: Mapped[int] = mapped_column(BigInteger)
    person: Mapped[str]
    facts: Mapped[dict[str, Any]]


class SpanRollupRow(Base):
    """All spans of one name over so many `seconds`; a name that is empty is all requests together."""

    __tablename__ = "span_rollups"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "app", "mode", "seconds", "kind", "name", "target", "release", "start"),
        Index("ix_span_rollups_start", "tenant", "seconds", "start"),
    )

    app: Mapped[str]
    mode: Mapped[str]
    seconds: Mapped[int]
    kind: Mapped[str]
    name: Mapped[str]
    target: Mapped[str]
    release: Mapped[str]
    start: Mapped[datetime]
    count: Mapped[int] = mapped_column(BigInteger)
    errors: Mapped[int] = mapped_column(BigInteger)
    refused: Mapped[int] = mapped_column(BigInteger)
    microseconds: Mapped[int] = mapped_column(BigInteger)
    buckets: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class ErrorGroupRow(Base):
    """Errors of one type at one place of an app in a mode, in any release."""

    __tablename__ = "error_groups"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "mode", "fingerprint"),)

    app: Mapped[str]
    mode: Mapped[str]
    fingerprint: Mapped[str]
    type: Mapped[str]
    place: Mapped[str]
    name: Mapped[str]
    count: Mapped[int] = mapped_column(BigInteger)
    first: Mapped[datetime]
    last: Mapped[datetime]
    first_release: Mapped[str]
    last_release: Mapped[str]
    trace: Mapped[str]


class AppMetricRow(Base):
    """A series of an app's own metric over so many `seconds`; `labels` are JSON in one form."""

    __tablename__ = "app_metrics"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "app", "mode", "seconds", "name", "labels", "start"),
        Index("ix_app_metrics_start", "tenant", "seconds", "start"),
    )

    app: Mapped[str]
    mode: Mapped[str]
    seconds: Mapped[int]
    name: Mapped[str]
    labels: Mapped[str]
    start: Mapped[datetime]
    unit: Mapped[str]
    kind: Mapped[str]
    value: Mapped[float]
    count: Mapped[int] = mapped_column(BigInteger)


class SpanDaysRow(Base):
    """For how many days the tenant keeps spans."""

    __tablename__ = "span_days"
    __table_args__ = (PrimaryKeyConstraint("tenant"),)

    kept: Mapped[int]
