"""Each minute, one of the replicas: adds up what happened, feeds the detectors, and writes down what stands out."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.anomalies.finding import Found, write_first, write_unusual
from bailiwick.control.anomalies.gathering import Minute, minute_of
from bailiwick.control.anomalies.model import ABSENT, BUCKET_SECONDS, LEAST, Moved
from bailiwick.control.anomalies.tables import CursorRow, SeenRow, SeriesRow
from bailiwick.control.anomalies.watching import Watched, alarming, keep, watched
from bailiwick.control.audit import AuditLog, log_size, read_on
from bailiwick.control.observe import requests_between
from bailiwick.core.clock import Clock
from bailiwick.store import Store

_LOG = logging.getLogger("bailiwick.control")
_MINUTE = timedelta(seconds=BUCKET_SECONDS)
# What planes report takes some seconds to arrive.
_LATE = timedelta(seconds=8)
_BATCH, _MOST_AT_ONCE = 2000, 50_000
_MOST_SERIES, _MOST_SEEN = 2000, 50_000
# A series without anything for so long is looked at again when there is something.
_IDLE = timedelta(days=2)
_LONGEST_FILLED = 2 * 24 * 60
# For so long what a subject does for the first time is not news yet.
_GETTING_TO_KNOW = timedelta(days=1)
# What moved enough in the same minute to be told beside what stands out.
_MOVED = 0.5
_MOST_MOVED = 12


class AnomalyKeeper:
    """Keeps series going. What it knows is in the database; what is in memory only saves reading it."""

    def __init__(self, *, store: Store, audit: AuditLog, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._watched: dict[tuple[str, str], Watched] = {}

    def keep(self) -> None:
        """Take what came, and close the minutes that are over; where another replica does so, do nothing."""
        try:
            while self._step():
                pass
        except BaseException:
            # What was rolled back must not be remembered.
            self._watched.clear()
            raise

    def _step(self) -> bool:
        """Read on, and close one minute if it is over; return whether there is more to do."""
        with self._store.transaction() as session:
            cursor = self._turn(session)
            if cursor is None:
                return False
            minutes = {key: minute_of(document) for key, document in cursor.gathered.items()}
            rest = self._read(session, cursor, minutes)
            end = cursor.opened + _MINUTE
            over = not rest and self._clock() >= end + _LATE
            if over:
                minute = minutes.pop(_key(cursor.opened), Minute())
                self._add_requests(session, minute, cursor.opened, end)
                self._close(session, minute, cursor.opened)
                cursor.opened = self._next(end, minutes)
            cursor.gathered = {key: minute.document() for key, minute in minutes.items()}
            return over or rest

    def _turn(self, session: Session) -> CursorRow | None:
        """Return where detection is, held until the transaction is over; nothing if somebody else holds it."""
        now = self._clock()
        begun = {"sequence": log_size(session), "opened": _floor(now), "gathered": {}}
        session.execute(insert(CursorRow).values(begun).on_conflict_do_nothing())
        return session.scalars(select(CursorRow).with_for_update(skip_locked=True)).one_or_none()

    def _read(self, session: Session, cursor: CursorRow, minutes: dict[str, Minute]) -> bool:
        """Add up what the log has since; return whether there is more than was read."""
        read = 0
        while read < _MOST_AT_ONCE:
            places = read_on(session, cursor.sequence, _BATCH)
            for place in places:
                cursor.sequence = place.sequence + 1
                if place.event is not None:
                    # What comes late is of the minute that is open: nothing is left out, nothing counted twice.
                    at = max(_floor(place.event.time), cursor.opened)
                    at = min(at, _floor(self._clock()))
                    minutes.setdefault(_key(at), Minute()).add(place.event)
            read += len(places)
            if len(places) < _BATCH:
                return False
        return True

    def _next(self, end: datetime, minutes: Mapping[str, Minute]) -> datetime:
        """Return the minute to open next: after a pause of ours those in which nothing is known are left out."""
        now = _floor(self._clock())
        if now - end <= 5 * _MINUTE:
            return end
        waiting = [datetime.fromisoformat(key) for key in minutes]
        return min([*waiting, now])

    def _add_requests(self, session: Session, minute: Minute, begin: datetime, end: datetime) -> None:
        for line in requests_between(session, begin, end):
            minute.requests(line.app, line.requests, line.errors, line.slow_ms)

    def _close(self, session: Session, minute: Minute, opened: datetime) -> None:
        self._first_times(session, minute, opened)
        values = minute.values()
        found: list[Found] = []
        for row in self._series(session, values, opened):
            key = (row.subject, row.measure)
            value = values.get(key)
            if value:
                row.active = opened
            one = self._watching(row)
            if value is None and row.measure in ABSENT:
                continue
            told = self._feed(row, one, opened, value or 0.0)
            if told is not None and told.score >= _MOVED:
                found.append(told)
        for worst in self._worst(found):
            moved = [
                Moved(other.row.subject, other.row.measure, other.value, other.expected.value, other.score)
                for other in sorted(found, key=lambda other: -other.score)
                if other is not worst
            ]
            people = sorted(minute.people.get(worst.row.subject, set()))
            write_unusual(session, self._audit, worst, opened, moved[:_MOST_MOVED], people)

    @staticmethod
    def _worst(found: Sequence[Found]) -> list[Found]:
        """Return what stands out, of each subject only what does so most: the rest is told with it."""
        worst: dict[str, Found] = {}
        for one in found:
            known = worst.get(one.row.subject)
            if one.alarms and (known is None or one.score > known.score):
                worst[one.row.subject] = one
        return list(worst.values())

    def _series(
        self, session: Session, values: Mapping[tuple[str, str], float], opened: datetime
    ) -> Sequence[SeriesRow]:
        """Return the series to feed: those with something in this minute, and those that had something lately."""
        rows = list(session.scalars(select(SeriesRow).where(SeriesRow.active >= opened - _IDLE)))
        known = {(row.subject, row.measure) for row in rows}
        missing = [key for key, value in values.items() if value and key not in known]
        if not missing:
            return rows
        subjects = {subject for subject, _ in missing}
        asleep = session.scalars(select(SeriesRow).where(SeriesRow.subject.in_(subjects)))
        rows += [row for row in asleep if (row.subject, row.measure) in missing]
        known |= {(row.subject, row.measure) for row in rows}
        room = _MOST_SERIES - (session.scalar(select(func.count()).select_from(SeriesRow)) or 0)
        new = [key for key in missing if key not in known]
        if len(new) > room:
            _LOG.warning("%d series are not watched: %d are, which is the most", len(new) - room, _MOST_SERIES)
        for subject, measure in new[: max(room, 0)]:
            row = SeriesRow(subject=subject, measure=measure, state=b"", since=[], raised=0,
                            upto=opened - _MINUTE, active=opened)  # fmt: skip
            session.add(row)
            rows.append(row)
        return rows

    def _watching(self, row: SeriesRow) -> Watched:
        key = (row.subject, row.measure)
        known = self._watched.get(key)
        if known is None or known.upto != row.upto.timestamp():
            known = self._watched[key] = watched(row)
            known.upto = row.upto.timestamp()
        return known

    @staticmethod
    def _feed(row: SeriesRow, one: Watched, opened: datetime, value: float) -> Found | None:
        """Give a detector the minutes without anything since it was last fed, then this one."""
        at = opened.timestamp()
        if row.measure not in ABSENT:
            quiet = min(int((at - one.upto) / BUCKET_SECONDS) - 1, _LONGEST_FILLED)
            for back in range(quiet, 0, -1):
                then = at - back * BUCKET_SECONDS
                one.take(then, 0.0)
                keep(row, one, then, 0.0)
        score, expected = one.take(at, value)
        keep(row, one, at, value)
        row.upto = opened
        if expected is None or not one.knows_enough:
            return None
        matters = max(value, expected.value) >= LEAST[row.measure]
        return Found(row, value, expected, score, matters and score >= alarming(row), tuple(one.points))

    def _first_times(self, session: Session, minute: Minute, opened: datetime) -> None:
        """Write down who had to do with what, and tell what is new to a subject that is known for a while."""
        if not minute.met:
            return
        subjects = {subject for subject, _ in minute.met}
        rows = session.execute(
            select(SeenRow.subject, func.min(SeenRow.first))
            .where(SeenRow.subject.in_(subjects))
            .group_by(SeenRow.subject)
        )
        since: dict[str, datetime] = {row.subject: row[1] for row in rows}
        room = _MOST_SEEN - (session.scalar(select(func.count()).select_from(SeenRow)) or 0)
        new = sorted(minute.met)[: max(room, 0)]
        if not new:
            return
        values = [{"subject": subject, "thing": thing, "first": opened} for subject, thing in new]
        added = session.execute(
            insert(SeenRow).values(values).on_conflict_do_nothing().returning(SeenRow.subject, SeenRow.thing)
        )
        for subject, thing in added:
            if subject in since and opened - since[subject] >= _GETTING_TO_KNOW:
                write_first(session, self._audit, subject, thing, opened, sorted(minute.people.get(subject, ())))


def _floor(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _key(opened: datetime) -> str:
    return opened.isoformat()
