"""Counters of what models were used for, at this plane: in memory while calls run, on disk so that they outlive it."""

import secrets
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bailiwick.core.amount_words import amount_words
from bailiwick.core.messages import Unit

_SCHEMA = """
CREATE TABLE IF NOT EXISTS used (budget TEXT, of TEXT, period TEXT, unit TEXT, amount INTEGER, warned INTEGER,
PRIMARY KEY (budget, of, period, unit)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS own (id TEXT);
"""
_KEEP = """
INSERT INTO used VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET amount = excluded.amount, warned = excluded.warned
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a counter counts: one unit of a budget, for whom, in the day or month that `period` names."""

    budget: str
    of: str
    period: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Charge:
    """What a call takes of one counter, how much there may be of it, and from where on its owner is warned.

    Money is in millionths of `currency`.
    """

    counted: Counted
    amount: int
    limit: int
    warn_at: int
    currency: str = ""

    def words_of(self, amount: int) -> str:
        """Return an amount of what is counted as people write it."""
        return amount_words(self.counted.unit, amount, self.currency)


def with_amounts(charges: Iterable[Charge], amounts: Mapping[Unit, int]) -> list[Charge]:
    """Return charges of the same counters with other amounts."""
    return [replace(charge, amount=amounts[charge.counted.unit]) for charge in charges]


class LocalCounts:
    """Counters of this plane, in a file of its own. What calls that still run may take is set aside beside them.

    `id` names the file: where counters are kept together with other planes, this is whose part they are.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A crash of the plane loses nothing so; only one of the whole host may lose the last seconds.
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.executescript(_SCHEMA)
        self.id = self._own_id()
        self._used: Counter[Counted] = Counter()
        self._held: Counter[Counted] = Counter()
        self._warned: set[Counted] = set()
        for budget, of, period, unit, amount, warned in self._database.execute("SELECT * FROM used"):
            counted = Counted(budget, of, period, unit)
            self._used[counted] = amount
            if warned:
                self._warned.add(counted)

    def used(self, counted: Counted) -> int:
        """Return what was used."""
        return self._used[counted]

    def taken(self, counted: Counted) -> int:
        """Return what was used or is set aside."""
        return self._used[counted] + self._held[counted]

    def blocking(self, charges: Iterable[Charge]) -> Charge | None:
        """Return the first charge that there is no more room for, None where there is for all."""
        return next((item for item in charges if self.taken(item.counted) + item.amount > item.limit), None)

    def hold(self, charges: Iterable[Charge]) -> None:
        """Set aside what a call may take at most."""
        for charge in charges:
            self._held[charge.counted] += charge.amount

    def release(self, charges: Iterable[Charge]) -> None:
        """Let go what was set aside."""
        for charge in charges:
            left = self._held[charge.counted] - charge.amount
            if left > 0:
                self._held[charge.counted] = left
            else:
                del self._held[charge.counted]

    def use(self, charges: Sequence[Charge]) -> list[Charge]:
        """Count what a call took; return the charges whose owners are to be warned of it, each once in a period."""
        warned = []
        for charge in charges:
            self._used[charge.counted] += charge.amount
            if self._used[charge.counted] >= charge.warn_at and charge.counted not in self._warned:
                self._warned.add(charge.counted)
                warned.append(charge)
        rows = [
            (item.budget, item.of, item.period, item.unit, self._used[item], item in self._warned)
            for item in (charge.counted for charge in charges)
        ]
        self._database.execute("BEGIN")
        try:
            self._database.executemany(_KEEP, rows)
            self._database.execute("COMMIT")
        except BaseException:
            # What is in memory counts on; the next one writes again.
            self._database.rollback()
            raise
        return warned

    def keep(self, periods: Collection[str]) -> None:
        """Forget all but these periods."""
        for counted in [item for item in self._used if item.period not in periods]:
            del self._used[counted]
        self._warned = {item for item in self._warned if item.period in periods}
        marks = ", ".join("?" * len(periods))
        self._database.execute(f"DELETE FROM used WHERE period NOT IN ({marks})", list(periods))  # noqa: S608 - marks

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _own_id(self) -> str:
        found = self._database.execute("SELECT id FROM own").fetchone()
        if found is None:
            found = (secrets.token_hex(8),)
            self._database.execute("INSERT INTO own VALUES (?)", found)
        return str(found[0])
