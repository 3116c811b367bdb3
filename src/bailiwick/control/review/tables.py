"""Where reviews are kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class ReviewRow(Base):
    """A review of a tree; `verdict` is the signed statement when it passed.

    `rules`, `policy`, `advisories`, `standards` and `slower` name what it went by, `waivers` what it passed by; `cause`
    is `push`, or why it was asked for again.
    """

    __tablename__ = "reviews"
    __table_args__ = (Index("ix_reviews_app_tree", "tenant", "app", "tree"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    app: Mapped[str]
    commit: Mapped[str]
    tree: Mapped[str]
    author: Mapped[str]
    time: Mapped[datetime]
    passed: Mapped[bool]
    could_not_review: Mapped[list[str]]
    engines: Mapped[dict[str, Any]]
    verdict: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    rules: Mapped[str] = mapped_column(server_default="")
    policy: Mapped[str] = mapped_column(server_default="")
    advisories: Mapped[str] = mapped_column(server_default="")
    standards: Mapped[str] = mapped_column(server_default="")
    slower: Mapped[str] = mapped_column(server_default="")
    waivers: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    cause: Mapped[str] = mapped_column(server_default="push")


class FindingRow(Base):
    """One finding of a review; `waiver` names the waiver that lets it pass."""

    __tablename__ = "findings"
    __table_args__ = (
        PrimaryKeyConstraint("tenant", "review", "place"),
        Index("ix_findings_fingerprint", "tenant", "fingerprint"),
    )

    review: Mapped[str]
    place: Mapped[int]
    fingerprint: Mapped[str]
    rule: Mapped[str]
    severity: Mapped[str]
    blocking: Mapped[bool]
    path: Mapped[str]
    line: Mapped[int]
    message: Mapped[str]
    why: Mapped[str]
    fix: Mapped[str]
    cwe: Mapped[str]
    owasp: Mapped[str]
    excerpt: Mapped[str]
    commit: Mapped[str]
    engine: Mapped[str]
    waiver: Mapped[str] = mapped_column(server_default="")
    flow: Mapped[str] = mapped_column(server_default="")
