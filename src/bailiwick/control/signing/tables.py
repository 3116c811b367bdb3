"""Where it is kept which signing keys there are; their private halves are the vault's."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class SigningKeyRow(Base):
    """A public key. `endorsement` is the word of the one before it, None for the first of its purpose."""

    __tablename__ = "signing_keys"
    __table_args__ = (UniqueConstraint("tenant", "purpose", "number", name="uq_signing_keys_purpose"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    number: Mapped[int]
    public: Mapped[str]
    since: Mapped[datetime]
    endorsement: Mapped[dict[str, Any] | None]
    ends: Mapped[datetime | None]
    revoked: Mapped[bool]
    because: Mapped[str]
    stops: Mapped[bool]
