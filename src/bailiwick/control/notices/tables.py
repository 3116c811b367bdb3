"""Where notices wait to be sent, which chats hear of what, and who wants no mail."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bailiwick.store import Base


class NoticeRow(Base):
    """A message, written in the transaction of what it tells of, and sent afterwards."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_due", "tenant", "channel", "next_attempt", postgresql_where=text("state = 'waiting'")),
        Index("ix_notices_created", "tenant", "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    person: Mapped[str]
    target: Mapped[str]
    deploy: Mapped[str]
    content: Mapped[dict[str, Any]]
    tree: Mapped[str]
    reach: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    next_attempt: Mapped[datetime]
    last_error: Mapped[str]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    link_ends: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_for: Mapped[str]


class ChatHookRow(Base):
    """A webhook of a chat, and the folder that it hears of."""

    __tablename__ = "chat_hooks"

    id: Mapped[str] = mapped_column(primary_key=True)
    folder: Mapped[str]
    name: Mapped[str]
    secret: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class NoticeChoiceRow(Base):
    """What a person chose; who chose nothing gets mail."""

    __tablename__ = "notice_choices"
    __table_args__ = (PrimaryKeyConstraint("tenant", "person"),)

    person: Mapped[str]
    mail: Mapped[bool]
