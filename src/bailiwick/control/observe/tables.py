"""Where telemetry is kept: how each app is doing, request rollups, evidence of stops, job runs, and limits reached."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class AppStatusRow(Base):
    """What a plane last said of an app in a mode; `ran` is the release that was last said to run."""

    __tablename__ = "app_statuses"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "mode"),)

    app: Mapped[str]
    mode: Mapped[str]
    plane: Mapped[str]
    release: Mapped[str]
    status: Mapped[str]
    words: Mapped[str]
    time: Mapped[datetime]
    ran: Mapped[str] = mapped_column(server_default="")


class RequestRollupRow(Base):
    """Requests of one app over a few seconds, as its plane counted them."""

    __tablename__ = "request_rollups"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "plane", "app", "mode", "start"),
        Index("ix_request_rollups_app_start", "tenant", "app", "mode", "start"),
    )

    plane: Mapped[str]
    app: Mapped[str]
    mode: Mapped[str]
    start: Mapped[datetime]
    release: Mapped[str]
    seconds: Mapped[float]
    ok: Mapped[int]
    client_errors: Mapped[int]
    server_errors: Mapped[int]
    p50_ms: Mapped[float]
    p95_ms: Mapped[float]


class EgressRollupRow(Base):
    """A host that an app called over a minute; `protocol` is empty for what its manifest does not declare."""

    __tablename__ = "egress_rollups"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "app", "mode", "start", "plane", "address"),
        Index("ix_egress_rollups_start", "tenant", "start"),
    )

    app: Mapped[str]
    mode: Mapped[str]
    start: Mapped[datetime]
    plane: Mapped[str]
    address: Mapped[str]
    protocol: Mapped[str]
    connections: Mapped[int]
    requests: Mapped[int]
    sent: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger)
    refused: Mapped[int]
    reason: Mapped[str]
    last: Mapped[datetime]
    people: Mapped[dict[str, Any]]


class KillEvidenceRow(Base):
    """What stood in the counters, traces and logs at the moment when an app was stopped by itself."""

    __tablename__ = "kill_evidence"

    id: Mapped[str] = mapped_column(primary_key=True)
    app: Mapped[str] = mapped_column(index=True)
    time: Mapped[datetime]
    body: Mapped[dict[str, Any]]


class JobRunRow(Base):
    """A run of an app's job, or that there was none; `due` is when it fell due, unless somebody asked for it."""

    __tablename__ = "job_runs"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "app", "run"),
        Index("ix_job_runs_app_time", "tenant", "app", "started"),
    )

    app: Mapped[str]
    run: Mapped[str]
    job: Mapped[str]
    release: Mapped[str]
    status: Mapped[str]
    started: Mapped[datetime]
    ended: Mapped[datetime | None]
    log_lines: Mapped[list[str]]
    due: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(server_default="1")
    words: Mapped[str] = mapped_column(server_default="")
    asked_by: Mapped[str] = mapped_column(server_default="")


class WorkerRow(Base):
    """How a worker of an app and its queue stand, as its plane last said; `letters` are messages that it gave up."""

    __tablename__ = "worker_states"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "mode", "branch", "worker"),)

    app: Mapped[str]
    mode: Mapped[str]
    branch: Mapped[str]
    worker: Mapped[str]
    release: Mapped[str]
    status: Mapped[str]
    words: Mapped[str]
    waiting: Mapped[int]
    taken: Mapped[int]
    dead: Mapped[int]
    letters: Mapped[list[Any]] = mapped_column(JSONB)
    log_lines: Mapped[list[str]]
    time: Mapped[datetime]


class WallNoteRow(Base):
    """How often a release ran into a wall of its sandbox: a limit, or a system call that it was refused."""

    __tablename__ = "wall_notes"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "mode", "branch", "release", "wall", "name"),)

    app: Mapped[str]
    mode: Mapped[str]
    branch: Mapped[str]
    release: Mapped[str]
    wall: Mapped[str]
    name: Mapped[str]
    words: Mapped[str]
    count: Mapped[int] = mapped_column(BigInteger)
    first: Mapped[datetime]
    last: Mapped[datetime]


class StorageRow(Base):
    """How full the storage of an app is, as its plane last told."""

    __tablename__ = "app_storage"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "mode", "branch"),)

    app: Mapped[str]
    mode: Mapped[str]
    branch: Mapped[str]
    used_bytes: Mapped[int] = mapped_column(BigInteger)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    files: Mapped[int] = mapped_column(BigInteger)
    most_files: Mapped[int] = mapped_column(BigInteger)
    time: Mapped[datetime]
