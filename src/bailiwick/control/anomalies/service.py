"""What people do with anomalies: look at those of what they may see, and dismiss one with a reason, which teaches."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.anomalies.errors import AnomalyNotOpenError
from bailiwick.control.anomalies.model import Anomaly, AnomalyPage, AnomalyState, Kind, Moved, Point
from bailiwick.control.anomalies.tables import AnomalyRow, SeriesRow
from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ForbiddenError, NotFoundError
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

_MOST, _MOST_RAISED = 200, 5


class AnomalyService:
    """Anomalies of apps for whoever may read the app; all others for whoever may read the audit log."""

    def __init__(
        self, *, store: Store, audit: AuditLog, authorizer: Authorizer, catalog: CatalogService, clock: Clock
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._clock = clock

    def list(
        self,
        session: Session,
        identity: Identity,
        *,
        subject: str = "",
        state: str = "",
        cursor: str = "",
        limit: int = 50,
    ) -> AnomalyPage:
        """Return a page of those that the asker may see, the newest first."""
        query = select(AnomalyRow).order_by(AnomalyRow.time.desc(), AnomalyRow.id.desc())
        if subject:
            query = query.where(AnomalyRow.subject == subject)
        if state:
            query = query.where(AnomalyRow.state == state)
        if cursor:
            after = session.scalars(select(AnomalyRow).where(AnomalyRow.id == cursor)).one_or_none()
            if after is None:
                raise NotFoundError("this cursor leads nowhere", hint="begin again without one")
            earlier = (AnomalyRow.time < after.time) | ((AnomalyRow.time == after.time) & (AnomalyRow.id < after.id))
            query = query.where(earlier)
        everything = self._sees_all(session, identity)
        if not everything:
            query = query.where(AnomalyRow.subject.in_(self._own(session, identity)))
        wanted = min(max(limit, 1), _MOST)
        rows = list(session.scalars(query.limit(wanted + 1)))
        shown = [self._seen(session, identity, row, everything=everything) for row in rows[:wanted]]
        return AnomalyPage(shown, shown[-1].id if len(rows) > wanted else "")

    def _own(self, session: Session, identity: Identity) -> Sequence[str]:
        """Return the apps with anomalies that somebody may read, as subjects."""
        subjects = session.scalars(select(AnomalyRow.subject).where(AnomalyRow.subject.startswith("app:")).distinct())
        apps = [subject.removeprefix("app:") for subject in subjects]
        return [f"app:{app}" for app in self._catalog.readable(session, identity, apps)]

    def anomaly(self, session: Session, identity: Identity, anomaly_id: str) -> Anomaly:
        """Return one; to whoever may not see it, it looks as if there were none."""
        row = self._row(session, identity, anomaly_id)
        return self._seen(session, identity, row, everything=self._sees_all(session, identity))

    def explain_dismissal(self, session: Session, identity: Identity, anomaly: Anomaly) -> Decision:
        """Return whether the asker may dismiss it, and why."""
        return self._authorizer.explain(session, identity, "anomaly.dismiss", _resource(anomaly.subject))

    def dismiss(self, identity: Identity, anomaly_id: str, reason: str) -> Anomaly:
        """Say that an anomaly is nothing, and why: what is unusual for the series must be more so from now on."""
        reason = given_reason(reason)
        with self._store.transaction() as session:
            row = self._row(session, identity, anomaly_id, held=True)
            decision = self._authorizer.require(session, identity, "anomaly.dismiss", _resource(row.subject))
            if row.state != AnomalyState.OPEN:
                raise AnomalyNotOpenError("this anomaly was dismissed already", hint="there is nothing to do")
            row.state, row.reason = AnomalyState.DISMISSED, reason
            row.decided_by, row.decided_at = str(identity.principal), self._clock()
            raised = self._teach(session, row)
            app = row.subject.removeprefix("app:") if row.subject.startswith("app:") else ""
            self._audit.note(
                session,
                str(identity.principal),
                "anomaly.dismissed",
                row.subject,
                app=app,
                reason=reason,
                deciders=decision.deciders,
                context={"anomaly": row.id, "measure": row.measure, "raised": raised},
            )
            return self._seen(session, identity, row, everything=self._sees_all(session, identity))

    @staticmethod
    def _teach(session: Session, row: AnomalyRow) -> int:
        """Raise what is unusual for the series; what happened for the first time is known already."""
        if row.kind != Kind.UNUSUAL:
            return 0
        its = (SeriesRow.subject == row.subject) & (SeriesRow.measure == row.measure)
        series = session.scalars(select(SeriesRow).where(its).with_for_update()).one_or_none()
        if series is None:
            return 0
        series.raised = min(series.raised + 1, _MOST_RAISED)
        return series.raised

    def _row(self, session: Session, identity: Identity, anomaly_id: str, *, held: bool = False) -> AnomalyRow:
        query = select(AnomalyRow).where(AnomalyRow.id == anomaly_id[:60])
        row = session.scalars(query.with_for_update() if held else query).one_or_none()
        if row is not None and self._may_see(session, identity, row.subject):
            return row
        raise NotFoundError(
            f"there is no anomaly '{anomaly_id[:60]}', or you may not see it", hint="bailiwick anomaly list"
        )

    def _may_see(self, session: Session, identity: Identity, subject: str) -> bool:
        if self._sees_all(session, identity):
            return True
        app = subject.removeprefix("app:")
        return app != subject and bool(self._catalog.readable(session, identity, [app]))

    def _sees_all(self, session: Session, identity: Identity) -> bool:
        try:
            self._authorizer.require(session, identity, "audit.read", ORGANIZATION)
        except ForbiddenError:
            return False
        return True

    def _seen(self, session: Session, identity: Identity, row: AnomalyRow, *, everything: bool) -> Anomaly:
        """Return an anomaly without what moved of apps, people and systems that the asker may not see."""
        moved = [Moved(**one) for one in row.moved]
        if not everything:
            apps = {one.subject.removeprefix("app:") for one in moved if one.subject.startswith("app:")}
            readable = self._catalog.readable(session, identity, apps)
            moved = [
                one for one in moved if one.subject.startswith("app:") and one.subject.removeprefix("app:") in readable
            ]
        return Anomaly(
            id=row.id, kind=Kind(row.kind), subject=row.subject, measure=row.measure, time=row.time, last=row.last,
            times=row.times, value=row.value, expected=row.expected, low=row.low, high=row.high, score=row.score,
            people=tuple(row.people), moved=tuple(moved), points=_points(row.points), state=AnomalyState(row.state),
            decided_by=row.decided_by, reason=row.reason,
        )  # fmt: skip


def _points(written: Sequence[Sequence[float]]) -> tuple[Point, ...]:
    return tuple(Point(datetime.fromtimestamp(at, UTC), value, low, high) for at, value, low, high in written)


def _resource(subject: str) -> str:
    return subject if subject.startswith("app:") else ORGANIZATION
