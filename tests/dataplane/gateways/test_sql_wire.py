"""What the SQL gateway does with the protocol itself, asked by a client that says things no driver would."""

import asyncio
import resource
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import psycopg
import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.events import AuditEvent
from bailiwick.core.grants import ColumnGrant, DataGrant, Operation, RowCondition, TableGrant
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.gateways.sql import Binding, Connection, Database, SqlGateway, SqlListener, connect
from bailiwick.store.embedded import EmbeddedPostgres

GRANT = DataGrant(
    integration="notes-db",
    tables=(
        TableGrant(
            relation="notes",
            operations=frozenset({Operation.SELECT, Operation.INSERT}),
            columns=(ColumnGrant(name="id", writable=True), ColumnGrant(name="owner"), ColumnGrant(name="body")),
            rows=(RowCondition(column="owner", equals_attribute="owner"),),
        ),
    ),
)
TRACE = "e" * 32
ANN = f"/*traceparent='00-{TRACE}-{'1' * 16}-01'*/"
COMPLETE, READY = b"C", b"Z"


@dataclass
class Door:
    port: int
    database: EmbeddedPostgres
    calls: dict[str, Call] = field(default_factory=dict)
    events: list[AuditEvent] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"postgresql://app@127.0.0.1:{self.port}/notes"


