"""Messages of alerts: a mail to each address of a person here, a message to each chat, an event for each pager."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.alerts import Told
from bailiwick.control.identity import people_called
from bailiwick.control.notice_settings import NoticeSettings
from bailiwick.control.notices.model import Channel, Content
from bailiwick.control.notices.outbox import message
from bailiwick.control.notices.tables import ChatHookRow
from bailiwick.core.clock import Clock

_NOTHING_ELSE = Content(app="", asked_by="", first_deploy=False, added=())


@dataclass(frozen=True)
class AlertOutbox:
    """Writes what is to be sent; nothing here waits for a mail server, a chat or a pager."""

    settings: NoticeSettings
    clock: Clock

    def tell(self, session: Session, told: Told, receivers: Sequence[str]) -> None:
        """Write one message for each receiver; mail only goes to people who are known here and active."""
        content = replace(
            _NOTHING_ELSE, alert=told.words, alert_id=told.id, alert_severity=told.severity, alert_step=told.step,
            alert_rule=told.rule,
        )  # fmt: skip
        now = self.clock()
        for receiver in dict.fromkeys(receivers):
            kind, _, name = receiver.partition(":")
            if kind == "mail" and self.settings.smtp is not None:
                for person in people_called(session, frozenset({f"user:{name}"})):
                    session.add(
                        message(self.settings, now, Channel.MAIL, person.principal.name, content, person=person)
                    )
            elif kind == "chat":
                for chat in session.scalars(select(ChatHookRow).where(ChatHookRow.name == name)):
                    session.add(message(self.settings, now, Channel.CHAT, chat.id, content))
            elif kind == "pager":
                session.add(message(self.settings, now, Channel.PAGER, name, content))
