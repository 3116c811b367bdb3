"""Sends notices: takes what is due, sends it outside of any transaction, and writes down what came of it."""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.exporters import HttpSender
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.notice_settings import NoticeSettings
from bailiwick.control.notices.chat import post, require_address
from bailiwick.control.notices.errors import NoticeError
from bailiwick.control.notices.links import Links
from bailiwick.control.notices.mail import connected
from bailiwick.control.notices.model import Channel, Notice, NoticeState
from bailiwick.control.notices.outbox import ACTOR
from bailiwick.control.notices.pager import event_of, page, require_key
from bailiwick.control.notices.rows import notice_of
from bailiwick.control.notices.tables import ChatHookRow, NoticeRow
from bailiwick.control.notices.words import chat_message
from bailiwick.control.vault import SecretFrom, SecretReader
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import Outcome
from bailiwick.core.telemetry import Gate
from bailiwick.store import Store

_LOG = logging.getLogger("bailiwick.control.notices")
_AT_ONCE = 20
_KEPT = timedelta(days=90)
# Whoever takes a notice has it for so long; after a crash it is taken anew then.
_TAKEN = timedelta(minutes=10)
_FIRST_WAIT_SECONDS = 15.0
_LONGEST_WAIT_SECONDS = 3600.0
_LONGEST_ERROR = 300
_RANDOM = secrets.SystemRandom()


