"""Notices: people hear by mail and chat of what waits for their decision, and come back by links that are theirs."""

from bailiwick.control.notices.alerts import AlertOutbox
from bailiwick.control.notices.budgets import BudgetOutbox
from bailiwick.control.notices.errors import LinkRefusedError, NoticeError
from bailiwick.control.notices.keeper import NoticeKeeper
from bailiwick.control.notices.link_desk import LinkDesk
from bailiwick.control.notices.links import Links
from bailiwick.control.notices.model import Channel, ChatHook, Notice, NoticeState
from bailiwick.control.notices.outbox import Outbox
from bailiwick.control.notices.service import NoticeService

__all__ = [
    "AlertOutbox",
    "BudgetOutbox",
    "Channel",
    "ChatHook",
    "LinkDesk",
    "LinkRefusedError",
    "Links",
    "Notice",
    "NoticeError",
    "NoticeKeeper",
    "NoticeService",
    "NoticeState",
    "Outbox",
]
