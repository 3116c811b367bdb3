"""Tells what passed today of what grants limit, once in a while, of what changed since."""

import time
from collections.abc import Callable, Sequence
from heapq import nsmallest

from bailiwick.core.clock import Clock
from bailiwick.core.day_use_words import share_of
from bailiwick.core.grants import DayLimit, DayLimits
from bailiwick.core.messages import LONGEST_PERSON, MOST_PEOPLE, MOST_USES, DayUseReport, PersonDayUse, TableDayUse
from bailiwick.dataplane.gateways.sql.days import DayCounts

_EVERY_SECONDS = 10.0


class DayReports:
    """Reports the counts of a plane; `report` must not wait."""

    def __init__(self, counts: DayCounts, report: Callable[[DayUseReport], None], clock: Clock) -> None:
        self._counts = counts
        self._report = report
        self._clock = clock
        self._told = time.monotonic()

    def roll_up(self) -> None:
        """Report what changed, each ten seconds."""
        if time.monotonic() >= self._told + _EVERY_SECONDS:
            self.tell()

    def tell(self) -> None:
        """Report what changed since the last time."""
        self._told = time.monotonic()
        for app, name in sorted(self._counts.take_changed()):
            people = self._counts.people(app, name)
            limited = sorted(self._counts.limited(app, name).items())[:MOST_USES]
            tables = tuple(self._table((app, name, table), limits, people.get(table, ())) for table, limits in limited)
            self._report(
                DayUseReport(app=app, integration=name, day=self._counts.day, tables=tables, time=self._clock())
            )

    def _table(
        self, place: tuple[str, str, str], limits: DayLimits, people: Sequence[tuple[str, tuple[int, int]]]
    ) -> TableDayUse:
        rows, size = self._counts.passed((*place, ""))
        # Who had how much is told where that is limited, and otherwise nobody's business.
        most = MOST_PEOPLE if limits.person != DayLimit() else 0
        nearest = nsmallest(most, people, key=lambda item: (-share_of(limits.person, *item[1]), item[0]))
        return TableDayUse(
            table=place[2],
            limits=limits,
            rows=rows,
            bytes=size,
            people=len(people),
            nearest=tuple(
                PersonDayUse(person=person[:LONGEST_PERSON], rows=count, bytes=passed)
                for person, (count, passed) in nearest
            ),
        )
