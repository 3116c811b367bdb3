"""What people do with notices: choose, name webhooks of chats, look how messages fare, and send one again."""

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.notice_settings import NoticeSettings
from bailiwick.control.notices.chat import require_address
from bailiwick.control.notices.model import ChatHook, Notice, NoticeState
from bailiwick.control.notices.rows import hook_of, notice_of
from bailiwick.control.notices.tables import ChatHookRow, NoticeChoiceRow, NoticeRow
from bailiwick.control.vault import SecretFrom, SecretReader
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.ids import new_id
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MOST = 200


class NoticeService:
    """Choices of people, webhooks of chats, and the state of messages."""

    def __init__(
        self,
        settings: NoticeSettings,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        read_secret: SecretReader,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._read_secret = read_secret
        self._clock = clock

    @property
    def sends_mail(self) -> bool:
        """Whether the settings name a mail server."""
        return self._settings.smtp is not None

    def wants_mail(self, session: Session, identity: Identity) -> bool:
        """Return what a person chose; who chose nothing wants mail."""
        row = session.scalars(select(NoticeChoiceRow).where(NoticeChoiceRow.person == str(identity.principal)))
        found = row.one_or_none()
        return found is None or found.mail

    def choose_mail(self, identity: Identity, *, mail: bool) -> None:
        """Set whether a person gets mail when something waits for them; raise `ForbiddenError` for who is no person."""
        if not identity.is_person:
            raise ForbiddenError("only a person gets mail", deciders=("notices-are-for-people",))
        person = str(identity.principal)
        with self._store.transaction() as session:
            before = self.wants_mail(session, identity)
            new = {"person": person, "mail": mail}
            same = [NoticeChoiceRow.tenant, NoticeChoiceRow.person]
            session.execute(upsert(NoticeChoiceRow).values(new).on_conflict_do_update(index_elements=same, set_=new))
            self._audit.note(session, person, "notice.chosen", person, before={"mail": before}, after={"mail": mail})

    def hooks(self, session: Session, identity: Identity) -> list[ChatHook]:
        """Return the webhooks of chats, by folder and name."""
        self._authorizer.require(session, identity, "notice.read", ORGANIZATION)
        rows = session.scalars(select(ChatHookRow).order_by(ChatHookRow.folder, ChatHookRow.name))
        return [hook_of(row) for row in rows]

    def add_hook(self, identity: Identity, name: str, secret: str, folder: str = "") -> ChatHook:
        """Let a chat hear of what waits in a folder (everywhere without one); the vault's secret holds its URL."""
        if not _NAME.fullmatch(name):
            raise InvalidInputError(f"'{name[:60]}' cannot name a webhook", hint="use a-z, 0-9 and -, 40 at most")
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "notice.manage", ORGANIZATION)
            if folder and folder not in {item.path for item in self._catalog.folders(session)}:
                raise NotFoundError(
                    f"there is no folder '{folder[:80]}'", hint="bailiwick app list shows where apps are"
                )
            if session.scalar(select(ChatHookRow.id).where(ChatHookRow.name == name)):
                raise ConflictError(
                    f"there is a webhook '{name}' already", hint="remove it first, or choose another name"
                )
        # The vault is asked in a transaction of its own, and its answer never becomes part of a message.
        url = self._read_secret(SecretFrom(vault=secret)).get_secret_value()
        require_address(url, on_loopback=self._settings.chat_on_loopback)
        with self._store.transaction() as session:
            row = ChatHookRow(
                id=new_id("hook"),
                folder=folder,
                name=name,
                secret=secret,
                created_by=str(identity.principal),
                created_at=self._clock(),
            )
            session.add(row)
            self._note(session, identity, "notice.chat-added", row, decision.deciders)
            return hook_of(row)

    def remove_hook(self, identity: Identity, name: str, reason: str) -> ChatHook:
        """Let a chat hear of nothing any more."""
        reason = given_reason(reason)
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "notice.manage", ORGANIZATION)
            row = session.scalars(select(ChatHookRow).where(ChatHookRow.name == name)).one_or_none()
            if row is None:
                raise NotFoundError(f"there is no webhook '{name[:60]}'", hint="bailiwick notice chats")
            session.delete(row)
            self._note(session, identity, "notice.chat-removed", row, decision.deciders, reason)
            return hook_of(row)

    def notices(self, session: Session, identity: Identity, state: str = "") -> list[Notice]:
        """Return the newest messages, of one state where that is given."""
        self._authorizer.require(session, identity, "notice.read", ORGANIZATION)
        query = select(NoticeRow).order_by(NoticeRow.created_at.desc(), NoticeRow.id.desc()).limit(MOST)
        if state:
            query = query.where(NoticeRow.state == _known(state))
        return [notice_of(row) for row in session.scalars(query)]

    def retry(self, identity: Identity, notice_id: str) -> Notice:
        """Send a message again, now: one that was given up, or that waits for its next try."""
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "notice.manage", ORGANIZATION)
            row = session.scalars(select(NoticeRow).where(NoticeRow.id == notice_id).with_for_update()).one_or_none()
            if row is None:
                raise NotFoundError(f"there is no notice '{notice_id[:60]}'", hint="bailiwick notice list")
            if row.state not in {NoticeState.GIVEN_UP, NoticeState.WAITING}:
                raise ConflictError(f"this notice is {row.state} already", hint="there is nothing to send again")
            row.state, row.settled_at, row.next_attempt = NoticeState.WAITING, None, self._clock()
            self._audit.note(
                session,
                str(identity.principal),
                "notice.retried",
                f"app:{row.content['app']}" if row.content["app"] else ORGANIZATION,
                app=str(row.content["app"]),
                deciders=decision.deciders,
                context={"notice": row.id, "deploy": row.deploy},
            )
            return notice_of(row)

    def _note(
        self,
        session: Session,
        identity: Identity,
        action: str,
        row: ChatHookRow,
        deciders: Sequence[str],
        reason: str = "",
    ) -> None:
        facts = {"name": row.name, "folder": row.folder, "secret": row.secret}
        self._audit.note(
            session,
            str(identity.principal),
            action,
            f"folder:{row.folder}" if row.folder else ORGANIZATION,
            reason=reason,
            deciders=tuple(deciders),
            context=facts,
        )


def _known(state: str) -> NoticeState:
    try:
        return NoticeState(state)
    except ValueError:
        raise InvalidInputError(f"'{state[:40]}' is no state", hint=f"there are: {', '.join(NoticeState)}") from None
