"""Traces: taken in from planes, kept for as long as the tenant says, and shown to builders of an app only."""

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from bailiwick.control.catalog import App
from bailiwick.control.identity import Authorizer
from bailiwick.control.traces.model import Overview, Span, TraceQuery
from bailiwick.control.traces.reading import errors_of, lines_of, metrics_of, points_of, roots_of, steps_of, trace_of
from bailiwick.control.traces.tables import AppMetricRow, ErrorGroupRow, SpanRollupRow, SpanRow
from bailiwick.control.traces.taking import days_of, take_spans
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError
from bailiwick.core.messages import SpanSeen, SpansReport
from bailiwick.core.modes import Mode
from bailiwick.core.principals import Identity
from bailiwick.core.traces import Meter, Source
from bailiwick.store import Store

# How long counts are kept, by the seconds that they are of.
_ROLLUPS_KEPT = {60: timedelta(days=2), 3600: timedelta(days=40), 86_400: timedelta(days=400)}
_DAYS_AHEAD = 3
# What stands in the place of a plane's name.
OUTSIDE = "outside"


class TraceService:
    """What apps did. `readable` returns an app when somebody may see it; spans are kept for `days`."""

    def __init__(
        self,
        store: Store,
        authorizer: Authorizer,
        readable: Callable[[Session, Identity, str], App],
        days: int,
        clock: Clock,
    ) -> None:
        self._store = store
        self._authorizer = authorizer
        self._readable = readable
        self._kept = timedelta(days=days)
        self._clock = clock
        self._days: set[date] = set()
        self._lock = threading.Lock()
        self._outside, self._outside_lock = Meter(), threading.Lock()

    # -- in --------------------------------------------------------------------------------------------------------

    def make_room(self, reports: Iterable[SpansReport]) -> None:
        """Have a partition for each day of the spans in reports; in a transaction of its own, as it locks others."""
        self._have(days_of(reports, self._clock(), self._kept))

    def take(self, session: Session, plane: str, reports: Sequence[SpansReport]) -> None:
        """Take in reports of a plane, for which room was made."""
        take_spans(session, plane, reports, self._clock(), self._kept)

    def keep(self) -> None:
        """Make room for the days to come, and remove what is older than it is kept for."""
        now = self._clock()
        today = now.astimezone(UTC).date()
        self._have({today + timedelta(days=ahead) for ahead in range(_DAYS_AHEAD)})
        with self._store.transaction() as session:
            session.execute(text("SELECT drop_span_days(:days)"), {"days": self._kept.days})
            with self._lock:
                self._days = {day for day in self._days if day >= today - self._kept}
            # Of partitions that other tenants still need, the own rows.
            session.execute(delete(SpanRow).where(SpanRow.start < now - self._kept - timedelta(days=1)))
            session.execute(delete(ErrorGroupRow).where(ErrorGroupRow.last < now - _ROLLUPS_KEPT[86_400]))
            for seconds, kept in _ROLLUPS_KEPT.items():
                _forget_rollups(session, seconds, now - kept)

    def _have(self, days: set[date]) -> None:
        with self._lock:
            missing = sorted(days - self._days)
        for day in missing:
            with self._store.transaction() as session:
                session.execute(text("SELECT keep_span_day(:day)"), {"day": day})
        with self._lock:
            self._days |= days

    def take_outside(self, identity: Identity, app_path: str, mode: Mode, spans: Sequence[SpanSeen]) -> None:
        """Take spans that somebody sends for an app from outside of planes, as far as the app's budget goes.

        They are durable when this returns. Raises as `_allowed` does.
        """
        with self._store.transaction() as session:
            app = self._allowed(session, identity, app_path, "app.send-telemetry")
        source = Source(app.path, mode, "", "")
        with self._outside_lock:
            for span in spans:
                self._outside.observe(source, span)
            reports = self._outside.take(all_of_it=True)
            self.make_room(reports)
            with self._store.transaction() as session:
                self.take(session, OUTSIDE, reports)

    # -- out -------------------------------------------------------------------------------------------------------

    def overview(self, identity: Identity, app_path: str, mode: str, hours: int) -> Overview:
        """Return how an app did over the last hours; raise as `_allowed` does."""
        now = self._clock()
        with self._store.transaction() as session:
            app = self._allowed(session, identity, app_path)
            since = now - timedelta(hours=hours)
            return Overview(
                since,
                now,
                steps_of(hours)[0],
                tuple(points_of(session, app.path, mode, hours, now)),
                tuple(lines_of(session, app.path, mode, hours, now)),
                tuple(errors_of(session, app.path, mode, since)),
                tuple(metrics_of(session, app.path, mode, hours, now)),
            )

    def traces(self, identity: Identity, app_path: str, query: TraceQuery) -> list[Span]:
        """Return what traces of an app begin with, newest first; raise as `_allowed` does."""
        with self._store.transaction() as session:
            app = self._allowed(session, identity, app_path)
            return roots_of(session, app.path, query, self._clock())

    def trace(self, identity: Identity, app_path: str, trace: str) -> list[Span]:
        """Return all that is kept of one trace of an app; raise as `_allowed` does, or `NotFoundError`."""
        with self._store.transaction() as session:
            app = self._allowed(session, identity, app_path)
            found = trace_of(session, app.path, trace)
        if not found:
            raise NotFoundError(
                f"{app.path} has no such trace",
                hint="ordinary ones are kept as far as there is room, and none for longer than the settings say",
            )
        return found

    def _allowed(self, session: Session, identity: Identity, app_path: str, action: str = "app.read-traces") -> App:
        """Return an app; raise `NotFoundError` for whoever may not see it, `ForbiddenError` for no builder of it."""
        app = self._readable(session, identity, app_path)
        self._authorizer.require(session, identity, action, f"app:{app.path}")
        return app


def _forget_rollups(session: Session, seconds: int, before: datetime) -> None:
    for row in (SpanRollupRow, AppMetricRow):
        session.execute(delete(row).where(row.seconds == seconds, row.start < before))
