"""Messages that a budget of models is nearly used, or stops calls: written with the notice, and sent afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.inference import BudgetNotice
from bailiwick.control.notice_settings import NoticeSettings
from bailiwick.control.notices.model import Channel, Content
from bailiwick.control.notices.outbox import above, message, readers
from bailiwick.control.notices.tables import ChatHookRow
from bailiwick.core.clock import Clock
from bailiwick.core.principals import Identity


@dataclass(frozen=True)
class BudgetOutbox:
    """Writes a mail to each person who was told, and a message to each chat of the folders that the budget is in."""

    settings: NoticeSettings
    clock: Clock

    def announce(self, session: Session, notice: BudgetNotice, people: Sequence[Identity]) -> None:
        """Write what is to be sent; nothing here waits for a mail server or a chat."""
        kind, _, name = notice.of.partition(":")
        content = Content(
            app=name if kind == "app" else "", asked_by="", first_deploy=False, added=(), budget=notice.sentence
        )
        now = self.clock()
        for person in readers(session, people) if self.settings.smtp is not None else ():
            session.add(message(self.settings, now, Channel.MAIL, person.principal.name, content, person=person))
        place = {"app": name, "folder": f"{name}/"}.get(kind, "")
        for chat in session.scalars(select(ChatHookRow).where(ChatHookRow.folder.in_(above(place)))):
            session.add(message(self.settings, now, Channel.CHAT, chat.id, content))
