"""Reach in words: one line for each thing that an app may touch, and what is new in it."""

from collections.abc import Iterator

from bailiwick.control.release.model import ReachChange
from bailiwick.core.capabilities import WORDS, Capability
from bailiwick.core.grants import ColumnGrant, Mask, RowCondition, TableGrant
from bailiwick.core.reach import Reach

_MASKS = {Mask.LAST4: "masked to the last four", Mask.EMAIL: "masked to its domain", Mask.NULL: "hidden"}


def describe(reach: Reach) -> tuple[str, ...]:
    """Return the lines of a reach."""
    return tuple(_lines(reach))


def compare(old: Reach | None, new: Reach) -> ReachChange:
    """Return what is new, gone and kept, line by line; without an old reach everything is new."""
    before = describe(old) if old is not None else ()
    after = describe(new)
    return ReachChange(
        added=tuple(line for line in after if line not in before),
        removed=tuple(line for line in before if line not in after),
        kept=tuple(line for line in after if line in before),
    )


def _lines(reach: Reach) -> Iterator[str]:
    for integration in reach.integrations:
        for table in integration.grant.tables:
            yield f"{integration.resource}: {_table(table)}"
    for host in reach.egress:
        yield f"may open connections to {host}"
    for model in reach.models:
        yield f"may ask the model {model}"
    for job in reach.jobs:
        yield f"runs by itself: {job}"
    for capability in reach.capabilities:
        yield WORDS[Capability(capability)] if capability in WORDS else f"has the capability {capability}"
    for data_class in reach.data_classes:
        yield f"says that it handles {data_class} data"
    yield f"may use {reach.memory_bytes // 2**20} MiB of memory and {reach.cpu:g} of a processor"
    yield f"takes up to {reach.requests_per_second} requests a second"


def _table(table: TableGrant) -> str:
    verbs = ", ".join(sorted(operation.value for operation in table.operations))
    columns = ", ".join(_column(column) for column in table.columns)
    rows = " and ".join(_condition(condition) for condition in table.rows) or "all rows"
    return f"{verbs} on {table.relation}: {rows}; columns {columns}"


def _column(column: ColumnGrant) -> str:
    if not column.readable:
        return f"{column.name} (written, never read)"
    return f"{column.name} ({_MASKS[column.mask]})" if column.mask else column.name


def _condition(condition: RowCondition) -> str:
    if condition.equals_attribute is not None:
        return f"only rows whose {condition.column} is the person's own {condition.equals_attribute}"
    return f"only rows whose {condition.column} is {condition.equals!r}"
