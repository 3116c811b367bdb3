"""Looks which accounts may sign in to a connected database, with nothing but the integration's own account."""

from datetime import UTC, datetime

from bailiwick.core.messages import Account
from bailiwick.dataplane.gateways.sql.asking import QuestionRefusedError, ask, texts
from bailiwick.dataplane.gateways.sql.upstream import Connection

MOST_ACCOUNTS = 2000
_SECONDS = 30.0
# What any account may read of the catalogue (PostgreSQL documentation, 52.x "pg_roles", "pg_auth_members"): no hash, no
# statement. That somebody is connected now is all that a database knows of when an account was last used.
_QUERY = f"""
SELECT r.rolname, r.rolsuper,
       coalesce(to_char(nullif(r.rolvaliduntil, 'infinity') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'), ''),
       coalesce((SELECT string_agg(g.rolname, E'\\n' ORDER BY g.rolname)
                 FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid), ''),
       EXISTS (SELECT FROM pg_stat_activity a WHERE a.usesysid = r.oid)
FROM pg_roles r WHERE r.rolcanlogin ORDER BY r.rolname LIMIT {MOST_ACCOUNTS}
"""  # noqa: S608 - a number of ours


async def read_accounts(connection: Connection) -> tuple[Account, ...]:
    """Return the accounts of the database; raise `UnavailableError` when it does not say."""
    found = await ask(connection, _QUERY, seconds=_SECONDS)
    return tuple(_account(texts(row)) for row in found.rows)


def _account(values: list[str]) -> Account:
    try:
        name, superuser, until, groups, connected = values
        expires = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    except ValueError as fault:
        raise QuestionRefusedError("a row is not as it was asked for") from fault
    return Account(
        name=name,
        superuser=superuser == "t",
        member_of=tuple(groups.split("\n")) if groups else (),
        expires=expires,
        connected=connected == "t",
    )
