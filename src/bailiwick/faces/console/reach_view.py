"""Reach as pages show it: what an app can touch by kind, and what a deploy would change, old beside new."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from bailiwick.core.grants import ColumnGrant, Mask, RequestGrant, TableGrant
from bailiwick.core.reach import Reach
from bailiwick.core.reach_news import news
from bailiwick.core.reach_words import (
    Line,
    column_words,
    day_words,
    field_words,
    log_words,
    mail_words,
    mcp_words,
    reach_lines,
)
from bailiwick.core.row_words import condition_words, rule_words

_MASKS = {
    Mask.NULL: "hidden",
    Mask.FULL: "hidden but for whether there is one",
    Mask.FIRST1: "first character only",
    Mask.LAST2: "last two only",
    Mask.LAST4: "last four only",
    Mask.EMAIL: "domain only",
    Mask.YEAR: "year only",
    Mask.MONTH: "month only",
    Mask.HASH: "hash only",
    Mask.DIGITS: "other digits only",
    Mask.NOISE5: "up to 5 percent off",
    Mask.NOISE10: "up to 10 percent off",
    Mask.NOISE25: "up to 25 percent off",
}
_IN_CLEAR = {"http": "plain HTTP", "smtp": "mail (SMTP)"}
_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Target:
    """One thing in reach: its name, what may be done with it, and the limits on that, a line each."""

    name: str
    verbs: tuple[str, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """Things in reach of one kind."""

    kind: str
    title: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class ReachView:
    """What an app can reach."""

    app: str
    lanes: tuple[Lane, ...]
    limits: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One line of a reach before and after, of which kind; an empty side is not in reach there. What is `new` goes
    beyond what was there before.
    """

    kind: str
    before: str
    after: str
    new: bool = False


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A reach before and after, line by line: what changes first, then what stays."""

    changed: tuple[ChangeRow, ...]
    kept: tuple[ChangeRow, ...]
    glance: str


def reach_view(app: str, reach: Reach) -> ReachView:
    """Return what an app can reach, by kind; kinds with nothing in them are left out."""
    tables = [
        _table(integration.resource, table) for integration in reach.integrations for table in integration.grant.tables
    ]
    calls = [
        _request(integration.resource, request)
        for integration in reach.integrations
        for request in integration.grant.requests
    ]
    mail = [
        Target(integration.resource, ("send mail",), (mail_words("", mail)[2:],))
        for integration in reach.integrations
        for mail in integration.grant.mail
    ]
    served = [
        Target(integration.resource, ("use",), (mcp_words("", item)[2:],))
        for integration in reach.integrations
        for item in integration.grant.served
    ]
    lanes = [
        Lane("data", "Data", (*tables, *calls, *mail, *served)),
        Lane("egress", "Hosts", tuple(_host(entry) for entry in reach.egress)),
        Lane("model", "Models", tuple(Target(model, ("ask",), ()) for model in reach.models)),
        Lane("job", "Runs by itself", tuple(Target(job, (), ()) for job in (*reach.jobs, *reach.workers))),
    ]
    used = f"{reach.memory_bytes // 2**20} MiB, {reach.cpu:g} CPU" if reach.memory_bytes else "nothing runs"
    limits = f"{used}, {reach.requests_per_second} requests a second"
    limits += f", files of its own up to {reach.storage_bytes // 2**20} MiB" if reach.storage_bytes else ""
    return ReachView(app, tuple(lane for lane in lanes if lane.targets), limits)


def change_view(before: Reach | None, after: Reach) -> ChangeView:
    """Return two reaches side by side, the old and new wording of one thing in one row."""
    was, now = (list(reach_lines(before)) if before is not None else []), list(reach_lines(after))
    new = {line.kind if line.kind == "limit" else line.words: line.kind for line in news(before, after)}
    kinds = dict.fromkeys(line.kind for line in [*now, *was])
    rows = tuple(row for kind in kinds for row in _paired(kind, was, now, new))
    kept = tuple(ChangeRow(line.kind, line.words, line.words) for line in now if line in was)
    added = sum(not row.before for row in rows)
    gone = sum(not row.after for row in rows)
    parts = [
        f"{number} {words}"
        for number, words in ((added, "new"), (len(rows) - added - gone, "changed"), (gone, "gone"))
        if number
    ]
    return ChangeView(rows, kept, ", ".join(parts) if parts else "nothing changes")


def _paired(kind: str, was: Sequence[Line], now: Sequence[Line], new: Mapping[str, str]) -> Iterator[ChangeRow]:
    removed = [line.words for line in was if line.kind == kind and line not in now]
    for line in now:
        if line.kind != kind or line in was:
            continue
        alike = difflib.get_close_matches(line.words, removed, n=1, cutoff=_ALIKE)
        if alike:
            removed.remove(alike[0])
        found = new.get(kind if kind == "limit" else line.words, "")
        yield ChangeRow(found or kind, alike[0] if alike else "", line.words, new=bool(found))
    for words in removed:
        yield ChangeRow(kind, words, "")


def _table(resource: str, table: TableGrant) -> Target:
    masked = [
        column_words(column, ()) if column.mask_for else f"{column.name} {_MASKS[column.mask]}"
        for column in table.columns
        if column.readable and column.mask
    ]
    open_columns = [column.name for column in table.columns if column.readable and not column.mask]
    written = [column.name for column in table.columns if _only_written(column)]
    grouped = [column_words(column, table.groups) for column in table.columns if column.in_groups_of is not None]
    limits = [
        f"rows: {' and '.join(map(rule_words, table.rows))}" if table.rows else "rows: all",
        f"columns: {', '.join(open_columns)}" if open_columns else "",
        f"masked: {', '.join(masked)}" if masked else "",
        f"in groups: {', '.join(grouped)}" if grouped else "",
        f"written, never read: {', '.join(written)}" if written else "",
        f"writes only where {' and '.join(map(condition_words, table.checks))}" if table.checks else "",
        *day_words(table),
        *log_words(table),
        f"until {table.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if table.until is not None else "",
        f"for: {table.purpose}" if table.purpose else "",
    ]
    verbs = tuple(sorted(operation.value for operation in table.operations))
    return Target(f"{resource}.{table.relation}", verbs, tuple(filter(None, limits)))


def _request(resource: str, request: RequestGrant) -> Target:
    limits = [
        f"parameters: {', '.join(request.query) or 'none'}" if request.query is not None else "",
        f"fields sent: {', '.join(request.body) or 'none'}" if request.body is not None else "",
        f"masked: {', '.join(map(field_words, request.fields))}" if request.fields else "",
        *(rule.words for rule in request.rules),
    ]
    return Target(f"{resource}{request.path}", tuple(sorted(request.methods)), tuple(filter(None, limits)))


def _host(entry: str) -> Target:
    address, _, protocol = entry.partition("/")
    return Target(address, ("connect",), (_IN_CLEAR.get(protocol, protocol),) if protocol else ())


def _only_written(column: ColumnGrant) -> bool:
    return column.writable and not column.readable