class NoticeKeeper:
    """Safe to repeat and to run twice: a notice is sent once, or once again after a crash in between, never lost.

    `waits` tells whether a deploy still waits for a decision; what does not is not sent any more. `gate` says which
    fields leave.
    """

    def __init__(
        self,
        settings: NoticeSettings,
        links: Links,
        *,
        store: Store,
        audit: AuditLog,
        read_secret: SecretReader,
        waits: Callable[[Session, str], bool],
        gate: Callable[[Session], Gate],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._links = links
        self._store = store
        self._audit = audit
        self._read_secret = read_secret
        self._waits = waits
        self._gate = gate
        self._clock = clock

    def send_mail(self) -> None:
        """Send the mails that are due, over one connection for some of them."""
        smtp = self._settings.smtp
        while taken := self._take(Channel.MAIL):
            if smtp is None:
                self._all_failed(taken, NoticeError("the settings name no mail server", hint="notices.smtp"))
                return
            try:
                with connected(smtp, self._read_secret) as server:
                    for notice in taken:
                        self._try(notice, lambda it: server.send(it, self._links.address(it), self._links.choices))
            except NoticeError as fault:
                # None of them was tried: those after the first wait like it.
                self._all_failed(taken, fault)
                return

    def send_chat(self) -> None:
        """Send the messages to chats that are due."""
        while taken := self._take(Channel.CHAT):
            sender = HttpSender(None)
            try:
                for notice in taken:
                    self._try(notice, partial(self._post, sender))
            finally:
                sender.close()

    def send_pages(self) -> None:
        """Hand the events for pagers over that are due."""
        while taken := self._take(Channel.PAGER):
            sender = HttpSender(None)
            try:
                for notice in taken:
                    self._try(notice, partial(self._page, sender))
            finally:
                sender.close()

    def _page(self, sender: HttpSender, notice: Notice) -> None:
        try:
            key = self._read_secret(SecretFrom(vault=notice.target)).get_secret_value()
        except BailiwickError as fault:
            raise NoticeError(fault.message, hint=fault.hint) from fault
        require_key(key)
        page(sender, self._settings.pager_url, event_of(notice, key, self._links.card(notice)))

    def forget(self) -> None:
        """Remove messages that were settled long ago; the audit log still says who was told."""
        old = (NoticeRow.created_at < self._clock() - _KEPT, NoticeRow.state != NoticeState.WAITING)
        with self._store.transaction() as session:
            session.execute(delete(NoticeRow).where(*old))

    def _post(self, sender: HttpSender, notice: Notice) -> None:
        with self._store.transaction() as session:
            hook = session.get(ChatHookRow, notice.target)
        if hook is None:
            raise NoticeError("the webhook was removed", for_good=True)
        try:
            url = self._read_secret(SecretFrom(vault=hook.secret)).get_secret_value()
            require_address(url, on_loopback=self._settings.chat_on_loopback)
        except BailiwickError as fault:
            raise NoticeError(fault.message, hint=fault.hint) from fault
        post(sender, url, chat_message(notice, self._links.card(notice)))

    def _take(self, channel: Channel) -> Sequence[Notice]:
        """Return some that are due, kept from others for a while; what nobody needs any more is withdrawn."""
        now = self._clock()
        due = (NoticeRow.channel == channel, NoticeRow.state == NoticeState.WAITING, NoticeRow.next_attempt <= now)
        with self._store.transaction() as session:
            query = select(NoticeRow).where(*due).order_by(NoticeRow.next_attempt).limit(_AT_ONCE)
            rows = session.scalars(query.with_for_update(skip_locked=True)).all()
            taken = []
            for row in rows:
                if not row.deploy or self._waits(session, row.deploy):
                    row.attempts, row.next_attempt = row.attempts + 1, now + _TAKEN
                    notice = notice_of(row)
                    content = self._gate(session).values("notice", notice.content)
                    taken.append(replace(notice, content=content))
                else:
                    row.state, row.settled_at = NoticeState.WITHDRAWN, now
            return taken

    def _try(self, notice: Notice, send: Callable[[Notice], None]) -> None:
        try:
            send(notice)
        except NoticeError as fault:
            self._failed(notice, fault)
            return
        except Exception as fault:
            # One that cannot be sent holds up no other.
            _LOG.exception("the notice %s failed by a fault of ours", notice.id)
            self._failed(notice, NoticeError(f"a fault of ours ({type(fault).__name__}): the log has more"))
            return
        with self._store.transaction() as session:
            row = self._locked(session, notice)
            row.state, row.settled_at, row.last_error = NoticeState.SENT, self._clock(), ""
            self._note(session, row, "notice.sent", Outcome.SUCCESS)

    def _all_failed(self, notices: Sequence[Notice], fault: NoticeError) -> None:
        for notice in notices:
            self._failed(notice, fault)

    def _failed(self, notice: Notice, fault: NoticeError) -> None:
        now = self._clock()
        with self._store.transaction() as session:
            row = self._locked(session, notice)
            row.last_error = fault.message[:_LONGEST_ERROR]
            if fault.for_good or now - row.created_at >= timedelta(hours=self._settings.give_up_hours):
                row.state, row.settled_at = NoticeState.GIVEN_UP, now
                self._note(session, row, "notice.given-up", Outcome.FAILED)
            else:
                row.next_attempt = next_attempt(now, row.attempts)

    @staticmethod
    def _locked(session: Session, notice: Notice) -> NoticeRow:
        return session.scalars(select(NoticeRow).where(NoticeRow.id == notice.id).with_for_update()).one()

    def _note(self, session: Session, row: NoticeRow, action: str, outcome: Outcome) -> None:
        facts = {"notice": row.id, "deploy": row.deploy, "channel": row.channel, "person": row.person}
        app = str(row.content["app"])
        self._audit.note(
            session,
            ACTOR,
            action,
            f"app:{app}" if app else ORGANIZATION,
            outcome=outcome,
            reason=row.last_error,
            app=app,
            context=facts,
        )


def next_attempt(now: datetime, attempts: int) -> datetime:
    """Return when to try again: later after each attempt, up to an hour, and never in step with others."""
    longest = min(_FIRST_WAIT_SECONDS * 2 ** min(attempts - 1, 30), _LONGEST_WAIT_SECONDS)
    return now + timedelta(seconds=_RANDOM.uniform(longest / 2, longest))