class Client:
    """Speaks the protocol message by message."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, door: Door) -> "Client":
        client = cls(*await asyncio.open_connection("127.0.0.1", door.port))
        body = struct.pack("!I", 196608) + b"user\0app\0\0"
        client.writer.write(struct.pack("!I", len(body) + 4) + body)
        await client.until(READY)
        return client

    def send(self, *messages: tuple[bytes, bytes]) -> None:
        for kind, body in messages:
            self.writer.write(kind + struct.pack("!I", len(body) + 4) + body)

    async def until(self, kind: bytes) -> list[tuple[bytes, bytes]]:
        seen: list[tuple[bytes, bytes]] = []
        while not seen or seen[-1][0] != kind:
            head = await asyncio.wait_for(self.reader.readexactly(5), 20)
            seen.append((head[:1], await self.reader.readexactly(int.from_bytes(head[1:]) - 4)))
        return seen

    async def ask(self, *messages: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        self.send(*messages, (b"S", b""))
        return await self.until(READY)


def parse(name: str, sql: str) -> tuple[bytes, bytes]:
    return b"P", name.encode() + b"\0" + sql.encode() + b"\0\0\0"


def bind(name: str) -> tuple[bytes, bytes]:
    return b"B", b"\0" + name.encode() + b"\0" + b"\0" * 6


def execute(most_rows: int = 0) -> tuple[bytes, bytes]:
    return b"E", b"\0" + struct.pack("!I", most_rows)


def kinds(answers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(kind for kind, _ in answers)


@pytest.fixture(scope="module")
def notes(postgres: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    postgres.create_database("gateway_notes")
    postgres.create_role("notes_app", "secret")
    with psycopg.connect(postgres.url("gateway_notes"), autocommit=True) as owner:
        owner.execute(
            """CREATE TABLE notes (id int, owner text, body text);
            INSERT INTO notes SELECT n, 'ann', 'note ' || n FROM generate_series(1, 3000) n;
            GRANT SELECT, INSERT ON notes TO notes_app"""
        )
    yield postgres


@pytest.fixture
async def door(notes: EmbeddedPostgres) -> AsyncIterator[Door]:
    target = Database(str(notes.socket_directory), notes.tcp_port or 5432, "gateway_notes", "notes_app", "secret")

    async def open_connection(binding: Binding) -> Connection:
        return await connect(target, binding.app)

    listener = socket.create_server(("127.0.0.1", 0))
    ann = Identity(Principal("user", "ann@example.com"), frozenset(), {"owner": "ann"})
    opened = Door(listener.getsockname()[1], notes, {TRACE: Call(ann, "team/notes", "rel_1", TRACE)})
    gateway = SqlGateway(
        open_connection, opened.calls.get, lambda *_: Decision(True, ""), opened.events.append,
        utc_now,
    )  # fmt: skip
    served = SqlListener(gateway, Binding("team/notes", "rel_1", "default", "production", "notes-db", GRANT, {}))
    await served.start(listener)
    yield opened
    served.close()


@pytest.mark.req("OB2")
async def test_the_rows_of_a_statement_are_counted_however_it_is_fetched(door: Door) -> None:
    client = await Client.open(door)
    await client.ask(parse("", f"SELECT body FROM notes {ANN}"), bind(""), execute())
    assert door.events[-1].context["rows"] == 3000
    answers = await client.ask(parse("", f"SELECT body FROM notes {ANN}"), bind(""), execute(7), execute(11))
    assert kinds(answers).count(b"D") == 18
    assert [event.context["rows"] for event in door.events[-2:]] == [7, 11]


@pytest.mark.req("IN3")
async def test_a_name_keeps_its_meaning_when_the_database_refuses_a_new_one(door: Door) -> None:
    client = await Client.open(door)
    await client.ask(parse("q", f"SELECT body FROM notes {ANN}"))
    # The name is taken, so the database keeps the old statement; the app hopes that we believe the new one.
    assert b"E" in kinds(await client.ask(parse("q", "SELECT 1")))
    door.calls.clear()
    answers = await client.ask(bind("q"), execute())
    assert b"D" not in kinds(answers)
    assert b"over" in dict(answers)[b"E"]


@pytest.mark.req("IN3")
async def test_a_name_keeps_its_meaning_when_the_database_skips_a_new_one(door: Door) -> None:
    client = await Client.open(door)
    await client.ask(parse("", f"SELECT body FROM notes {ANN}"))
    # The first statement fails in the database only, so that it skips the second, up to Sync.
    assert kinds(await client.ask(parse("bad", "SELECT nothing"), parse("", "SELECT 1"))) == b"EZ"
    door.calls.clear()
    answers = await client.ask(bind(""), execute())
    assert b"D" not in kinds(answers)
    assert b"over" in dict(answers)[b"E"]


@pytest.mark.req("IN3")
async def test_rows_left_in_a_portal_are_not_fetched_when_the_request_is_over(door: Door) -> None:
    client = await Client.open(door)
    await client.ask(parse("begin", "BEGIN"), bind("begin"), execute())
    assert kinds(await client.ask(parse("", f"SELECT body FROM notes {ANN}"), bind(""), execute(5))).count(b"D") == 5
    door.calls.clear()
    assert b"D" not in kinds(await client.ask(execute(5)))


async def test_a_statement_that_was_closed_is_there_no_more(door: Door) -> None:
    client = await Client.open(door)
    await client.ask(parse("q", "SELECT 1"))
    assert kinds(await client.ask((b"C", b"Sq\0"))) == b"3Z"
    assert b"there is no prepared statement" in dict(await client.ask(bind("q"), execute()))[b"E"]
    assert kinds(await client.ask(parse("q", "SELECT 2"), bind("q"), execute())) == b"12DCZ"


async def test_flush_is_answered_before_sync_and_after_a_failure_nothing_is_until_sync(door: Door) -> None:
    client = await Client.open(door)
    client.send(parse("", "SELECT 1"), bind(""), execute(), (b"H", b""))
    assert kinds(await client.until(COMPLETE)) == b"12DC"
    client.send(parse("", "SELECT nothing"), (b"H", b""))
    await client.until(b"E")
    client.send(parse("", "SELECT 2"), bind(""), (b"H", b""), execute(), (b"H", b""))
    client.send((b"Q", b"SELECT 3\0"), (b"S", b""))
    assert kinds(await client.until(READY)) == b"Z"
    assert kinds(await client.ask(parse("", "SELECT 4"), bind(""), execute())) == b"12DCZ"


async def test_many_thousand_statements_go_in_one_pipeline(door: Door) -> None:
    async with await psycopg.AsyncConnection.connect(door.url) as connection:
        cursor = connection.cursor()
        await cursor.executemany(f"INSERT INTO notes (id) VALUES (%s) {ANN}", [[-1] for _ in range(5000)])
        assert cursor.rowcount == 5000
        await connection.rollback()


async def test_a_row_of_many_megabytes_passes_and_one_over_the_limit_does_not(door: Door) -> None:
    async with await psycopg.AsyncConnection.connect(door.url, autocommit=True) as connection:
        row = await (await connection.execute("SELECT repeat('x', 16000000)")).fetchone()
        assert row is not None
        assert row[0] == "x" * 16_000_000
        sent = await (await connection.execute("SELECT length(%s)", ["y" * 15_000_000])).fetchone()
        assert sent == (15_000_000,)
        with pytest.raises(psycopg.OperationalError, match="larger than 16 MiB"):
            await connection.execute("SELECT repeat('x', 17000000)")
    async with await psycopg.AsyncConnection.connect(door.url) as connection:
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


@pytest.mark.req("RT6")
async def test_a_fast_database_waits_for_a_slow_app_and_fills_no_memory(door: Door) -> None:
    client = await Client.open(door)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    client.send((b"Q", b"SELECT repeat('x', 1000) FROM generate_series(1, 400000)\0"))
    # 400 MB are asked for and nobody reads: the database must come to wait for us, and stay so.
    waits = 0
    while waits < 5:
        waits = waits + 1 if await asyncio.to_thread(_waits_for_its_client, door) else 0
        await asyncio.sleep(0.02)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
    # Once the app reads, all of it comes.
    rows = 0
    while (head := await client.reader.readexactly(5))[:1] != READY:
        rows += head[:1] == b"D"
        await client.reader.readexactly(int.from_bytes(head[1:]) - 4)
    assert rows == 400_000
    assert door.events[-1].context["rows"] == 400_000


def _waits_for_its_client(door: Door) -> bool:
    with psycopg.connect(door.database.url("gateway_notes")) as owner:
        asked = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'ClientWrite' AND usename = 'notes_app'"
        return owner.execute(asked).fetchone() is not None


async def test_an_app_that_is_stopped_loses_its_connection_at_once(notes: EmbeddedPostgres) -> None:
    target = Database(str(notes.socket_directory), notes.tcp_port or 5432, "gateway_notes", "notes_app", "secret")
    listener = socket.create_server(("127.0.0.1", 0))
    gateway = SqlGateway(
        lambda binding: connect(target, binding.app), lambda _: None, lambda *_: Decision(True, ""), lambda _: None,
        utc_now,
    )  # fmt: skip
    served = SqlListener(gateway, Binding("team/notes", "rel_1", "default", "production", "notes-db", GRANT, {}))
    await served.start(listener)
    client = await Client.open(Door(listener.getsockname()[1], notes))
    client.send((b"Q", b"SELECT repeat('x', 1000) FROM generate_series(1, 400000)\0"))
    await client.reader.readexactly(5)
    served.close()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        while True:
            await asyncio.wait_for(client.reader.readexactly(100_000), 10)
