"""Where guardrails are kept, every version of them."""

from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import VersionedRow, Versions, versioned_by

_KEY = ("section", "place", "environment")


class GuardrailRow(VersionedRow):
    """A version of what is said at a place about a section."""

    __tablename__ = "guardrails"
    __table_args__ = versioned_by(__tablename__, *_KEY)

    section: Mapped[str]
    place: Mapped[str]
    environment: Mapped[str]
    values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    binding: Mapped[bool]


GUARDRAILS = Versions(GuardrailRow, *_KEY)
