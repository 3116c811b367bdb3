"""MySQL's own protocol, against a real MariaDB."""

import asyncio
import hashlib
import re
from dataclasses import replace

import psycopg
import pytest

from bailiwick.core.errors import UnavailableError
from bailiwick.core.grants import DataGrant, Operation
from bailiwick.core.messages import SecretValue
from bailiwick.dataplane.gateways.sql.engines import Backend, MysqlEngine, MysqlTarget
from bailiwick.dataplane.gateways.sql.engines.model import EngineFaultError
from bailiwick.dataplane.gateways.sql.engines.mysql.signing_in import Account, read_greeting
from bailiwick.dataplane.gateways.sql.engines.mysql.signing_in import _caching as caching_proof
from tests.dataplane.gateways.engines.conftest import BINDING, EMEA, GRANT, PASSWORD, SLOW, TRACES, opened
from tests.fixtures.mariadb import MariaDb
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("IN9")
READING = DataGrant(
    integration="orders-db",
    tables=tuple(
        table.model_copy(update={"operations": frozenset({Operation.SELECT})})
        for table in GRANT.tables
        if table.relation == "orders"
    ),
)


async def test_the_databases_own_log_says_who_asked(mysql_target: MysqlTarget, mariadb: MariaDb) -> None:
    door = await opened(backend=Backend(MysqlEngine(mysql_target), GRANT))
    await door.ask(EMEA + "SELECT id FROM orders WHERE item = 'a-needle'")
    trace = next(iter(TRACES))
    who = f"actor='user:emea@example.com',app='finance/desk',release='rel_1',trace='{trace}'"
    line = rf"Execute\s+/\*{who},query='[0-9a-f]+'\*/ SELECT"
    await asyncio.to_thread(until, lambda: re.search(line, mariadb.log()))
    assert PASSWORD not in mariadb.log().replace(f"IDENTIFIED BY '{PASSWORD}'", "")
    door.close()  # type: ignore[attr-defined]


async def test_what_the_server_is_not_is_refused(mysql_target: MysqlTarget) -> None:
    async def wrong() -> SecretValue:
        return SecretValue(name="shop-password", value="another-password")

    for target in (
        replace(mysql_target, secret=wrong),
        replace(mysql_target, authority=""),
        replace(mysql_target, host="127.0.0.1"),
        replace(mysql_target, tls=False),
        replace(mysql_target, port=1),
        replace(mysql_target, database="mysql"),
    ):
        with pytest.raises(UnavailableError) as caught:
            await MysqlEngine(target).connect("test", writing=False)
        assert "password" not in str(caught.value) and PASSWORD not in repr(target)


async def test_a_session_follows_the_account_that_a_store_makes(mysql_target: MysqlTarget, mariadb: MariaDb) -> None:
    name = mysql_target.database
    for user in ("lease_one", "lease_two"):
        mariadb.run(
            f"CREATE OR REPLACE USER '{user}'@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;"
            f"GRANT SELECT ON {name}.* TO '{user}'@'%'"
        )
    held, forgotten = SecretValue(name="s", value=PASSWORD, version=1, account="lease_one"), []

    async def secret() -> SecretValue:
        return held

    def signed_in(user: str) -> int:
        return len(re.findall(rf"Connect\s+{user}@\S+ on {name}", mariadb.log()))

    target = replace(
        mysql_target, user="nobody", secret=secret, is_followed=lambda version: version < held.version,
        forget=lambda: forgotten.append(held),
    )  # fmt: skip
    door = await opened(backend=Backend(MysqlEngine(target), READING), binding=replace(BINDING, grant=READING))
    async with door.open() as connection:
        query = EMEA + "SELECT id FROM orders WHERE id < %s"
        first = await connection.execute(query, (4,), prepare=True)
        assert await first.fetchall() == [(1,), (3,)]
        held = held.model_copy(update={"version": 2, "account": "lease_two"})
        async with connection.transaction():
            await connection.execute(query, (4,))  # begins with the next one: it was idle
            await asyncio.to_thread(until, lambda: (signed_in("lease_one"), signed_in("lease_two")) == (1, 1))
            held = held.model_copy(update={"version": 3, "value": "not-told-yet"})
            again = await connection.execute(query, (6,), prepare=True)
            assert await again.fetchall() == [(1,), (3,), (5,)]
        mariadb.run("DROP USER 'lease_one'@'%'")
        # The next is not taken yet: what there is goes on.
        last = await connection.execute(query, (2,), prepare=True)
        assert await last.fetchall() == [(1,)]
        assert forgotten
    door.close()  # type: ignore[attr-defined]


