"""A rehearsal: migrations forward, back and forward again, on a copy of production's schema with synthetic rows.

The schema must come back as it was, byte for byte, and no row may vanish that no script is known to lose.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from bailiwick.core.errors import BailiwickError
from bailiwick.core.migrations import Migration, losses
from bailiwick.dataplane.databases.keeper import Databases
from bailiwick.dataplane.databases.moving import Moved, Mover
from bailiwick.dataplane.databases.plan import Plan, plan
from bailiwick.dataplane.databases.record import Applied
from bailiwick.dataplane.databases.run import set_limits
from bailiwick.dataplane.databases.schema import describe
from bailiwick.dataplane.databases.server import database_name
from bailiwick.dataplane.databases.synthetic import fill, recount

_MOST_LINES = 80
_RELEASE = "rehearsal"
_MODE = "production"


@dataclass(frozen=True, slots=True)
class Step:
    """How one migration went: milliseconds forward and back, and the locks on tables that it took forward."""

    title: str
    up_ms: float
    down_ms: float
    locks: tuple[str, ...]


@dataclass
class Rehearsed:
    """How a rehearsal went: whether it passed, why not, what differs (lines of a unified diff), and each step."""

    passed: bool = True
    why: str = ""
    diff: tuple[str, ...] = ()
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def rehearse(keeper: Databases, tenant: str, app: str, wanted: Sequence[Migration]) -> Rehearsed:
    """Rehearse what a release would do to an app's database in production; of that one only the schema is read."""
    name = database_name(tenant, app, _MODE)
    scratch = f"{name}_x"
    try:
        applied = await _applied(keeper, name)
        found = plan(applied, wanted, mode=_MODE)
        if not found.forward:
            return Rehearsed(notes=["no migration is new in this release"])
        await keeper.server.drop(scratch)
        opened = await keeper.server.open_named(scratch)
        if applied:
            await keeper.snapshots.copy_schema(await keeper.server.open_named(name), opened)
        async with keeper.server.as_owner(opened, "rehearsal") as connection:
            await set_limits(connection, keeper.patience)
            await keeper.record.prepare(connection)
            return await _there_and_back(Mover(keeper.server, keeper.record, opened, connection), found)
    except BailiwickError as fault:
        return Rehearsed(passed=False, why=fault.message)
    except psycopg.Error as fault:
        return Rehearsed(passed=False, why=f"it could not be rehearsed ({type(fault).__name__})")
    finally:
        await keeper.server.drop(scratch)


async def _applied(keeper: Databases, name: str) -> tuple[Applied, ...]:
    if not await keeper.server.exists(name):
        return ()
    opened = await keeper.server.open_named(name)
    async with keeper.server.as_owner(opened, "rehearsal") as connection:
        await keeper.record.prepare(connection)
        return await keeper.record.applied(connection, name)


async def _there_and_back(mover: Mover, found: Plan) -> Rehearsed:
    """Go forward, back and forward; what production goes back to first is taken back here first, too."""
    connection = mover.connection
    await mover.move(Plan(found.back, ()), _RELEASE, accept_loss=True, moved=Moved())
    rows, empty = await fill(connection)
    result = Rehearsed(notes=[f"no made-up row fits {name}: it was rehearsed empty" for name in sorted(empty)])
    before = await describe(connection)
    up, down, again = Moved(), Moved(), Moved()
    await mover.move(Plan((), found.forward), _RELEASE, accept_loss=True, moved=up)
    after = await describe(connection)
    back = Plan(
        tuple(reversed(await mover.record.applied(connection, mover.opened.database)))[: len(found.forward)], ()
    )
    await mover.move(back, _RELEASE, accept_loss=True, moved=down)
    result.steps = [
        Step(title, up.milliseconds[title], down.milliseconds.get(title, 0.0), up.locks.get(title, ()))
        for title in up.forward
    ]
    _compare(result, before, await describe(connection), "the schema does not come back as it was")
    if result.passed:
        _rows_stayed(result, found.forward, rows, await recount(connection, rows))
    if result.passed:
        await mover.move(Plan((), found.forward), _RELEASE, accept_loss=True, moved=again)
        _compare(result, after, await describe(connection), "forward again it is not what it was the first time")
    return result


def _compare(result: Rehearsed, before: str, after: str, why: str) -> None:
    if before != after:
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=1)
        result.passed, result.why, result.diff = False, why, tuple(lines)[:_MOST_LINES]


def _rows_stayed(
    result: Rehearsed, forward: Sequence[Migration], before: Mapping[str, int], after: Mapping[str, int]
) -> None:
    """Find rows that vanished on the way there and back although no statement says that it removes any."""
    if any(losses(item.title, item.up) for item in forward):
        return
    gone = [f"{table} had {count} rows and has {after.get(table, 0)}" for table, count in before.items()
            if after.get(table, 0) < count]  # fmt: skip
    if gone:
        result.passed, result.why = False, "rows vanish on the way there and back: " + "; ".join(gone)
