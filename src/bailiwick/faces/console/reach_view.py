"""Reach as pages show it: what an app can touch by kind, and what a deploy would change, old beside new."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.control.release import ReachChange
from bailiwick.core.grants import ColumnGrant, Mask, RowCondition, TableGrant
from bailiwick.core.reach import Reach

_MASKS = {Mask.LAST4: "last four only", Mask.EMAIL: "domain only", Mask.NULL: "hidden"}
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
    """One line of a reach before and after; an empty side is not in reach there."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """What changes in a reach, line by line, and what stays."""

    changed: tuple[ChangeRow, ...]
    kept: tuple[str, ...]
    glance: str


def reach_view(app: str, reach: Reach) -> ReachView:
    """Return what an app can reach, by kind; kinds with nothing in them are left out."""
    tables = [
        _table(integration.resource, table) for integration in reach.integrations for table in integration.grant.tables
    ]
    lanes = [
        Lane("data", "Data", tuple(tables)),
        Lane("egress", "Hosts", tuple(Target(host, ("connect",), ()) for host in reach.egress)),
        Lane("model", "Models", tuple(Target(model, ("ask",), ()) for model in reach.models)),
        Lane("job", "Runs by itself", tuple(Target(job, (), ()) for job in reach.jobs)),
    ]
    limits = f"{reach.memory_bytes // 2**20} MiB, {reach.cpu:g} CPU, {reach.requests_per_second} requests a second"
    return ReachView(app, tuple(lane for lane in lanes if lane.targets), limits)


def change_view(change: ReachChange) -> ChangeView:
    """Return a change with the old and new wording of one thing side by side."""
    rows = tuple(_paired(list(change.removed), list(change.added)))
    added = sum(not row.before for row in rows)
    gone = sum(not row.after for row in rows)
    parts = [
        f"{number} {words}"
        for number, words in ((added, "new"), (len(rows) - added - gone, "changed"), (gone, "gone"))
        if number
    ]
    return ChangeView(rows, change.kept, ", ".join(parts) if parts else "nothing changes")


def _paired(removed: list[str], added: list[str]) -> Iterator[ChangeRow]:
    for after in added:
        alike = difflib.get_close_matches(after, removed, n=1, cutoff=_ALIKE)
        if alike:
            removed.remove(alike[0])
        yield ChangeRow(alike[0] if alike else "", after)
    for before in removed:
        yield ChangeRow(before, "")


def _table(resource: str, table: TableGrant) -> Target:
    masked = [f"{column.name} {_MASKS[column.mask]}" for column in table.columns if column.readable and column.mask]
    open_columns = [column.name for column in table.columns if column.readable and not column.mask]
    written = [column.name for column in table.columns if _only_written(column)]
    limits = [
        f"rows: {' and '.join(_condition(row) for row in table.rows)}" if table.rows else "rows: all",
        f"columns: {', '.join(open_columns)}" if open_columns else "",
        f"masked: {', '.join(masked)}" if masked else "",
        f"written, never read: {', '.join(written)}" if written else "",
    ]
    verbs = tuple(sorted(operation.value for operation in table.operations))
    return Target(f"{resource}.{table.relation}", verbs, tuple(filter(None, limits)))


def _only_written(column: ColumnGrant) -> bool:
    return column.writable and not column.readable


def _condition(row: RowCondition) -> str:
    if row.equals_attribute is not None:
        return f"{row.column} is the person's own {row.equals_attribute}"
    return f"{row.column} is {row.equals!r}"
