"""Who is told of a deploy that waits, and the rows that tell them, written in the transaction that makes it wait."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.delegations import Approvers
from bailiwick.control.identity import Authorizer, people_called
from bailiwick.control.notice_settings import NoticeSettings
from bailiwick.control.notices.model import Channel, Content, NoticeState
from bailiwick.control.notices.tables import ChatHookRow, NoticeChoiceRow, NoticeRow
from bailiwick.control.release import Waiting
from bailiwick.core.clock import Clock
from bailiwick.core.ids import new_id
from bailiwick.core.principals import Identity

ACTOR = "service:notices"
# Everybody may use an app; nobody decides about one by that.
_NEVER_DECIDES = "app-user"
_MOST_LINES = 20


class Outbox:
    """Writes what is to be sent. Nothing here waits for a mail server or a chat."""

    def __init__(
        self, settings: NoticeSettings, audit: AuditLog, authorizer: Authorizer, approvers: Approvers, clock: Clock
    ) -> None:
        self._settings = settings
        self._audit = audit
        self._authorizer = authorizer
        self._approvers = approvers
        self._clock = clock

    def announce(self, session: Session, waiting: Waiting) -> None:
        """Write a mail to each person who may decide about a deploy, and a message to each chat of its folders."""
        deploy = waiting.deploy
        deciders = self.deciders(session, waiting) if self._settings.smtp is not None else []
        reading = readers(session, [person for person, _ in deciders])
        people = [(person, behalf) for person, behalf in deciders if person in reading]
        chats = list(session.scalars(select(ChatHookRow).where(ChatHookRow.folder.in_(above(deploy.app)))))
        for person, behalf in people:
            self._add(session, waiting, Channel.MAIL, person.principal.name, person, behalf)
        for chat in chats:
            self._add(session, waiting, Channel.CHAT, chat.id)
        if people or chats:
            names = tuple(chat.name for chat in chats)
            self._audit.note(
                session,
                ACTOR,
                "notice.queued",
                f"app:{deploy.app}",
                app=deploy.app,
                context={
                    "deploy": deploy.id,
                    "people": tuple(str(person.principal) for person, _ in people),
                    "chats": names,
                },
            )

    def deciders(self, session: Session, waiting: Waiting) -> list[tuple[Identity, str]]:
        """Return each person who holds a role at the app and whom policy lets decide, and each to whom one of them
        handed that, with the written name of who did.
        """
        resource = f"app:{waiting.deploy.app}"
        standing = self._authorizer.holders_of(session, [resource])[resource]
        holders = [names for role, names in standing.roles.items() if role != _NEVER_DECIDES]
        found = [
            (one, "")
            for one in people_called(session, frozenset().union(*holders))
            if self._authorizer.decide_held(one, "app.approve", resource, standing, waiting.facts).allowed
        ]
        delegates = set(self._approvers.delegates(session, waiting.deploy.app))
        for one in people_called(session, delegates - {str(known.principal) for known, _ in found}):
            judged = self._approvers.judge(session, one, waiting.deploy.app, waiting.facts)
            if judged.decision.allowed:
                found.append((one, judged.behalf))
        return found

    def _add(
        self,
        session: Session,
        waiting: Waiting,
        channel: Channel,
        target: str,
        person: Identity | None = None,
        behalf: str = "",
    ) -> None:
        deploy = waiting.deploy
        content = Content(
            app=deploy.app,
            asked_by=deploy.requested_by,
            first_deploy=deploy.first_deploy,
            added=waiting.added[:_MOST_LINES],
            behalf=behalf,
            epoch=person.epoch if person is not None else 0,
            emergency=deploy.emergency,
        )
        row = message(self._settings, self._clock(), channel, target, content, person=person)
        row.deploy, row.tree, row.reach = deploy.id, deploy.tree, deploy.reach.digest()
        session.add(row)


def message(
    settings: NoticeSettings, now: datetime, channel: Channel, target: str, content: Content, *,
    person: Identity | None = None,
) -> NoticeRow:  # fmt: skip
    """Return a message that is sent from now on; it is about no deploy as long as none is named."""
    return NoticeRow(
        id=new_id("ntc"),
        channel=channel,
        person=str(person.principal) if person is not None else "",
        target=target,
        deploy="",
        content={**asdict(content), "added": list(content.added)},
        tree="",
        reach="",
        state=NoticeState.WAITING,
        attempts=0,
        next_attempt=now,
        last_error="",
        created_at=now,
        settled_at=None,
        link_ends=now + timedelta(hours=settings.link_hours),
        used_at=None,
        used_for="",
    )


def readers(session: Session, people: Iterable[Identity]) -> list[Identity]:
    """Return those of some people who want mail."""
    silent = set(session.scalars(select(NoticeChoiceRow.person).where(NoticeChoiceRow.mail.is_(False))))
    return [person for person in people if str(person.principal) not in silent]


def above(app: str) -> list[str]:
    """Return the folders that an app lies in, and the empty name that stands for everywhere."""
    parts = app.split("/")[:-1]
    return ["", *("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))]
