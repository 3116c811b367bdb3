"""What passed of a day's limits and what is left, in words, for the console and the command line."""

from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.core.grants import DayLimit
from bailiwick.core.messages import DayUseReport, PersonDayUse, TableDayUse
from bailiwick.core.reach_words import size_words


@dataclass(frozen=True, slots=True)
class DayUseLine:
    """How much passed for an app or a person of one table: in words, and as a share of the limit that is nearest."""

    table: str
    who: str
    used: str
    left: str
    share: float


def day_use_lines(report: DayUseReport) -> Iterator[DayUseLine]:
    """Yield a line for each limit of an app's own, and for the people who are nearest to theirs."""
    for table in report.tables:
        if _limits(table.limits.app):
            yield _line(table, "all together", table.limits.app, table)
        if _limits(table.limits.person):
            for found in table.nearest:
                yield _line(table, found.person or "one person", table.limits.person, found)


def day_use_words(line: DayUseLine) -> str:
    """Return a line as one text."""
    return f"{line.table}, {line.who}: {line.used}, {line.left} left"


def share_of(limit: DayLimit, rows: int, size: int) -> float:
    """Return which share of a limit has passed, of that which is nearer to its end."""
    shares = [used / most for used, most in ((rows, limit.rows), (size, limit.bytes)) if most is not None]
    return max(shares, default=0.0)


def _limits(limit: DayLimit) -> bool:
    return limit.rows is not None or limit.bytes is not None


def _line(table: TableDayUse, who: str, limit: DayLimit, passed: TableDayUse | PersonDayUse) -> DayUseLine:
    used, left = [], []
    if limit.rows is not None:
        used.append(f"{passed.rows:,} of {limit.rows:,} rows")
        left.append(f"{max(0, limit.rows - passed.rows):,} rows")
    if limit.bytes is not None:
        used.append(f"{size_words(passed.bytes)} of {size_words(limit.bytes)}")
        left.append(size_words(max(0, limit.bytes - passed.bytes)))
    share = share_of(limit, passed.rows, passed.bytes)
    return DayUseLine(table.table, who, " and ".join(used), " and ".join(left), share)
