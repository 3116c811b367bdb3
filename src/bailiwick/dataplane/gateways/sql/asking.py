"""Asks a database a question of the plane's own and takes its answer in, within bounds of rows, bytes and time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bailiwick.core.errors import UnavailableError
from bailiwick.dataplane.gateways.sql.messages import Message, ProtocolError, error_fields, read_message, text
from bailiwick.dataplane.gateways.sql.upstream import Connection

_MOST_BYTES = 16 * 2**20
_NULL = -1
_FIELD_FACTS_BYTES = 18  # what a RowDescription says of a field after its name


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows in text form, None for null, under the names of their columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]


class QuestionRefusedError(UnavailableError):
    """The database does not answer; what it says of why may quote data, so only its SQLSTATE is told."""

    code = "database.question-refused"


async def ask(connection: Connection, sql: str, *, seconds: float) -> Answer:
    """Return what the database answers to one statement.

    Raises `QuestionRefusedError` when it refuses or takes too long; the connection is of no use after the latter.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _answer(connection, sql)
    except TimeoutError as fault:
        connection.close()
        raise QuestionRefusedError(f"the database {connection.target.database} takes too long to answer") from fault
    except (ProtocolError, EOFError, OSError) as fault:
        connection.close()
        raise QuestionRefusedError(f"the database {connection.target.database} does not answer as it should") from fault


async def begin_reading(connection: Connection, *, statement_seconds: float) -> None:
    """Begin a transaction that cannot write, in which no statement takes longer than some seconds."""
    milliseconds = int(statement_seconds * 1000)
    await ask(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", seconds=statement_seconds)
    await ask(connection, f"SET LOCAL statement_timeout = {milliseconds}", seconds=statement_seconds)


async def _answer(connection: Connection, sql: str) -> Answer:
    connection.channel.write(Message(b"Q", text(sql)).encode())
    columns: tuple[str, ...] = ()
    rows: list[tuple[str | None, ...]] = []
    refused, size = "", 0
    while True:
        message = await read_message(connection.channel)
        if message.kind == b"T":
            columns = _names(message.body)
        elif message.kind == b"D":
            size += len(message.body)
            if size > _MOST_BYTES:
                raise ProtocolError("the answer is larger than was asked for")
            rows.append(_values(message.body))
        elif message.kind == b"E":
            refused = error_fields(message.body).get("C", "unknown")
        elif message.kind == b"Z":
            if refused:
                raise QuestionRefusedError(
                    f"the database {connection.target.database} refuses to answer: SQLSTATE {refused}"
                )
            return Answer(columns, tuple(rows))


def _names(body: bytes) -> tuple[str, ...]:
    names, place = [], 2
    for _ in range(int.from_bytes(body[:2])):
        end = body.find(b"\0", place)
        if end < 0:
            raise ProtocolError("a description of rows does not end")
        names.append(body[place:end].decode(errors="replace"))
        place = end + 1 + _FIELD_FACTS_BYTES
    return tuple(names)


def _values(body: bytes) -> tuple[str | None, ...]:
    """Return the values of a DataRow in text form."""
    values: list[str | None] = []
    place = 2
    for _ in range(int.from_bytes(body[:2])):
        length = int.from_bytes(body[place : place + 4], signed=True)
        if length < _NULL or place + 4 + max(0, length) > len(body):
            raise ProtocolError("a row is not as it was asked for")
        values.append(None if length == _NULL else body[place + 4 : place + 4 + length].decode(errors="replace"))
        place += 4 + max(0, length)
    return tuple(values)


def texts(row: Sequence[str | None]) -> list[str]:
    """Return a row of which no value is null."""
    if any(value is None for value in row):
        raise QuestionRefusedError("a row is not as it was asked for")
    return [value for value in row if value is not None]
