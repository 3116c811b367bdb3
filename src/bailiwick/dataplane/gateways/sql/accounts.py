"""Looks which accounts may sign in to a connected database, with nothing but the integration's own account."""

from datetime import UTC, datetime

from bailiwick.core.errors import UnavailableError
from bailiwick.core.messages import Account
from bailiwick.dataplane.gateways.sql.messages import Message, ProtocolError, error_fields, read_message, text
from bailiwick.dataplane.gateways.sql.upstream import Connection

MOST_ACCOUNTS = 2000
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
    try:
        return await _answer(connection)
    except (ProtocolError, EOFError) as fault:
        raise UnavailableError(f"the database {connection.target.database} does not show its accounts") from fault


async def _answer(connection: Connection) -> tuple[Account, ...]:
    connection.channel.write(Message(b"Q", text(_QUERY)).encode())
    found: list[Account] = []
    refused = ""
    while True:
        message = await read_message(connection.channel)
        if message.kind == b"D":
            found.append(_account(_columns(message.body)))
        elif message.kind == b"E":
            refused = error_fields(message.body).get("C", "unknown")
        elif message.kind == b"Z":
            if refused:
                raise ProtocolError(f"the database does not show its accounts: {refused}")
            return tuple(found)


def _columns(body: bytes) -> list[str]:
    """Return the values of a DataRow in text form; none of ours is null."""
    count = int.from_bytes(body[:2])
    values, place = [], 2
    for _ in range(count):
        length = int.from_bytes(body[place : place + 4], signed=True)
        if length < 0 or place + 4 + length > len(body):
            raise ProtocolError("a row is not as it was asked for")
        values.append(body[place + 4 : place + 4 + length].decode(errors="replace"))
        place += 4 + length
    return values


def _account(values: list[str]) -> Account:
    try:
        name, superuser, until, groups, connected = values
        expires = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    except ValueError as fault:
        raise ProtocolError("a row is not as it was asked for") from fault
    return Account(
        name=name,
        superuser=superuser == "t",
        member_of=tuple(groups.split("\n")) if groups else (),
        expires=expires,
        connected=connected == "t",
    )
