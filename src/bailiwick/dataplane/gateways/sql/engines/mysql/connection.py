"""A connection to MySQL or MariaDB: statements are prepared and bound by the server, rows read as they are taken."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bailiwick.core.errors import UnavailableError
from bailiwick.core.grants import TableGrant
from bailiwick.core.messages import SecretValue
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.database_files.kinds import ValueFaultError
from bailiwick.dataplane.gateways.sql.engines.model import (
    EXACT_COLLATION,
    Batch,
    EngineFaultError,
    Rows,
    Schema,
    Value,
    named_columns,
)
from bailiwick.dataplane.gateways.sql.engines.mysql import values as coding
from bailiwick.dataplane.gateways.sql.engines.mysql.packets import OK, DatabaseRefusalError, Packets, is_end, number
from bailiwick.dataplane.gateways.sql.engines.mysql.signing_in import Account, Greeting, sign_in
from bailiwick.dataplane.gateways.sql.messages import ProtocolError
from bailiwick.dataplane.gateways.sql.upstream import SignInRefusedError, signed_in

_CONNECT_SECONDS, _KILL_SECONDS = 10.0, 5.0
_QUERY, _PREPARE, _EXECUTE, _CLOSE_STATEMENT = 0x03, 0x16, 0x17, 0x19
_BATCH_BYTES = 64 * 1024
_ACCESS_DENIED = 1045
_EXACT_OF_MYSQL = "utf8mb4_0900_bin"
# Nothing is bent to fit: what is no value of a column's type, or no date, is an error.
_MODE = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
# Numbers of errors (share/errmsg.txt) by what may be told of them.
_TOLD: tuple[tuple[tuple[int, ...], str, str], ...] = (
    ((1317, 1969, 3024), "57014", "the statement was cancelled"),
    ((1205,), "55P03", "a row is locked by another"),
    ((1213,), "40P01", "two transactions wait for each other"),
    ((1062, 1586), "23505", "a value must be unique and is not"),
    ((1048, 1364), "23502", "a value is missing"),
    ((1216, 1217, 1451, 1452), "23503", "a row refers to none, or is referred to"),
    ((3819, 4025), "23514", "a value is not one that the table takes"),
    ((1142, 1143, 1227, 1370), "42501", "the integration's account may not do this"),
    ((1792, 1290), "25006", "the transaction is for reading only"),
    ((1264, 1690), "22003", "a number is out of range"),
    ((1406,), "22001", "a value is too long"),
    ((1292, 1366, 1411), "22P02", "a value is not of its type"),
    ((1365,), "22012", "division by zero"),
)
_FAULTS = {code: EngineFaultError(words, state) for codes, state, words in _TOLD for code in codes}
_COLUMNS = (
    "SELECT table_name, column_name, column_type FROM information_schema.columns "
    "WHERE table_schema = DATABASE() AND table_name = ?"
)


class MysqlConnectionError(UnavailableError):
    """The database cannot be had."""


@dataclass(frozen=True, slots=True)
class MysqlTarget:
    """Where a database is and as whom we come: `secret` is asked at each connection, and where it says an account, that
    is taken in place of `user`. `forget` has it asked for anew, `is_followed` says whether there is a newer version.
    """

    host: str
    port: int
    database: str
    user: str
    secret: Callable[[], Awaitable[SecretValue]] = field(repr=False)
    tls: bool = True
    authority: str = ""
    forget: Callable[[], None] | None = field(default=None, repr=False)
    is_followed: Callable[[int], bool] = field(default=lambda _: False, repr=False)

    def context(self) -> ssl.SSLContext | None:
        """Return how its certificate is checked, None on an open line."""
        if not self.tls:
            return None
        return ssl.create_default_context(cadata=self.authority or None)


@dataclass(frozen=True, slots=True)
class MysqlEngine:
    """Opens connections to one database."""

    target: MysqlTarget

    @property
    def dialect(self) -> Literal["mysql"]:
        """What it speaks."""
        return "mysql"

    async def connect(self, application: str, *, writing: bool) -> "MysqlConnection":
        """Return a connection whose settings are ours, for reading only where the grant is."""
        connection = await self._signed_in(application)
        exact = EXACT_COLLATION if connection.is_mariadb else _EXACT_OF_MYSQL
        limit = "max_statement_time=30" if connection.is_mariadb else "max_execution_time=30000"
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                for setting in (
                    f"SET NAMES utf8mb4 COLLATE {exact}",
                    f"SET SESSION time_zone='+00:00', sql_mode='{_MODE}', autocommit=1, {limit}, lock_wait_timeout=10,"
                    " innodb_lock_wait_timeout=10, sql_select_limit=DEFAULT",
                    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ " + ("WRITE" if writing else "ONLY"),
                ):
                    await connection.command(setting)
        except (EngineFaultError, TimeoutError) as fault:
            connection.abort()
            raise MysqlConnectionError(f"the database {self.target.database} does not take our settings") from fault
        return connection

    async def _signed_in(self, application: str) -> "MysqlConnection":
        async def attempt() -> "MysqlConnection":
            held = await self.target.secret()
            account = Account(held.account or self.target.user, held.value, self.target.database)
            return await self.open(application, account, held.version)

        forget = self.target.forget
        return await signed_in(attempt, forget) if forget is not None else await attempt()

    async def open(self, application: str, account: Account, version: int = 0) -> "MysqlConnection":
        """Return a connection that is signed in, with a version of the secret."""
        target = self.target
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                loop = asyncio.get_running_loop()
                _, channel = await loop.create_connection(Channel, target.host, target.port)
                packets = Packets(channel)
                try:
                    greeting = await sign_in(packets, account, target.host, target.context(), application)
                except BaseException:
                    channel.abort()
                    raise
        except DatabaseRefusalError as fault:
            kind = SignInRefusedError if fault.number == _ACCESS_DENIED else MysqlConnectionError
            raise kind(f"the database {target.database} refuses our sign-in: {fault.number}") from None
        except (OSError, TimeoutError, ProtocolError, EOFError, IndexError) as fault:
            raise MysqlConnectionError(f"the database {target.database} does not answer") from fault
        return MysqlConnection(self, packets, greeting, account, version)


class MysqlConnection:
    """A connection that is signed in."""

    def __init__(
        self, engine: MysqlEngine, packets: Packets, greeting: Greeting, account: Account, version: int
    ) -> None:
        self._engine, self._packets, self._greeting = engine, packets, greeting
        self._account, self._version = account, version
        self._changed = 0
        self._running = False
        self._killing: asyncio.Task[None] | None = None

    @property
    def is_mariadb(self) -> bool:
        """Whether it is MariaDB rather than MySQL."""
        return "MariaDB" in self._greeting.version

    @property
    def is_followed(self) -> bool:
        """Whether there is a newer account or password than it signed in with."""
        return self._engine.target.is_followed(self._version)

    @property
    def changed(self) -> int:
        """How many rows the last statement changed."""
        return self._changed

    async def command(self, sql: str) -> None:
        """Do something of ours that answers no rows."""
        with _told():
            self._packets.begin()
            self._packets.write(bytes([_QUERY]) + sql.encode())
            await self._packets.answer()

    async def run(self, sql: str, values: Sequence[Value], kinds: Sequence[str], formats: Sequence[bool]) -> Rows:
        """Prepare a statement, run it, and yield its rows."""
        if not self.is_mariadb:
            sql = sql.replace(EXACT_COLLATION, _EXACT_OF_MYSQL)
        self._changed = 0
        self._running = True
        with _told():
            statement = await self._prepare(sql, len(values))
            self._packets.begin()
            self._packets.write(bytes([_EXECUTE]) + statement + b"\0\1\0\0\0" + coding.bound(values))
            first = await self._answer(statement)
        if first[0] == OK:
            self._changed, _ = number(first, 1)
            self._close(statement)
            return
        try:
            with _told():
                columns = await self._columns(number(first, 0)[0], len(kinds))
                async for batch in self._rows(columns, kinds, formats):
                    yield batch
        finally:
            await self._give_up()
            self._close(statement)

    async def _prepare(self, sql: str, count: int) -> bytes:
        self._packets.begin()
        self._packets.write(bytes([_PREPARE]) + sql.encode())
        body = await self._answer(b"")
        columns, parameters = int.from_bytes(body[5:7], "little"), int.from_bytes(body[7:9], "little")
        await self._packets.skip(parameters)
        await self._packets.skip(columns)
        if parameters != count:
            self._close(body[1:5])
            raise EngineFaultError("the database reads other values in the statement", "XX000")
        return body[1:5]

    async def _answer(self, statement: bytes) -> bytes:
        try:
            return await self._packets.answer()
        except DatabaseRefusalError:
            self._running = False
            if statement:
                self._close(statement)
            raise

    def _close(self, statement: bytes) -> None:
        self._running = False
        if not self._packets.channel.is_over:
            self._packets.begin()
            self._packets.write(bytes([_CLOSE_STATEMENT]) + statement)

    async def _columns(self, count: int, wanted: int) -> list[tuple[int, bool]]:
        if count != wanted:
            raise ProtocolError("the database answers other columns")
        columns = [coding.column_type(await self._packets.answer()) for _ in range(count)]
        await self._packets.answer()
        return columns

    async def _rows(self, columns: list[tuple[int, bool]], kinds: Sequence[str], formats: Sequence[bool]) -> Rows:
        made: list[bytes] = []
        size = 0
        while self._running:
            try:
                body = await self._packets.answer()
            except DatabaseRefusalError:
                self._running = False
                raise
            if is_end(body):
                self._running = False
                break
            made.append(coding.data_row(body, columns, kinds, formats))
            size += len(made[-1])
            if size >= _BATCH_BYTES:
                yield Batch(b"".join(made), len(made))
                made, size = [], 0
        if made:
            yield Batch(b"".join(made), len(made))

    async def _give_up(self) -> None:
        """Have what still comes of a statement end, and read it away: the connection is needed."""
        if not self._running:
            return
        try:
            async with asyncio.timeout(_KILL_SECONDS):
                await self.cancel()
                with contextlib.suppress(DatabaseRefusalError):
                    while not is_end(await self._packets.answer()):
                        pass
        except (OSError, EOFError, TimeoutError, ProtocolError, UnavailableError):
            self.abort()
        self._running = False

    async def describe(self, tables: Sequence[TableGrant]) -> Schema:
        """Return the columns of granted tables."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for table in tables:
            if table.namespace != "public":
                continue
            wanted = named_columns(table)
            kinds: dict[str, str] = {}
            rows = self.run(_COLUMNS, [("text", table.relation)], ("text",) * 3, (False,) * 3)
            async for batch in rows:
                for name, column, declared in _texts(batch):
                    kind = _kind(declared.lower())
                    if name == table.relation and column in wanted and kind is not None:
                        kinds[column] = kind
            if kinds:
                found["public", table.relation] = kinds
        return found

    async def control(self, word: str) -> None:
        """Begin, commit or roll back."""
        await self.command({"BEGIN": "START TRANSACTION"}.get(word, word))

    async def cancel(self) -> None:
        """Have another connection end what this one runs."""
        await self._kill("KILL QUERY")

    async def _kill(self, word: str) -> None:
        async with asyncio.timeout(_KILL_SECONDS):
            # Only what is of the same account may be ended by it.
            other = await self._engine.open("bailiwick cancel", self._account)
            try:
                with contextlib.suppress(EngineFaultError):
                    await other.command(f"{word} {self._greeting.thread}")
            finally:
                other.abort()

    def close(self) -> None:
        """End it; what a transaction did is taken back."""
        if self._running:
            self.end()
        else:
            self.abort()

    def end(self) -> None:
        """End it at once; the database is told to end what it runs, as it would work on unheard."""
        self.abort()
        if self._killing is None:
            self._killing = asyncio.create_task(self._killed())

    async def _killed(self) -> None:
        with contextlib.suppress(OSError, TimeoutError, UnavailableError):
            await self._kill("KILL CONNECTION")

    def abort(self) -> None:
        """Close our side."""
        self._packets.channel.abort()


