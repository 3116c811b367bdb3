"""Notices and the webhooks of chats, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Channel(StrEnum):
    """How a notice goes out."""

    MAIL = "mail"
    CHAT = "chat"
    PAGER = "pager"


class NoticeState(StrEnum):
    """Where a notice stands. One that waits is sent, or tried again."""

    WAITING = "waiting"
    SENT = "sent"
    WITHDRAWN = "withdrawn"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class Content:
    """What a notice says: names and lines of reach, never code, findings or secrets.

    `behalf` is in whose place the person decides, empty where it is their own right; `epoch` is that of the person, so
    that ending all that they hold ends their links. A message about a budget of models says so in `budget`, and of
    the rest the app alone, if it is of one; one about an alert in what begins with `alert`.
    """

    app: str
    asked_by: str
    first_deploy: bool
    added: tuple[str, ...]
    behalf: str = ""
    epoch: int = 0
    emergency: str = ""
    budget: str = ""
    alert: str = ""
    alert_id: str = ""
    alert_rule: str = ""
    alert_severity: str = ""
    alert_step: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message about a deploy that waits, or, where it names none, about a budget or an alert: by mail, to a chat
    or a pager.

    `target` is the address of the mail or the id of the chat's webhook. `used_at` and `used_for` tell what became of
    the link in a mail, which is good until `link_ends`.
    """

    id: str
    channel: Channel
    person: str
    target: str
    deploy: str
    content: Content
    tree: str
    reach: str
    state: NoticeState
    attempts: int
    next_attempt: datetime
    last_error: str
    created_at: datetime
    settled_at: datetime | None
    link_ends: datetime
    used_at: datetime | None
    used_for: str


@dataclass(frozen=True, slots=True)
class ChatHook:
    """A webhook of a chat that hears what waits in a folder (everywhere, when that is empty).

    `secret` names the secret of the vault that holds its URL.
    """

    id: str
    folder: str
    name: str
    secret: str
    created_by: str
    created_at: datetime
