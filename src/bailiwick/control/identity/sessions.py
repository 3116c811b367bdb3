"""What acts for a person now, browsers and programs: they see it, end one or all of it; what ran out is forgotten."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import ScalarSelect, delete, or_, select, update
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer
from bailiwick.control.identity.credentials import ABSOLUTE, IDLE
from bailiwick.control.identity.model import HeldSession
from bailiwick.control.identity.oauth import PROGRAM_IDLE, client_names
from bailiwick.control.identity.revocation import renew
from bailiwick.control.identity.tables import (
    AuthorizationCodeRow,
    CodeRow,
    DeviceRow,
    FamilyRow,
    PersonRow,
    SessionRow,
    TokenRow,
    WrongUserCodeRow,
)
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ForbiddenError, NotFoundError
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

# What was spent or ended is remembered for a day more: so long is a second use of it noticed.
_REMEMBERED = timedelta(days=1)


class SessionService:
    """People's sessions: their own, and those of others for whoever may revoke. `on_change` is called after a change
    that data planes must hear of.
    """

    def __init__(
        self, store: Store, audit: AuditLog, authorizer: Authorizer, clock: Clock, on_change: Callable[[], None]
    ) -> None:
        self._authorizer = authorizer
        self._store = store
        self._audit = audit
        self._clock = clock
        self._on_change = on_change

    def held(self, by: Identity) -> list[HeldSession]:
        """Return what acts for a person now, the newest first."""
        with self._store.transaction() as session:
            found = [*self._browsers(session, _email(by)), *self._programs(session, _email(by))]
        return sorted(found, key=lambda item: item.created, reverse=True)

    def everybody(self, by: Identity) -> list[tuple[str, HeldSession]]:
        """Return what acts for people now, the last used first, each with whose it is; for whoever may revoke it."""
        with self._store.transaction() as session:
            self._authorizer.require(session, by, "person.revoke", ORGANIZATION)
            browsers = select(SessionRow.email).where(SessionRow.last_seen >= self._clock() - IDLE)
            programs = select(FamilyRow.email).where(FamilyRow.ended.is_(None), FamilyRow.expires > self._clock())
            emails = sorted({*session.scalars(browsers.distinct()), *session.scalars(programs.distinct())})
            found = [
                (email, item)
                for email in emails
                for item in (*self._browsers(session, email), *self._programs(session, email))
            ]
        return sorted(found, key=lambda pair: pair[1].last_used, reverse=True)

    def end_of(self, by: Identity, email: str, session_id: str, reason: str) -> None:
        """End one session of somebody; raise `NotFoundError` for what is none of theirs."""
        reason = given_reason(reason, what="a revocation")
        with self._store.transaction() as session:
            self._authorizer.require(session, by, "person.revoke", ORGANIZATION)
            self._end(session, by, email, session_id, reason)

    def end(self, by: Identity, session_id: str) -> None:
        """End one of a person's own sessions; raise `NotFoundError` for what is none of them."""
        with self._store.transaction() as session:
            self._end(session, by, _email(by), session_id, "")

    def _end(self, session: Session, by: Identity, email: str, session_id: str, reason: str) -> None:
        browser = delete(SessionRow).where(SessionRow.session_id == session_id, SessionRow.email == email)
        program = update(FamilyRow).where(
            FamilyRow.id == session_id, FamilyRow.email == email, FamilyRow.ended.is_(None)
        )
        ended = [
            *session.scalars(browser.returning(SessionRow.session_id)),
            *session.scalars(program.values(ended=self._clock()).returning(FamilyRow.id)),
        ]
        if not ended:
            raise NotFoundError("there is no such session", hint="bailiwick session list shows what you have")
        self._audit.note(session, str(by.principal), "session.ended", f"session:{session_id}", reason=reason)

    def end_all(self, by: Identity) -> None:
        """End everything that acts for a person, the asking session too, with passes and requests at apps."""
        with self._store.transaction() as session:
            renew(session, self._audit, [_email(by)], by=str(by.principal), reason="they ended all of their sessions")
            self._store.after_commit(session, self._on_change)

    def forget_ended(self) -> None:
        """Remove what ran out, was spent or was ended some time ago. Safe to repeat."""
        now = self._clock()
        past = now - _REMEMBERED
        over = (
            delete(SessionRow).where(or_(SessionRow.last_seen < past - IDLE, SessionRow.created < past - ABSOLUTE)),
            delete(FamilyRow).where(
                or_(FamilyRow.ended < past, FamilyRow.expires < past, FamilyRow.last_used < past - PROGRAM_IDLE)
            ),
            delete(TokenRow).where(TokenRow.expires < past),
            delete(CodeRow).where(CodeRow.expires < past),
            delete(AuthorizationCodeRow).where(AuthorizationCodeRow.expires < past),
            delete(DeviceRow).where(DeviceRow.expires < past),
            delete(WrongUserCodeRow).where(WrongUserCodeRow.time < past),
        )
        for statement in over:
            with self._store.transaction() as session:
                session.execute(statement)

    def _browsers(self, session: Session, email: str) -> list[HeldSession]:
        now = self._clock()
        query = select(SessionRow).where(
            SessionRow.email == email,
            SessionRow.epoch == _epoch_of(email),
            SessionRow.last_seen >= now - IDLE,
            SessionRow.created >= now - ABSOLUTE,
        )
        return [
            HeldSession(
                id=row.session_id,
                kind="browser",
                name=row.browser or "a browser",
                address=row.address,
                audiences=(),
                created=row.created,
                last_used=row.last_seen,
                expires=min(row.created + ABSOLUTE, row.last_seen + IDLE),
            )
            for row in session.scalars(query)
        ]

    def _programs(self, session: Session, email: str) -> list[HeldSession]:
        now = self._clock()
        query = select(FamilyRow).where(
            FamilyRow.email == email,
            FamilyRow.epoch == _epoch_of(email),
            FamilyRow.ended.is_(None),
            FamilyRow.expires > now,
            FamilyRow.last_used > now - PROGRAM_IDLE,
        )
        rows = session.scalars(query).all()
        names = client_names(session, {row.client for row in rows})
        return [
            HeldSession(
                id=row.id,
                kind="program",
                name=names.get(row.client, row.client),
                address=row.address,
                audiences=tuple(row.audiences),
                created=row.created,
                last_used=row.last_used,
                expires=min(row.expires, row.last_used + PROGRAM_IDLE),
            )
            for row in rows
        ]


def _epoch_of(email: str) -> ScalarSelect[int]:
    """Return a question for a person's present epoch: what was made under another one is dead."""
    return select(PersonRow.epoch).where(PersonRow.email == email).scalar_subquery()


def _email(by: Identity) -> str:
    if not by.is_person:
        raise ForbiddenError("only people have sessions", deciders=("own-sessions",))
    return by.principal.name