@contextlib.contextmanager
def _told():  # type: ignore[no-untyped-def]
    """Turn what the database says into what may be told."""
    try:
        yield
    except DatabaseRefusalError as fault:
        known = _FAULTS.get(fault.number)
        unknown = f"the database refuses the statement (its error {fault.number})"
        words, state = (known.words, known.sqlstate) if known else (unknown, "XX000")
        raise EngineFaultError(words, state) from None
    except ValueFaultError as fault:
        raise EngineFaultError(str(fault), fault.sqlstate) from None
    except (OSError, EOFError, ProtocolError, IndexError):
        raise EngineFaultError("the connection to the database is lost", "08006") from None


def _texts(batch: Batch) -> list[tuple[str, str, str]]:
    """Return the rows of a batch of three texts."""
    rows: list[tuple[str, str, str]] = []
    place = 0
    for _ in range(batch.rows):
        place += 7
        row = []
        for _ in range(3):
            length = int.from_bytes(batch.data[place : place + 4])
            row.append(batch.data[place + 4 : place + 4 + length].decode())
            place += 4 + length
        rows.append((row[0], row[1], row[2]))
    return rows


_WHOLE = {"tinyint": "int4", "smallint": "int4", "mediumint": "int4", "int": "int4", "year": "int4", "bigint": "int8"}
_OTHERS = {
    "decimal": "numeric", "float": "float8", "double": "float8", "char": "text", "varchar": "text", "tinytext": "text",
    "text": "text", "mediumtext": "text", "longtext": "text", "enum": "text", "date": "date", "datetime": "timestamp",
    "timestamp": "timestamptz", "binary": "bytea", "varbinary": "bytea", "tinyblob": "bytea", "blob": "bytea",
    "mediumblob": "bytea", "longblob": "bytea",
}  # fmt: skip


def _kind(declared: str) -> str | None:
    """Return PostgreSQL's type for one of MySQL's, None for one that is not translated."""
    if declared.startswith("tinyint(1)"):
        return "bool"
    name = declared.partition("(")[0].partition(" ")[0]
    kind = _WHOLE.get(name)
    if kind is not None and "unsigned" in declared:
        return {"bigint": "numeric", "int": "int8"}.get(name, kind)
    return kind or _OTHERS.get(name)