async def test_a_grant_for_reading_is_one_at_the_server_too(mysql_target: MysqlTarget) -> None:
    async def run(writing: bool) -> None:
        connection = await MysqlEngine(mysql_target).connect("test", writing=writing)
        try:
            async for _ in connection.run("DELETE FROM refunds WHERE id = 4", (), (), ()):
                pass
        finally:
            connection.abort()

    with pytest.raises(EngineFaultError) as caught:
        await run(writing=False)
    assert caught.value.sqlstate == "25006"
    await run(writing=True)


async def test_what_runs_is_killed_at_the_server(mysql_target: MysqlTarget, mariadb: MariaDb) -> None:
    door = await opened(backend=Backend(MysqlEngine(mysql_target), GRANT))
    connection = await psycopg.AsyncConnection.connect(door.url)
    running = asyncio.create_task(connection.execute(EMEA + SLOW))

    def at_work() -> bool:
        found = mariadb.run("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '/*actor%bw_t%'")
        return found.strip() != "0"

    await asyncio.to_thread(until, at_work)
    door.gateway.end_using("orders-db")
    await asyncio.to_thread(until, lambda: not at_work())
    with pytest.raises(psycopg.OperationalError):
        await running
    door.close()  # type: ignore[attr-defined]


async def test_columns_and_values_of_other_types_are_told_apart(mysql_target: MysqlTarget, mariadb: MariaDb) -> None:
    mariadb.run(
        "SET sql_mode=''; CREATE TABLE odd (id bigint unsigned, day date, doc json, t time, pad char(5));"
        "INSERT INTO odd VALUES (18446744073709551615, '0000-00-00', '{}', '10:00', 'a')",
        mysql_target.database,
    )
    columns = ("id", "day", "doc", "t", "pad")
    grant = DataGrant.model_validate(
        {"integration": "x", "tables": [{"relation": "odd", "operations": [Operation.SELECT], "columns": columns}]}
    )
    door = await opened(replace(BINDING, grant=grant), Backend(MysqlEngine(mysql_target), grant))
    assert [tuple(map(str, row)) for row in await door.ask("SELECT id, pad FROM odd WHERE pad = 'a'")] == [
        ("18446744073709551615", "a")
    ]
    assert await door.ask("SELECT pad FROM odd WHERE pad = 'a ' OR pad = 'A'") == []
    with pytest.raises(psycopg.errors.DatetimeFieldOverflow):
        await door.ask("SELECT day FROM odd")
    for missing in ("t", "nothing"):
        with pytest.raises(psycopg.errors.UndefinedColumn):
            await door.ask(f"SELECT {missing} FROM odd")
    door.close()  # type: ignore[attr-defined]


def test_the_proof_of_mysql_8_is_as_documented() -> None:
    """XOR(SHA256(password), SHA256(SHA256(SHA256(password)), nonce)), "Caching_sha2_password information"."""
    nonce = bytes(range(20))
    once = hashlib.sha256(b"secret").digest()
    mask = hashlib.sha256(hashlib.sha256(once).digest() + nonce).digest()
    assert bytes(a ^ b for a, b in zip(caching_proof("secret", nonce), mask, strict=True)) == once
    assert "secret" not in repr(Account("me", "secret"))


def test_a_greeting_of_mysql_8_is_read() -> None:
    body = (
        b"\x0a8.0.36\0" + (77).to_bytes(4, "little") + b"abcdefgh\0" + (0xFFFF).to_bytes(2, "little")
        + b"\xff" + b"\2\0" + (0xDFFF).to_bytes(2, "little") + b"\x15" + b"\0" * 10
        + b"ijklmnopqrst\0" + b"caching_sha2_password\0"
    )  # fmt: skip
    found = read_greeting(body)
    assert (found.version, found.thread, found.nonce, found.plugin, found.tls) == (
        "8.0.36", 77, b"abcdefghijklmnopqrst", "caching_sha2_password", True
    )  # fmt: skip
