"""Statements of Snowflake: handles that are asked about until they are done, and rows partition by partition.

Source: https://docs.snowflake.com/en/developer-guide/sql-api/reference.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote
from uuid import uuid4

from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.grants import TableGrant
from bailiwick.dataplane.gateways.sql.engines.model import EngineFaultError, Rows, Schema, Value, named_columns
from bailiwick.dataplane.gateways.sql.engines.rest import Answer, Jobs, RestClient, batch
from bailiwick.dataplane.gateways.sql.engines.snowflake import values as coding
from bailiwick.dataplane.gateways.sql.engines.snowflake.signing import key_pair_token

_STATEMENTS = "/api/v2/statements"
_STATEMENT_SECONDS = 30
# Reading a key and signing with it take longer than a call.
_TOKEN_USED = timedelta(seconds=120)
_PAUSES_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5)
_OK, _ACCEPTED, _UNAUTHORIZED, _UNPROCESSABLE, _TIMED_OUT = 200, 202, 401, 422, 408
# How values are read and written, whatever the account, the user or the session says.
_PARAMETERS = {
    "TIMEZONE": "UTC",
    "DATE_INPUT_FORMAT": "YYYY-MM-DD",
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    "TIMESTAMP_INPUT_FORMAT": "AUTO",
    "BINARY_INPUT_FORMAT": "HEX",
    "BINARY_OUTPUT_FORMAT": "HEX",
    "MULTI_STATEMENT_COUNT": "1",
}
# SQLSTATEs of the server's that say nothing of data, with words of ours.
_TOLD: Mapping[str, str] = {
    "57014": "the statement was cancelled",
    "42501": "the integration's account may not do this",
    "42S02": "the database has no such table",
    "02000": "the database has no such table, or the integration's account may not see it",
    "22012": "division by zero",
    "22003": "a number is out of range",
    "21000": "a subquery that stands for one value has several rows",
}
_FROM_SERVER = {"42S02": "42P01", "02000": "42P01"}
_WIDTH = 5
_COLUMNS = (
    "SELECT table_name, column_name, data_type, numeric_scale, collation_name"
    " FROM information_schema.columns WHERE table_schema = CURRENT_SCHEMA() AND table_name IN "
)


@dataclass(frozen=True, slots=True)
class SnowflakeTarget:
    """A schema of a database, and as whom we come; `key` returns the private key (PEM) of the secret `secret`."""

    account: str
    user: str
    database: str
    namespace: str
    warehouse: str
    role: str
    secret: str
    key: Callable[[], Awaitable[str]] = field(repr=False)


@dataclass(slots=True)
class SnowflakeEngine:
    """Opens connections to one schema."""

    target: SnowflakeTarget
    client: RestClient
    clock: Clock = utc_now
    _made: tuple[str, str, datetime] | None = field(default=None, repr=False)

    @property
    def dialect(self) -> Literal["snowflake"]:
        """What it speaks."""
        return "snowflake"

    async def token(self) -> str:
        """Return a token that says who we are; raise `UnavailableError` when there is no key for one."""
        target, now, key = self.target, self.clock(), await self.target.key()
        if self._made is not None and self._made[0] == key and now < self._made[2]:
            return self._made[1]
        token = key_pair_token(key, target.account, target.user, now, target.secret)
        self._made = (key, token, now + _TOKEN_USED)
        return token

    async def connect(self, application: str, *, writing: bool) -> "SnowflakeConnection":  # noqa: ARG002 - only read
        """Return a connection; raise `UnavailableError` when there is no key for it."""
        await self.token()
        return SnowflakeConnection(self, application)


class SnowflakeConnection(Jobs):
    """One statement after another; there is no session at the server."""

    def __init__(self, engine: SnowflakeEngine, application: str) -> None:
        super().__init__()
        self._engine, self._application = engine, application
        self._handle = ""

    async def run(self, sql: str, values: Sequence[Value], kinds: Sequence[str], formats: Sequence[bool]) -> Rows:
        """Run a statement and yield its rows, partition by partition."""
        decoders: list[Callable[[Any], object]] | None = None
        async with contextlib.aclosing(self._pages(sql, values)) as pages:
            async for columns, rows in pages:
                if decoders is None:
                    decoders = _decoders(columns, len(kinds))
                if rows:
                    yield batch(rows, decoders, kinds, formats)

    async def _pages(self, sql: str, values: Sequence[Value]):  # type: ignore[no-untyped-def]
        """Yield the columns of an answer with the rows of each partition."""
        self._handle, self._running, self._stopped = "", True, False
        try:
            answer = await self._ask(
                "POST", f"{_STATEMENTS}?async=true&requestId={uuid4()}", self._statement(sql, values)
            )
            pauses = iter(_PAUSES_SECONDS)
            while answer.status == _ACCEPTED:
                self._named(answer)
                await self._cancel_if_stopped()
                await asyncio.sleep(next(pauses, _PAUSES_SECONDS[-1]))
                answer = await self._ask("GET", self._place())
            self._named(answer)
            self._running = False
            said = answer.document["resultSetMetaData"]
            columns = said["rowType"]
            yield columns, answer.document["data"]
            for number in range(1, len(said.get("partitionInfo", ()))):
                more = await self._ask("GET", f"{self._place()}?partition={number}")
                yield columns, more.document["data"]
        except (KeyError, TypeError, AttributeError):
            raise EngineFaultError("the database answers something else than rows", "08P01") from None
        finally:
            self._give_up()

    def _statement(self, sql: str, values: Sequence[Value]) -> dict[str, Any]:
        target = self._engine.target
        made: dict[str, Any] = {
            "statement": sql,
            "timeout": _STATEMENT_SECONDS,
            "database": target.database,
            "schema": target.namespace,
            "bindings": coding.bindings(values),
            "parameters": {**_PARAMETERS, "QUERY_TAG": self._application[:2000]},
        }
        return made | {name: value for name, value in (("warehouse", target.warehouse), ("role", target.role)) if value}

    def _named(self, answer: Answer) -> None:
        self._handle = answer.text("statementHandle") or self._handle
        if not self._handle:
            raise EngineFaultError("the database began something without a name", "08P01")

    def _place(self) -> str:
        return f"{_STATEMENTS}/{quote(self._handle, safe='')}"

    async def describe(self, tables: Sequence[TableGrant]) -> Schema:
        """Return the columns of granted tables of the schema, by the names that apps know them by."""
        asked = {_there(table.relation): table for table in tables if table.namespace == "public"}
        found: dict[tuple[str, str], dict[str, str]] = {}
        if not asked:
            return found
        sql = f"{_COLUMNS}({', '.join('?' * len(asked))})"
        async with contextlib.aclosing(self._pages(sql, [("text", name) for name in asked])) as pages:
            async for _, rows in pages:
                for row in rows:
                    if not isinstance(row, list) or len(row) != _WIDTH:
                        raise EngineFaultError("the database answers other columns", "08P01")
                    kind, own = coding.kind_of(str(row[2]), row[3], row[4]), _here(str(row[1]))
                    table = asked.get(str(row[0]))
                    if table is not None and kind is not None and own in named_columns(table):
                        found.setdefault(("public", table.relation), {})[own] = kind
        return found

    @property
    def _is_named(self) -> bool:
        return bool(self._handle)

    async def _cancel(self) -> None:
        await self._ask("POST", f"{self._place()}/cancel")

    async def _ask(self, method: str, target: str, document: Mapping[str, Any] | None = None) -> Answer:
        """Return an answer; raise `EngineFaultError` for one that says that something failed."""
        headers = {
            "authorization": f"Bearer {await self._engine.token()}",
            "x-snowflake-authorization-token-type": "KEYPAIR_JWT",
        }
        answer = await self._engine.client.ask(method, target, headers, document)
        if answer.status in {_OK, _ACCEPTED}:
            return answer
        self._running = False
        raise _fault(answer)


def _there(name: str) -> str:
    """Return a name as Snowflake keeps it: what is small here is in capitals there."""
    return name.upper() if name == name.lower() else name


def _here(name: str) -> str:
    return name.lower() if name == name.upper() else name


def _decoders(columns: Sequence[Mapping[str, Any]], wanted: int) -> list[Callable[[Any], object]]:
    if len(columns) != wanted:
        raise EngineFaultError("the database answers other columns", "08P01")
    return [coding.decoder(item) for item in columns]


def _fault(answer: Answer) -> EngineFaultError:
    """Return what may be told of an error: its words could be of hidden rows."""
    state = answer.text("sqlState")
    if answer.status == _UNAUTHORIZED:
        return EngineFaultError("the database does not take the platform's credential", "28000")
    if answer.status == _TIMED_OUT:
        return EngineFaultError("the statement took too long and was cancelled", "57014")
    if state in _TOLD:
        return EngineFaultError(_TOLD[state], _FROM_SERVER.get(state, state))
    return EngineFaultError("the database refuses the statement", "XX000")
