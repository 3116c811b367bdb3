"""Capabilities of apps: open one, close it, list them."""

from datetime import UTC as _UTC
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bailiwick.control.capabilities.errors import CapabilityOpenError
from bailiwick.control.capabilities.model import MOST_DAYS, OpenedCapability
from bailiwick.control.capabilities.register import opened_of
from bailiwick.control.capabilities.tables import CAPABILITIES, CapabilityRow
from bailiwick.control.exceptions import ExceptionDesk
from bailiwick.core.capabilities import Capability
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.ids import new_id
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason


class CapabilityService:
    """Each verb is one transaction with its audit event. Whoever wrote at an app opens nothing for it."""

    def __init__(self, desk: ExceptionDesk) -> None:
        self._desk = desk
        self._store = desk.store
        self._authorizer = desk.authorizer
        self._catalog = desk.catalog
        self._clock = desk.clock

    def open(self, identity: Identity, app_path: str, name: str, reason: str, until: date) -> OpenedCapability:
        """Let an app do one thing until the end of a day (UTC), a year ahead at most.

        Raises `InvalidInputError` for a name that there is not, no reason, or another day; `CapabilityOpenError` when
        it is open already.
        """
        capability = _known(name)
        reason = given_reason(reason, "say what the app needs it for, and why nothing else does it")
        end = self._end_of(until)
        try:
            with self._store.transaction() as session:
                app = self._catalog.readable_app(session, identity, app_path)
                authors = self._desk.authors(session, app.path)
                decision = self._authorizer.require(
                    session, identity, "capability.open", app.resource, {"authors": authors}
                )
                row = CapabilityRow(
                    id=new_id("cap"),
                    app=app.path,
                    capability=capability.value,
                    reason=reason,
                    opened_by=str(identity.principal),
                    opened_at=self._clock(),
                    until=end,
                    ended_by="",
                    ended_at=None,
                    end_reason="",
                    warned_at=None,
                )
                session.add(row)
                session.flush()
                self._desk.note(session, identity, "capability.opened", row, decision, reason)
                self._desk.on_change(session, app.path, f"{capability} is open")
                return opened_of(row)
        except IntegrityError as fault:
            raise CapabilityOpenError(
                f"{capability} is open for {app_path} already", hint="close it first to give it another day"
            ) from fault

    def close(self, identity: Identity, app_path: str, name: str, reason: str) -> OpenedCapability:
        """End a capability now; running releases lose it at once."""
        capability = _known(name)
        reason = given_reason(reason, "say what changed")
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            decision = self._authorizer.require(session, identity, "capability.close", app.resource)
            query = select(CapabilityRow).where(
                CapabilityRow.app == app.path,
                CapabilityRow.capability == capability.value,
                CapabilityRow.stands(),
            )
            row = session.scalars(query.with_for_update()).one_or_none()
            if row is None:
                raise NotFoundError(f"{capability} is not open for {app.path}", hint="bailiwick capability list")
            self._desk.end(session, identity, CAPABILITIES.ended, row, decision, reason)
            return opened_of(row)

    def list(self, session: Session, identity: Identity, app_path: str) -> tuple[OpenedCapability, ...]:
        """Return what is and was open for an app that the asker may read, the newest first."""
        app = self._catalog.readable_app(session, identity, app_path)
        query = select(CapabilityRow).where(CapabilityRow.app == app.path).order_by(CapabilityRow.id.desc())
        return tuple(opened_of(row) for row in session.scalars(query.limit(200)))

    def _end_of(self, until: date) -> datetime:
        now = self._clock()
        # Its last second, so that whoever reads the time reads the day that was said.
        end = datetime.combine(until, time(23, 59, 59), tzinfo=_UTC)
        if not now < end <= now + timedelta(days=MOST_DAYS + 1):
            raise InvalidInputError(
                f"a capability is open until a day from today to {MOST_DAYS} days ahead, and this is {until}",
                hint="open it again before it ends",
            )
        return end


def _known(name: str) -> Capability:
    try:
        return Capability(name)
    except ValueError:
        raise InvalidInputError(
            f"there is no capability '{name[:60]}'", hint=f"there are {', '.join(item.value for item in Capability)}"
        ) from None
