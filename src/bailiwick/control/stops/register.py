"""The register of stops: what stands, what holds an app, and the rows behind it. The caller brings the transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bailiwick.control.stops.model import Kill, StandingStops, mode_of
from bailiwick.control.stops.tables import KillRow
from bailiwick.core.clock import Clock
from bailiwick.core.ids import new_id
from bailiwick.core.modes import PRODUCTION
from bailiwick.core.stops import StopKind, StopScope

# The people behind each app, by its path: who answers for it, and who was the last to push to it.
Makers = Callable[[Session], Mapping[str, frozenset[str]]]
_MOST_LIFTED = 50


class StopRegister:
    """Rows of stops. `makers` says who is behind apps; `tenant` is the one whose rows are seen."""

    def __init__(self, *, makers: Makers, tenant: str, clock: Clock) -> None:
        self._makers = makers
        self.tenant = tenant
        self._clock = clock

    def now(self, session: Session) -> StandingStops:
        """Return every stop that stands."""
        query = select(KillRow).where(KillRow.revived_at.is_(None)).order_by(KillRow.time, KillRow.id)
        kills = tuple(kill_of(row) for row in session.scalars(query))
        builders = any(kill.scope.kind is StopKind.BUILDER for kill in kills)
        return StandingStops(kills, self._makers(session) if builders else {}, self.tenant)

    def lifted(self, session: Session) -> list[Kill]:
        """Return the stops that were lifted last, the newest first."""
        query = select(KillRow).where(KillRow.revived_at.is_not(None)).order_by(KillRow.revived_at.desc())
        return [kill_of(row) for row in session.scalars(query.limit(_MOST_LIFTED))]

    def of_scope(self, session: Session, scope: StopScope, *, lock: bool) -> Sequence[KillRow]:
        """Return the rows of this very scope that stand; with a lock nobody else lifts them meanwhile."""
        own = (KillRow.kind == scope.kind, KillRow.subject == scope.subject, KillRow.revived_at.is_(None))
        query = select(KillRow).where(*own).order_by(KillRow.mode, KillRow.time)
        return session.scalars(query.with_for_update() if lock else query).all()

    def apps_of(self, session: Session, scope: StopScope) -> tuple[str, ...]:
        """Return the apps that are a builder's now; none for what is no builder."""
        if scope.kind is not StopKind.BUILDER:
            return ()
        return tuple(sorted(app for app, people in self._makers(session).items() if scope.subject in people))

    def people_behind(self, session: Session, apps: Collection[str]) -> frozenset[str]:
        """Return the people behind some apps."""
        makers = self._makers(session) if apps else {}
        return frozenset(name for app in apps for name in makers.get(app, ()))

    def add(
        self,
        session: Session,
        scope: StopScope,
        *,
        because: str,
        by: str,
        mode: str | None = None,
        evidence: str = "",
        security: bool = False,
        drain_seconds: int = 0,
        rule: str = "",
        apps: Sequence[str] = (),
        retry_at: datetime | None = None,
    ) -> Kill:
        """Remember a stop; `mode` is said where it is not all that the scope covers, `apps` where they are known."""
        row = KillRow(
            id=new_id("kil"),
            kind=scope.kind,
            subject=scope.subject,
            apps=list(apps or self.apps_of(session, scope)),
            mode=mode_of(scope) if mode is None else mode,
            because=because,
            by=by,
            time=self._clock(),
            evidence=evidence,
            security=security,
            drain_seconds=drain_seconds,
            rule=rule,
            retry_at=retry_at,
            revived_by="",
            revive_reason="",
            revived_at=None,
        )
        session.add(row)
        session.flush()
        return kill_of(row)


def last_stopped(session: Session, apps: Collection[str]) -> dict[str, datetime]:
    """Return when each of some apps was last stopped in production, also when it was brought back since."""
    where = KillRow.mode.in_(("", PRODUCTION))
    own = select(KillRow.subject, func.max(KillRow.time)).where(where, KillRow.kind == StopKind.APP)
    found = {row[0]: row[1] for row in session.execute(own.group_by(KillRow.subject)) if row[0] in apps}
    wide = [kill_of(row) for row in session.scalars(select(KillRow).where(where, KillRow.kind != StopKind.APP))]
    for app in apps if wide else ():
        times = [kill.time for kill in wide if kill.covers(app)]
        if times:
            found[app] = max([*times, *([found[app]] if app in found else [])])
    return found


def kill_of(row: KillRow) -> Kill:
    """Return a row as a stop."""
    return Kill(
        id=row.id,
        scope=StopScope(StopKind(row.kind), row.subject),
        apps=tuple(row.apps),
        mode=row.mode,
        because=row.because,
        by=row.by,
        time=row.time,
        evidence=row.evidence,
        security=row.security,
        drain_seconds=row.drain_seconds,
        rule=row.rule,
        attempt=row.attempt,
        retry_at=row.retry_at,
        trial_since=row.trial_since,
        revived_by=row.revived_by,
        revive_reason=row.revive_reason,
        revived_at=row.revived_at,
    )
