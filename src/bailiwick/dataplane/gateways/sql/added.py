"""Functions of a database that its administrators allowed, as far as its own catalogue says what they said of them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bailiwick.core.messages import DesiredState
from bailiwick.core.sql_functions import AllowedFunction
from bailiwick.dataplane.gateways.sql.asking import ask
from bailiwick.dataplane.gateways.sql.pieces import literal
from bailiwick.dataplane.gateways.sql.upstream import Connection

_SECONDS, _FRESH_SECONDS = 5.0, 60.0
# Plain functions that return one value, with types of arguments that are PostgreSQL's own. An array is called by the
# name of its elements with a line before it (PostgreSQL documentation, 52.64 "pg_type").
_QUESTION = """SELECT n.nspname, p.proname, p.provolatile, p.prosecdef, (SELECT coalesce(string_agg(
CASE WHEN t.typnamespace <> 'pg_catalog'::regnamespace THEN '?' WHEN left(t.typname, 1) = '_'
THEN substr(t.typname, 2) || '[]' ELSE t.typname END, ',' ORDER BY a.place), '')
FROM unnest(p.proargtypes) WITH ORDINALITY AS a(type, place) JOIN pg_type t ON t.oid = a.type)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prokind = 'f' AND NOT p.proretset AND p.provariadic = 0 AND (n.nspname, p.proname) IN ({names})"""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was allowed when a database was asked, when that was, and what it has of it."""

    allowed: tuple[AllowedFunction, ...]
    time: float
    found: tuple[AllowedFunction, ...]


@dataclass
class AddedFunctions:
    """What may be called of each database: what the newest state allows, and the database was seen to have."""

    desired: Callable[[], DesiredState | None]
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def of(self, name: str) -> tuple[AllowedFunction, ...]:
        """Return the functions of a database, the same object while nothing changed."""
        seen = self._seen.get(name)
        if seen is None:
            return ()
        allowed = self._allowed(name)
        if allowed is not seen.allowed:
            # What is not allowed any more is gone at once; the same, newly told, is compared this once.
            seen = self._seen[name] = _Seen(allowed, seen.time, seen.found if allowed == seen.allowed else ())
        return seen.found

    async def look(self, name: str, connection: Connection) -> None:
        """Ask a database what it has of the functions that are allowed, unless it just said so."""
        allowed, seen = self._allowed(name), self._seen.get(name)
        if not allowed:
            self._seen.pop(name, None)
        elif seen is None or seen.allowed != allowed or time.monotonic() > seen.time + _FRESH_SECONDS:
            found = await as_they_are(connection, allowed)
            if seen is not None and seen.found == found:
                found = seen.found  # what was made of statements under these stays
            self._seen[name] = _Seen(allowed, time.monotonic(), found)

    def _allowed(self, name: str) -> tuple[AllowedFunction, ...]:
        state = self.desired()
        return state.sql_functions.get(name, ()) if state is not None else ()


async def as_they_are(connection: Connection, allowed: Sequence[AllowedFunction]) -> tuple[AllowedFunction, ...]:
    """Return those functions that are there as they were allowed: not volatile, and not with the rights of their owner,
    unless it was said that they are. Raises `UnavailableError` when the database does not say.
    """
    names = ", ".join(f"({literal(item.namespace)}, {literal(item.name)})" for item in allowed)
    answer = await ask(connection, _QUESTION.format(names=names), seconds=_SECONDS)
    found = {(row[0], row[1], row[4]): (row[2] == "v", row[3] == "t") for row in answer.rows}
    return tuple(
        item for item in allowed if _fits(item, found.get((item.namespace, item.name, ",".join(item.arguments))))
    )


def _fits(item: AllowedFunction, marks: tuple[bool, bool] | None) -> bool:
    """Return whether a function is there, and is no more than was said (`marks`: volatile, with its owner's rights)."""
    if marks is None:
        return False
    volatile, definer = marks
    return (item.volatile or not volatile) and (item.definer or not definer)
