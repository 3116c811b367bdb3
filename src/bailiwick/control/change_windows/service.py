"""The verbs of change windows, and how one stands now; every version is kept."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.change_windows.checking import checked, folder_of, known_zone, with_closed
from bailiwick.control.change_windows.errors import NoSuchWindowError
from bailiwick.control.change_windows.model import WHOLE_DAY, ClosedDays, Standing, Window, WindowDraft
from bailiwick.control.change_windows.standing import standing, standing_of_folder
from bailiwick.control.change_windows.tables import ChangeWindowRow
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, NotFoundError
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store
from bailiwick.store.locks import hold

_LOCK = "change-windows"
_MOST_SHOWN = 100


class WindowService:
    """Each verb is one transaction with its audit event, which shows old and new."""

    def __init__(
        self, *, store: Store, audit: AuditLog, authorizer: Authorizer, catalog: CatalogService, clock: Clock
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._clock = clock

    def windows(self, session: Session, identity: Identity) -> list[tuple[Window, Standing]]:
        """Return the windows in force, each with how it stands now, the organisation's first; raise `ForbiddenError`
        for whoever may not read them.
        """
        self._authorizer.require(session, identity, "change-window.read", ORGANIZATION)
        now = self._clock()
        found = sorted(windows_in_force(session), key=lambda window: window.folder)
        return [(window, standing_of_folder(found, window.folder, now)) for window in found]

    def earlier(self, session: Session, identity: Identity) -> list[Window]:
        """Return the versions that were in force before, the newest first."""
        self._authorizer.require(session, identity, "change-window.read", ORGANIZATION)
        query = select(ChangeWindowRow).where(ChangeWindowRow.ended_at.is_not(None))
        return [
            _window(row) for row in session.scalars(query.order_by(ChangeWindowRow.ended_at.desc()).limit(_MOST_SHOWN))
        ]

    def set(self, identity: Identity, draft: WindowDraft, reason: str) -> Window:
        """Say when releases of a folder may go out; its closed days stay. Raises `InvalidInputError` for hours, days
        or a zone that cannot be, `NotFoundError` for no such folder.
        """
        reason, draft = given_reason(reason, "say why the window changes", what="a window"), checked(draft)
        with self._store.transaction() as session:
            decision, before = self._to_change(session, identity, draft.folder)
            closed = before.closed if before is not None else ()
            wanted = Window(draft.folder, draft.days, draft.opens, draft.closes, draft.zone, closed)
            if before is not None and before.words == wanted.words:
                raise ConflictError(f"the {before.name} says that already")
            return self._put(session, identity, before, wanted, "change-window.set", decision, reason)

    def close(self, identity: Identity, folder: str, days: ClosedDays, reason: str, zone: str = "UTC") -> Window:
        """Let nothing go out on some days, beside those that are closed above the folder. Where it has no window, the
        days are those of `zone`, and the hours stay those of what it is in.
        """
        reason, folder = given_reason(reason, "say why nothing may go out then", what="closing"), folder_of(folder)
        with self._store.transaction() as session:
            decision, before = self._to_change(session, identity, folder)
            base = before or Window(folder, (), *WHOLE_DAY, known_zone(zone))
            today = self._clock().astimezone(ZoneInfo(base.zone)).date()
            closed = with_closed(base.closed, days, today)
            wanted = Window(base.folder, base.days, base.opens, base.closes, base.zone, closed)
            return self._put(session, identity, before, wanted, "change-window.closed", decision, reason)

    def remove(self, identity: Identity, folder: str, reason: str, closed: str = "") -> Window:
        """End the window of a folder, so that the one above it counts; or only its closed days of a name. Raises
        `NoSuchWindowError`.
        """
        reason, folder = given_reason(reason, "say why the window goes", what="a window"), folder_of(folder)
        with self._store.transaction() as session:
            decision, before = self._to_change(session, identity, folder)
            left = tuple(item for item in before.closed if item.name != closed) if before is not None else ()
            if before is None or (closed and left == before.closed):
                what = f"closed days '{closed[:60]}'" if before is not None else "change window"
                raise NoSuchWindowError(
                    f"{folder[:80] or 'the organisation'} has no {what}", hint="bailiwick change-window list"
                )
            action = "change-window.removed"
            if closed and (left or before.days):
                wanted = Window(folder, before.days, before.opens, before.closes, before.zone, left)
                return self._put(session, identity, before, wanted, action, decision, reason)
            ended = self._end(session, identity, folder)
            self._note(session, identity, action, decision, reason, ended, None)
            return ended

    def _to_change(self, session: Session, identity: Identity, folder: str) -> tuple[Decision, Window | None]:
        """Return the decision that somebody may change a folder's window, and what is in force, held by the lock."""
        decision = self._authorizer.require(session, identity, "change-window.manage", _place(folder))
        if folder and folder not in {item.path for item in self._catalog.folders(session)}:
            raise NotFoundError(f"there is no folder '{folder[:80]}'", hint="name one that there is")
        hold(session, _LOCK)
        return decision, next((item for item in windows_in_force(session) if item.folder == folder), None)

    def _put(
        self,
        session: Session,
        identity: Identity,
        before: Window | None,
        wanted: Window,
        action: str,
        decision: Decision,
        reason: str,
    ) -> Window:
        if before is not None:
            self._end(session, identity, before.folder)
        newest = select(func.max(ChangeWindowRow.version)).where(ChangeWindowRow.folder == wanted.folder)
        row = ChangeWindowRow(
            folder=wanted.folder,
            version=(session.scalar(newest) or 0) + 1,
            days=list(wanted.days),
            opens=wanted.opens,
            closes=wanted.closes,
            zone=wanted.zone,
            closed=_kept(wanted.closed),
            reason=reason,
            set_by=str(identity.principal),
            set_at=self._clock(),
            ended_by="",
            ended_at=None,
        )
        session.add(row)
        session.flush()
        made = _window(row)
        self._note(session, identity, action, decision, reason, before, made)
        return made

    def _end(self, session: Session, identity: Identity, folder: str) -> Window:
        query = select(ChangeWindowRow).where(ChangeWindowRow.folder == folder, ChangeWindowRow.ended_at.is_(None))
        row = session.scalars(query).one()
        row.ended_by, row.ended_at = str(identity.principal), self._clock()
        session.flush()
        return _window(row)

    def _note(
        self,
        session: Session,
        identity: Identity,
        action: str,
        decision: Decision,
        reason: str,
        before: Window | None,
        after: Window | None,
    ) -> None:
        window = after or before
        self._audit.note(
            session,
            str(identity.principal),
            action,
            _place(window.folder if window is not None else ""),
            reason=reason,
            deciders=decision.deciders,
            context={"window": window.name, "version": window.version} if window is not None else {},
            before={"window": before.words if before is not None else ""},
            after={"window": after.words if after is not None else ""},
        )


def windows_in_force(session: Session) -> list[Window]:
    """Return every window in force."""
    query = select(ChangeWindowRow).where(ChangeWindowRow.ended_at.is_(None))
    return [_window(row) for row in session.scalars(query)]


def standing_of(session: Session, app: str, now: datetime) -> Standing:
    """Return whether releases of an app may go to production now, and from when on if not."""
    return standing(windows_in_force(session), app, now)


def _place(folder: str) -> str:
    return f"folder:{folder}" if folder else ORGANIZATION


def _kept(closed: Sequence[ClosedDays]) -> list[dict[str, str]]:
    return [{"name": it.name, "first": it.first.isoformat(), "last": it.last.isoformat()} for it in closed]


def _window(row: ChangeWindowRow) -> Window:
    return Window(
        folder=row.folder,
        days=tuple(row.days),
        opens=row.opens,
        closes=row.closes,
        zone=row.zone,
        closed=tuple(
            ClosedDays(item["name"], date.fromisoformat(item["first"]), date.fromisoformat(item["last"]))
            for item in row.closed
        ),
        version=row.version,
        set_by=row.set_by,
        set_at=row.set_at,
        reason=row.reason,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
    )
