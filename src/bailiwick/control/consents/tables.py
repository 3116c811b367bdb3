"""Where consents are kept; what renews tokens is in the vault, under the consent's id."""

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class ConsentRow(Base):
    """What a person let apps do at a service. One that ended stays a while, so that planes hear of it.

    `epoch` is the person's when they consented. Whoever renews the token holds the row until `busy_until`, by a name of
    its own in `busy_by`, so that what renews it is never shown twice.
    """

    __tablename__ = "consents"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index(
            "ix_consents_live", "tenant", "integration", "plane", "person",
            unique=True, postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str]
    integration: Mapped[str]
    plane: Mapped[str]
    person: Mapped[str]
    epoch: Mapped[int]
    fingerprint: Mapped[str]
    scopes: Mapped[list[str]]
    account: Mapped[str]
    connected_at: Mapped[datetime]
    token_ends: Mapped[datetime]
    renewed_by_itself: Mapped[bool]
    refreshed_at: Mapped[datetime | None]
    lapsed_at: Mapped[datetime | None]
    lapsed_because: Mapped[str] = mapped_column(server_default="")
    ended_at: Mapped[datetime | None]
    busy_by: Mapped[str] = mapped_column(server_default="")
    busy_until: Mapped[datetime | None]


class ConsentAttemptRow(Base):
    """A consent that was begun: what must come back, and to which browser session."""

    __tablename__ = "consent_attempts"

    state_hash: Mapped[str] = mapped_column(primary_key=True)
    integration: Mapped[str]
    plane: Mapped[str]
    person: Mapped[str]
    session_id: Mapped[str]
    verifier: Mapped[str]
    fingerprint: Mapped[str]
    expires: Mapped[datetime]
