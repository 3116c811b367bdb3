"""Notices and webhooks as they are kept, as values."""

from bailiwick.control.notices.model import Channel, ChatHook, Content, Notice, NoticeState
from bailiwick.control.notices.tables import ChatHookRow, NoticeRow


def notice_of(row: NoticeRow) -> Notice:
    """Return a row as a notice."""
    said = row.content
    return Notice(
        id=row.id,
        channel=Channel(row.channel),
        person=row.person,
        target=row.target,
        deploy=row.deploy,
        content=Content(**{**said, "added": tuple(said["added"])}),
        tree=row.tree,
        reach=row.reach,
        state=NoticeState(row.state),
        attempts=row.attempts,
        next_attempt=row.next_attempt,
        last_error=row.last_error,
        created_at=row.created_at,
        settled_at=row.settled_at,
        link_ends=row.link_ends,
        used_at=row.used_at,
        used_for=row.used_for,
    )


def hook_of(row: ChatHookRow) -> ChatHook:
    """Return a row as a webhook."""
    return ChatHook(row.id, row.folder, row.name, row.secret, row.created_by, row.created_at)
