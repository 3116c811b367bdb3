"""Writes down which functions of PostgreSQL an app may call, by the catalogue's own marks.

    python scripts/sql_allow_list.py postgresql://localhost/postgres

A function computes from its arguments alone when each one of its name is immutable and takes and gives plain values
only (CREATE FUNCTION, "IMMUTABLE"); those behind operators, casts, indexes and aggregates are left out. Those that
depend on the time or time zone are stable, as are many that read settings and the catalogue, so they are chosen by hand
(`grammar.CHOSEN`). Run it against the newest PostgreSQL, and read the difference.
"""

import sys
from pathlib import Path

import psycopg

from bailiwick.dataplane.gateways.sql import grammar

TARGET = Path(grammar.__file__).with_name("functions.txt")
_NAMES = """
WITH plain AS (
  SELECT oid, typarray FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typname = ANY (%(types)s)
), allowed AS (
  SELECT oid FROM plain UNION SELECT typarray FROM plain UNION
  SELECT oid FROM pg_type WHERE typname IN ('anyelement', 'anyarray', 'anynonarray', 'anycompatible',
    'anycompatiblearray', 'anycompatiblenonarray')
), inner_works AS (
  SELECT oprcode::oid AS oid FROM pg_operator UNION SELECT amproc FROM pg_amproc
  UNION SELECT castfunc FROM pg_cast UNION
  SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggmtransfn, aggminvtransfn, aggmfinalfn]) FROM pg_aggregate
  UNION SELECT unnest(ARRAY[typsend, typreceive, typinput, typoutput]) FROM pg_type
)
SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
GROUP BY proname
HAVING bool_and(provolatile = 'i' AND prokind IN ('f', 'a', 'w') AND NOT prosecdef
  AND oid NOT IN (SELECT oid FROM inner_works) AND prorettype IN (SELECT oid FROM allowed)
  AND NOT EXISTS (SELECT 1 FROM unnest(proargtypes) t(oid) WHERE t.oid NOT IN (SELECT oid FROM allowed)))
ORDER BY proname COLLATE "C"
"""
# Parts of PostgreSQL's own works, of no use to a statement.
_INNER = ("pg_", "lo_", "binary_upgrade_", "hash", "bt", "gin", "gist", "brin", "spg", "xml")


def immutable(connection: psycopg.Connection) -> list[str]:
    """Return the names of functions that compute from plain values alone."""
    found = connection.execute(_NAMES, {"types": sorted(grammar.TYPES)}).fetchall()
    return [name for (name,) in found if not name.startswith(_INNER)]


def volatile(connection: psycopg.Connection) -> set[str]:
    """Return the names of functions, and of operators that call such, of which one at least does something."""
    found = connection.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile = 'v' UNION "
        "SELECT oprname FROM pg_operator JOIN pg_proc p ON p.oid = oprcode WHERE provolatile = 'v'"
    )
    return {name for (name,) in found}


def operators(connection: psycopg.Connection) -> set[str]:
    """Return the names of all operators of PostgreSQL itself."""
    found = connection.execute("SELECT oprname FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace")
    return {name for (name,) in found}


def of_records(connection: psycopg.Connection) -> set[str]:
    """Return the names of functions that can be called on any whole row."""
    found = connection.execute(
        "SELECT proname FROM pg_proc WHERE prokind = 'f' AND provariadic = 0 AND pronargs - pronargdefaults <= 1 AND "
        "proargtypes[0] = ANY (ARRAY['record', '\"any\"', 'anyelement', 'anycompatible', 'anynonarray']::regtype[])"
    )
    return {name for (name,) in found}


def main() -> None:
    """Write the list."""
    with psycopg.connect(sys.argv[1]) as connection:
        TARGET.write_text("".join(f"{name}\n" for name in immutable(connection)))


if __name__ == "__main__":
    main()
