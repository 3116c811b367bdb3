"""Where stops are kept."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class KillRow(Base):
    """A stop of what `kind` and `subject` say, in one mode or (`mode` is empty) in all; it stands while it has no
    revival. `apps` are those that were a builder's when their apps were stopped, or the one that tripped a `rule` where
    a plane stopped it by itself. Attempts to let it run again are counted:
    the next is at `retry_at`, or on since `trial_since`.
    """

    __tablename__ = "kills"
    __table_args__ = (
        Index("ix_kills_subject", "tenant", "kind", "subject", "time"),
        Index("ix_kills_standing", "tenant", "time", postgresql_where=text("revived_at IS NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(server_default="app")
    subject: Mapped[str]
    apps: Mapped[list[str]] = mapped_column(server_default="[]")
    mode: Mapped[str]
    because: Mapped[str]
    by: Mapped[str]
    time: Mapped[datetime]
    evidence: Mapped[str]
    security: Mapped[bool] = mapped_column(server_default="false")
    drain_seconds: Mapped[int] = mapped_column(server_default="0")
    rule: Mapped[str] = mapped_column(server_default="", default="")
    attempt: Mapped[int] = mapped_column(server_default="0", default=0)
    retry_at: Mapped[datetime | None]
    trial_since: Mapped[datetime | None]
    revived_by: Mapped[str]
    revive_reason: Mapped[str]
    revived_at: Mapped[datetime | None]
