"""Where exporters keep how far they are and how they fare."""

from datetime import datetime

from sqlalchemy import BigInteger, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class ExporterRow(Base):
    """One exporter of the settings. Before `next_sequence` the receiver has everything; `batch_end`, when set, is
    where the batch ends that is being sent, so that a repeat sends the same batch. `noted`: its failure is in the log.
    """

    __tablename__ = "audit_exporters"
    __table_args__ = (PrimaryKeyConstraint("tenant", "name"),)

    name: Mapped[str]
    next_sequence: Mapped[int] = mapped_column(BigInteger)
    batch_end: Mapped[int | None] = mapped_column(BigInteger)
    sent: Mapped[int] = mapped_column(BigInteger)
    paused: Mapped[bool]
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    noted: Mapped[bool]
    last_error: Mapped[str]
    last_success: Mapped[datetime | None]
    next_attempt: Mapped[datetime | None]
