"""How many rows and bytes of a table passed today: for an app, and for each person in it. A grant may limit both.

Counts lie on disk and outlive the plane. Rows count as they come, before they are passed on, so that nothing goes
through behind a limit; those of a statement that changes some count when it is done, so that the next one is refused.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.grants import DayLimit, DayLimits
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.limits import LimitedError, Who

_SCHEMA = """
CREATE TABLE IF NOT EXISTS passed (day TEXT, app TEXT, integration TEXT, relation TEXT, person TEXT, rows INTEGER,
bytes INTEGER, PRIMARY KEY (day, app, integration, relation, person)) WITHOUT ROWID;
"""
_ADD = """
INSERT INTO passed VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET rows = rows + excluded.rows,
bytes = bytes + excluded.bytes
"""
_DAY_SECONDS = 86_400
# The app and the integration, the table, and the person, empty for all of the app together.
_Key = tuple[str, str, str, str]


class DayCounts:
    """Counts of this plane, in a file of its own."""

    def __init__(self, path: Path | str = ":memory:", clock: Clock = utc_now) -> None:
        """Take the file that they are in, which is made where it is not there."""
        self._clock = clock
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A crash of the plane loses nothing so; only one of the whole host may lose the last seconds.
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.executescript(_SCHEMA)
        self._day = self._today()
        self._passed: dict[_Key, tuple[int, int]] = {}
        self._limited: dict[tuple[str, str], Mapping[str, DayLimits]] = {}
        self._changed: set[tuple[str, str]] = set()
        self._load()

    @property
    def day(self) -> date:
        """The day that they are of."""
        self._turn()
        return self._day

    def passed(self, key: _Key) -> tuple[int, int]:
        """Return the rows and bytes of today."""
        self._turn()
        return self._passed.get(key, (0, 0))

    def people(self, app: str, name: str) -> Mapping[str, list[tuple[str, tuple[int, int]]]]:
        """Return who had something of an integration by an app today, and how much, by table."""
        found: dict[str, list[tuple[str, tuple[int, int]]]] = {}
        for (by, of, table, person), count in self._passed.items():
            if person and (by, of) == (app, name):
                found.setdefault(table, []).append((person, count))
        return found

    def hold(self, app: str, name: str, limited: Mapping[str, DayLimits]) -> None:
        """Note which limits hold for an app on an integration."""
        self._limited[app, name] = limited

    def limited(self, app: str, name: str) -> Mapping[str, DayLimits]:
        """Return the limits that hold for an app on an integration, by table."""
        return self._limited.get((app, name), {})

    def take_changed(self) -> set[tuple[str, str]]:
        """Return the apps and integrations for which something passed since this was asked last."""
        changed, self._changed = self._changed, set()
        return changed

    def add(self, key: _Key, rows: int, size: int) -> tuple[int, int]:
        """Count rows and bytes, and return those of today with them."""
        before = self.passed(key)
        self._changed.add(key[:2])
        now = self._passed[key] = (before[0] + rows, before[1] + size)
        self._database.execute(_ADD, [self._day.isoformat(), *key, rows, size])
        return now

    def seconds_left(self) -> float:
        """Return how long today lasts."""
        return _DAY_SECONDS - self._clock().timestamp() % _DAY_SECONDS

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _turn(self) -> None:
        """Begin anew where the day is another."""
        if self._today() != self._day:
            self._day = self._today()
            self._load()

    def _load(self) -> None:
        self._database.execute("DELETE FROM passed WHERE day <> ?", [self._day.isoformat()])
        rows = self._database.execute("SELECT app, integration, relation, person, rows, bytes FROM passed")
        self._passed = {(app, name, table, who): (count, size) for app, name, table, who, count, size in rows}

    def _today(self) -> date:
        return self._clock().date()


@dataclass(frozen=True)
class DayMeter:
    """What holds for the statements that come through one socket, by the names of tables that are limited."""

    counts: DayCounts
    binding: Binding
    limited: dict[str, DayLimits]

    @classmethod
    def of(cls, counts: DayCounts, binding: Binding) -> "DayMeter | None":
        """Return the meter of a socket, None where its grant limits nothing."""
        limited: dict[str, DayLimits] = {}
        for table in binding.grant.tables:
            if table.per_day is not None:
                # Statements tell tables without their schema: of two of one name both limits hold.
                limited[table.relation] = table.per_day.both(limited.get(table.relation))
        if not limited:
            return None
        counts.hold(binding.app, binding.resource, limited)
        return cls(counts, binding, limited)

    def require(self, tables: tuple[str, ...], who: Who) -> None:
        """Return while there is something left of every limit; raise `LimitedError` otherwise."""
        for key, limit in self._held(tables, who):
            rows, size = self.counts.passed(key)
            if (limit.rows is not None and rows >= limit.rows) or (limit.bytes is not None and size >= limit.bytes):
                raise self._spent(key, limit)

    def take(self, tables: tuple[str, ...], who: Who, rows: int, size: int) -> None:
        """Count rows that came, or were changed; raise `LimitedError` when they are more than are left."""
        spent: LimitedError | None = None
        for key, limit in self._held(tables, who):
            rows_now, size_now = self.counts.add(key, rows, size)
            if (limit.rows is not None and rows_now > limit.rows) or (
                limit.bytes is not None and size_now > limit.bytes
            ):
                spent = self._spent(key, limit)
        if spent is not None:
            raise spent

    def _held(self, tables: tuple[str, ...], who: Who) -> list[tuple[_Key, DayLimit]]:
        found: list[tuple[_Key, DayLimit]] = []
        for table in tables:
            limits = self.limited.get(table)
            if limits is not None:
                place = (self.binding.app, self.binding.resource, table)
                found.append(((*place, ""), limits.app))
                if who.person:
                    found.append(((*place, who.person), limits.person))
        return found

    def _spent(self, key: _Key, limit: DayLimit) -> LimitedError:
        _, name, table, person = key
        parts = [f"{limit.rows:,} rows"] if limit.rows is not None else []
        parts += [f"{limit.bytes:,} bytes"] if limit.bytes is not None else []
        whose = f"{person} has had the" if person else "this app has had the"
        words = f"{whose} {' or '.join(parts)} of {table} on {name} that may pass in a day"
        return LimitedError("day", words, self.counts.seconds_left(), of_person=bool(person))
