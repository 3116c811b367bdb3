"""Which migrations to take back and which to run, from what was run and what a release brings. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bailiwick.core.migrations import Migration, read_script
from bailiwick.dataplane.databases.errors import DatabaseError
from bailiwick.dataplane.databases.record import Applied


@dataclass(frozen=True, slots=True)
class Plan:
    """Migrations to take back, newest first, then those to run, oldest first."""

    back: tuple[Applied, ...]
    forward: tuple[Migration, ...]


def plan(applied: Sequence[Applied], wanted: Sequence[Migration], *, mode: str) -> Plan:
    """Return the way from what was run to what is wanted.

    In production a migration that was run is never changed: raises `DatabaseError` that names it.
    """
    same = 0
    for done, migration in zip(applied, wanted, strict=False):
        if done.migration.digest != migration.digest:
            if mode == "production" and done.migration.number == migration.number:
                raise DatabaseError(
                    f"{migration.title} was changed after it ran as {done.migration.title}",
                    hint="put it back as it was, and say what should change in a new migration",
                )
            break
        if not done.finished:
            break
        same += 1
    return Plan(tuple(reversed(applied[same:])), tuple(wanted[same:]))


def together(migrations: Sequence[Migration], way: str) -> Iterator[tuple[bool, tuple[Migration, ...]]]:
    """Yield runs of migrations that share a transaction, and those alone that must be outside one, as (outside, run).

    `way` is "up" or "down".
    """
    run: list[Migration] = []
    for migration in migrations:
        if read_script(migration.title, getattr(migration, way)).outside:
            if run:
                yield False, tuple(run)
                run = []
            yield True, (migration,)
        else:
            run.append(migration)
    if run:
        yield False, tuple(run)
