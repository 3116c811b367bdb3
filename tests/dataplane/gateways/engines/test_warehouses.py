"""BigQuery and Snowflake: who we are there, what a statement may cost, pages, cancelling, and what goes wrong."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx2
import psycopg
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from bailiwick.core.clock import utc_now
from bailiwick.core.errors import UnavailableError
from bailiwick.core.messages import BigQueryConnection, SecretValue, SnowflakeConnection
from bailiwick.dataplane.credentials import Credentials
from bailiwick.dataplane.gateways.services import ServiceCredentials
from bailiwick.dataplane.gateways.sql.engines import Backend
from bailiwick.dataplane.gateways.sql.engines.model import EngineFaultError
from bailiwick.dataplane.gateways.sql.engines.rest import RestClient
from bailiwick.dataplane.gateways.sql.engines.snowflake.signing import key_pair_token
from bailiwick.dataplane.gateways.upstreams import Upstreams
from tests.dataplane.gateways.engines.conftest import (
    EMEA,
    SCOPE,
    SLOW,
    Door,
    bigquery_backend,
    opened,
    snowflake_backend,
)
from tests.fixtures.bigquery import BigQuery, bigquery
from tests.fixtures.google import ACCOUNT, KEY_ID, account_key
from tests.fixtures.raw_server import raw_server
from tests.fixtures.snowflake import Snowflake
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("IN2", "IN9")


@cache
def other_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*form).decode()


@asynccontextmanager
async def door_to(make: Callable[[Upstreams], Backend]) -> AsyncIterator[Door]:
    upstreams = Upstreams()
    made = await opened(backend=make(upstreams))
    yield made
    made.close()  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    upstreams.close()


async def fault_of(door: Door, sql: str, **options: Any) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as told:
        await door.ask(EMEA + sql, **options)
    return told.value


@pytest.fixture(params=["bigquery", "snowflake"])
async def door(
    request: pytest.FixtureRequest, bigquery_server: BigQuery, snowflake_server: Snowflake
) -> AsyncIterator[Door]:
    makes: dict[str, Callable[[Upstreams], Backend]] = {
        "bigquery": lambda upstreams: bigquery_backend(bigquery_server, upstreams),
        "snowflake": lambda upstreams: snowflake_backend(snowflake_server, upstreams),
    }
    async with door_to(makes[request.param]) as made:
        made.dialect = request.param
        yield made


async def test_parameters_of_every_type_are_bound_and_rows_come_page_by_page(door: Door) -> None:
    rows = await door.ask(
        EMEA + "SELECT id FROM orders WHERE id > %s AND item = %s AND price > %s AND day > %s AND placed > %s"
        " AND paid = %s ORDER BY id",
        0, "o'neil", "1.5", "2024-01-01", "2024-01-01 00:00:00", True,
    )  # fmt: skip
    everything = await door.ask(EMEA + "SELECT id, price, day, placed, paid FROM orders ORDER BY id")
    assert [row[0] for row in rows] == [number for number in range(1, 61) if number % 6 == 3 and number % 7]
    assert len(everything) == 30
    assert [row[0] for row in everything] == sorted(row[0] for row in everything)  # type: ignore[type-var]


async def test_a_statement_names_who_asked_and_holds_no_value(
    door: Door, bigquery_server: BigQuery, snowflake_server: Snowflake
) -> None:
    await door.ask(EMEA + "SELECT id FROM orders WHERE item = 'a-value-of-the-app'")
    text = (
        bigquery_server.queries[-1]["query"]
        if door.dialect == "bigquery"
        else snowflake_server.statements[-1]["statement"]
    )
    assert text.startswith("/*actor='user:emea@example.com',app='finance/desk'")
    assert "a-value-of-the-app" not in text
    assert "EMEA" not in text


async def test_nothing_is_written_and_transactions_are_taken_for_reading(door: Door) -> None:
    for sql in (
        "INSERT INTO refunds (id, order_id, region) VALUES (90, 1, 'EMEA')",
        "UPDATE refunds SET note = 'x' WHERE id = 1",
        "DELETE FROM refunds WHERE id = 1",
    ):
        fault = await fault_of(door, sql)
        assert (fault.sqlstate, "is read here, and not written" in str(fault)) == ("0A000", True)
    count = EMEA + "SELECT count(*) FROM refunds"
    async with await psycopg.AsyncConnection.connect(door.url) as connection, connection.transaction():
        first = await (await connection.execute(count)).fetchall()  # type: ignore[arg-type]
        async with connection.transaction():
            again = await (await connection.execute(count)).fetchall()  # type: ignore[arg-type]
    assert first == again == [(3,)]


async def test_columns_with_rules_of_their_own_to_compare_by_and_lists_are_not_offered(door: Door) -> None:
    for name in ("tags", "secret_too", "secret"):
        assert (await fault_of(door, f"SELECT {name} FROM orders")).sqlstate in {"42703", "42501"}


async def test_cancelling_ends_the_job_at_the_warehouse(
    door: Door, bigquery_server: BigQuery, snowflake_server: Snowflake
) -> None:
    jobs = (bigquery_server if door.dialect == "bigquery" else snowflake_server).jobs
    async with door.open() as connection:
        before = set(jobs.known)
        running = asyncio.create_task(connection.execute(EMEA + SLOW))  # type: ignore[arg-type]
        await asyncio.to_thread(until, lambda: bool(set(jobs.known) - before))
        await connection.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await running
    (job,) = (jobs.known[name] for name in set(jobs.known) - before)
    assert job.stopped


async def test_an_app_that_goes_away_leaves_nothing_running(
    door: Door, bigquery_server: BigQuery, snowflake_server: Snowflake
) -> None:
    jobs = (bigquery_server if door.dialect == "bigquery" else snowflake_server).jobs
    connection = await psycopg.AsyncConnection.connect(door.url, autocommit=True)
    before = set(jobs.known)
    running = asyncio.create_task(connection.execute(EMEA + SLOW))  # type: ignore[arg-type]
    await asyncio.to_thread(until, lambda: bool(set(jobs.known) - before))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await connection.close()
    (job,) = (jobs.known[name] for name in set(jobs.known) - before)
    await asyncio.to_thread(until, lambda: job.stopped)


async def test_an_error_tells_nothing_of_what_the_warehouse_says(
    door: Door, bigquery_server: BigQuery, snowflake_server: Snowflake
) -> None:
    jobs = (bigquery_server if door.dialect == "bigquery" else snowflake_server).jobs
    jobs.database.execute("ALTER TABLE items RENAME TO things")
    try:
        fault = await fault_of(door, "SELECT id FROM orders WHERE item IN (SELECT item FROM items)")
    finally:
        jobs.database.execute("ALTER TABLE things RENAME TO items")
    assert fault.sqlstate == "42P01"
    assert "things" not in str(fault) and "LINE" not in str(fault)


# -- BigQuery ----------------------------------------------------------------------------------------------------------


async def test_a_statement_that_would_read_too_much_is_refused_before_it_runs(bigquery_server: BigQuery) -> None:
    async with door_to(lambda upstreams: bigquery_backend(bigquery_server, upstreams, most_bytes=2**20)) as door:
        fault = await fault_of(door, "SELECT id FROM orders")
    assert (fault.sqlstate, "more than the integration lets it" in str(fault)) == ("53400", True)
    async with door_to(lambda upstreams: bigquery_backend(bigquery_server, upstreams, most_bytes=2**30)) as door:
        assert len(await door.ask(EMEA + "SELECT id FROM orders")) == 30
    assert bigquery_server.queries[-1]["maximumBytesBilled"] == str(2**30)


async def test_a_dataset_of_another_location_is_not_there(bigquery_server: BigQuery) -> None:
    async with door_to(lambda upstreams: bigquery_backend(bigquery_server, upstreams, location="US")) as door:
        assert (await fault_of(door, "SELECT id FROM orders")).sqlstate == "42P01"


def tokens(server: BigQuery, *, key: str = "", key_id: str = KEY_ID) -> tuple[ServiceCredentials, BigQueryConnection]:
    async def fetch(name: str) -> SecretValue:
        return SecretValue(name=name, value=key or account_key())

    connection = BigQueryConnection(
        kind="bigquery", project="company-data", dataset="shop", issuer=ACCOUNT, key_id=key_id, secret="robot-key",
        url=server.url, token_url=f"{server.url}/token",
    )  # fmt: skip
    secrets = Credentials(fetch)
    return ServiceCredentials(secrets, Upstreams(certificate=secrets.get)), connection


async def test_a_token_is_got_for_an_assertion_with_the_scope_of_bigquery_alone_and_renewed_once_refused() -> None:
    with bigquery() as server:
        credentials, connection = tokens(server)
        first = await credentials.token(connection.credential, "lake", "")
        again = await credentials.token(connection.credential, "lake", "")
        other = await credentials.token(connection.credential, "lake", "", first)
        assert (first == again, first == other) == (True, False)
        assert {token.scopes for token in server.tokens.values()} == {frozenset({SCOPE})}
        assert {first, other} >= credentials.tokens


@pytest.mark.parametrize("given", [{"key": "other"}, {"key_id": "another"}])
async def test_another_key_gets_no_token(given: dict[str, str]) -> None:
    with bigquery() as server:
        made = {"key": other_key()} if "key" in given else given
        credentials, connection = tokens(server, **made)
        with pytest.raises(UnavailableError):
            await credentials.token(connection.credential, "lake", "")
        assert len(server.refusals) == 1
        assert not server.tokens


async def test_a_token_of_another_scope_or_account_is_refused_by_the_server(bigquery_server: BigQuery) -> None:
    for token in (
        bigquery_server.token("https://www.googleapis.com/auth/spreadsheets"),
        bigquery_server.token(SCOPE, account="other@project.iam.gserviceaccount.com"),
    ):
        answer = httpx2.post(
            f"{bigquery_server.url}/bigquery/v2/projects/company-data/queries", json={},
            headers={"authorization": f"Bearer {token}"},
        )  # fmt: skip
        assert answer.status_code == 403


# -- Snowflake ---------------------------------------------------------------------------------------------------------


async def test_another_key_is_refused_and_the_error_says_whose_fault_that_is(snowflake_server: Snowflake) -> None:
    async with door_to(lambda upstreams: snowflake_backend(snowflake_server, upstreams, key=other_key())) as door:
        with pytest.raises(psycopg.Error):
            await door.ask(EMEA + "SELECT id FROM orders")
    assert snowflake_server.refusals[-1] == "the signature is wrong"


@pytest.mark.parametrize("secret", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_secret_that_is_no_key_is_said_to_be_none_without_its_text(secret: str) -> None:
    with pytest.raises(UnavailableError, match="the secret snow-key holds no private key") as told:
        key_pair_token(secret, "ACCOUNT", "USER", utc_now(), "snow-key")
    assert "AAAA" not in str(told.value)


# -- servers that misbehave --------------------------------------------------------------------------------------------


async def test_a_server_that_answers_something_else_is_an_error_without_its_words() -> None:
    upstreams = Upstreams()
    with raw_server() as server:
        client = RestClient(upstreams, server.url)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        for content in (
            b"",
            b"SSH-2.0-x\r\n\r\n",
            head + b"content-length: 3\r\n\r\n[1]",
            head + b'content-length: 9\r\n\r\n{"a": nop',
            head + b"content-length: 90\r\n\r\n{}",
            head + b"content-encoding: br\r\ncontent-length: 2\r\n\r\n{}",
            head + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}",
            head + b"content-length: 200000\r\n\r\n" + b"[" * 200000,
        ):
            server.says(content)
            with pytest.raises(EngineFaultError) as told:
                await client.ask("GET", "/x", {})
            assert told.value.sqlstate in {"08006", "08P01"}
        server.answer = _bomb
        with pytest.raises(EngineFaultError, match="more at once than is taken"):
            await client.ask("GET", "/x", {})
    upstreams.close()


def _bomb(line: Any, _: bytes) -> None:
    packed = gzip.compress(b" " * (65 * 2**20), 1)
    line.sendall(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed) + packed)


@pytest.mark.parametrize(
    "change",
    [
        {"project": "UPPER"},
        {"project": "a/../b"},
        {"dataset": "a.b"},
        {"url": "http://bigquery.example"},
        {"token_url": "http://login.example/token"},
        {"most_bytes_billed": 5},
    ],
)
def test_a_dataset_that_cannot_be_is_not_registered(change: dict[str, Any]) -> None:
    given = {"kind": "bigquery", "project": "company-data", "dataset": "shop", "issuer": ACCOUNT, "secret": "robot-key"}
    BigQueryConnection.model_validate(given)
    with pytest.raises(ValidationError):
        BigQueryConnection.model_validate(given | change)


def test_where_an_account_of_snowflake_is() -> None:
    given = {
        "kind": "snowflake",
        "account_name": "MYORG-SHOP_EU",
        "user": "BAILIWICK",
        "secret": "k",
        "database": "SHOP",
    }
    made = SnowflakeConnection.model_validate(given)
    assert (made.address, made.host, made.port) == (
        "https://myorg-shop-eu.snowflakecomputing.com", "myorg-shop-eu.snowflakecomputing.com", 443
    )  # fmt: skip
    for change in ({"database": "A.B"}, {"url": "http://elsewhere.example"}, {"role": "A B"}, {"account_name": "a/b"}):
        with pytest.raises(ValidationError):
            SnowflakeConnection.model_validate(given | change)
