"""Where access reviews are kept: campaigns, and their items with frozen evidence, decision and outcome."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class CampaignRow(Base):
    """A campaign."""

    __tablename__ = "access_reviews"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index("ix_access_reviews_state", "tenant", "state", "due"),
    )

    id: Mapped[str]
    name: Mapped[str]
    scope: Mapped[str]
    kinds: Mapped[list[str]]
    reviewers: Mapped[list[str]]
    due: Mapped[datetime]
    on_due: Mapped[str]
    state: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_by: Mapped[str]
    closed_at: Mapped[datetime | None]
    reminded: Mapped[list[str]]


class ItemRow(Base):
    """One access to decide about. `verdict` and `outcome` are empty until there is one."""

    __tablename__ = "access_review_items"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "campaign", "number"),
        ForeignKeyConstraint(
            ["tenant", "campaign"], ["access_reviews.tenant", "access_reviews.id"], ondelete="CASCADE"
        ),
        Index("ix_access_review_items_holder", "tenant", "holder"),
        Index("ix_access_review_items_kind", "tenant", "campaign", "kind"),
    )

    campaign: Mapped[str]
    number: Mapped[int]
    kind: Mapped[str]
    holder: Mapped[str]
    access: Mapped[str]
    scope: Mapped[str]
    privileged: Mapped[bool]
    own: Mapped[list[str]]
    answers: Mapped[list[str]]
    evidence: Mapped[dict[str, Any]]
    verdict: Mapped[str]
    reason: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    outcome: Mapped[str]
    outcome_words: Mapped[str]
