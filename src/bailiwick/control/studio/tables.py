"""Where conversations of the studio are kept, with the drafts that they made."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class ConversationRow(Base):
    """A conversation; `run` names the turn that is under way, and nobody else writes steps meanwhile."""

    __tablename__ = "studio_conversations"
    __table_args__ = (Index("ix_studio_conversations_person", "tenant", "person", "updated"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    app: Mapped[str]
    person: Mapped[str]
    title: Mapped[str]
    model: Mapped[str]
    integrations: Mapped[list[str]]
    base: Mapped[str]
    branch: Mapped[str]
    state: Mapped[str]
    words: Mapped[str]
    live: Mapped[str]
    run: Mapped[str]
    stopping: Mapped[bool]
    beat: Mapped[datetime]
    created: Mapped[datetime]
    updated: Mapped[datetime]


class StepRow(Base):
    """A step; `tree` holds the draft after it where it changed, by path."""

    __tablename__ = "studio_steps"
    __table_args__ = (PrimaryKeyConstraint("tenant", "conversation", "number"),)

    conversation: Mapped[str]
    number: Mapped[int]
    time: Mapped[datetime]
    kind: Mapped[str]
    text: Mapped[str]
    data: Mapped[dict[str, Any]]
    tree: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    model: Mapped[str]
    tokens_in: Mapped[int]
    tokens_out: Mapped[int]
    cost: Mapped[int] = mapped_column(BigInteger)


class BlobRow(Base):
    """Bytes of a file of a draft, or of a picture, by their digest."""

    __tablename__ = "studio_blobs"
    __table_args__ = (PrimaryKeyConstraint("tenant", "conversation", "digest"),)

    conversation: Mapped[str]
    digest: Mapped[str]
    content: Mapped[bytes]


class RevisionRow(Base):
    """A commit that came of a conversation, and what it took."""

    __tablename__ = "studio_revisions"
    __table_args__ = (PrimaryKeyConstraint("tenant", "app", "commit"),)

    app: Mapped[str]
    commit: Mapped[str]
    conversation: Mapped[str]
    models: Mapped[list[str]]
    answers: Mapped[int]
    tools: Mapped[int]
    tokens_in: Mapped[int]
    tokens_out: Mapped[int]
    cost: Mapped[int] = mapped_column(BigInteger)
