"""Where answers to requests with an idempotency key are kept."""

from datetime import datetime

from sqlalchemy import LargeBinary, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class KeptAnswerRow(Base):
    """A request under its key; `status` is nothing until it was answered."""

    __tablename__ = "kept_answers"
    __table_args__ = (PrimaryKeyConstraint("tenant", "principal", "key"),)

    principal: Mapped[str]
    key: Mapped[str]
    request_hash: Mapped[str]
    begun: Mapped[datetime]
    status: Mapped[int | None]
    media_type: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)
