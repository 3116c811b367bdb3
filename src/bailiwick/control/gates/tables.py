"""Where rules are kept, every version of them, and the approvals of deploys."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base, VersionedRow, Versions, versioned_by

_RULE_KEY = ("folder", "sensitivity")


class ApprovalRuleRow(VersionedRow):
    """A version of the rule of a place."""

    __tablename__ = "approval_rules"
    __table_args__ = versioned_by(__tablename__, *_RULE_KEY)

    folder: Mapped[str]
    sensitivity: Mapped[str]
    kind: Mapped[str]
    seats: Mapped[list[str]]


RULES = Versions(ApprovalRuleRow, *_RULE_KEY)


class DeployApprovalRow(Base):
    """An approval of a deploy with its signed statement; it stands while it is neither withdrawn nor void."""

    __tablename__ = "deploy_approvals"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "id"),
        Index("ix_deploy_approvals_deploy", "tenant", "deploy"),
        Index(
            "uq_deploy_approvals_standing",
            "tenant",
            "deploy",
            "approver",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL AND void_at IS NULL"),
        ),
    )

    id: Mapped[str]
    deploy: Mapped[str]
    approver: Mapped[str]
    seats: Mapped[list[str]]
    reason: Mapped[str]
    time: Mapped[datetime]
    behalf: Mapped[str]
    address: Mapped[str]
    basis: Mapped[dict[str, Any]]
    fixes: Mapped[list[str]]
    statement: Mapped[dict[str, Any]]
    withdrawn_at: Mapped[datetime | None]
    void_at: Mapped[datetime | None]
    void_why: Mapped[str] = mapped_column(server_default="", default="")
