"""Prepared statements and portals of a translated connection, and the values that an app binds."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from bailiwick.dataplane.database_files.kinds import OIDS, ValueFaultError, canonical, from_binary
from bailiwick.dataplane.gateways.sql.engines.deciding import Decided
from bailiwick.dataplane.gateways.sql.engines.model import Bind, DialectName, Rows, Translated, Value
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.messages import Message, ProtocolError, take_text, text
from bailiwick.dataplane.gateways.sql.row_keys import RowKeys

_MOST_PARAMETERS = 2000
# Digits behind the point that a bound decimal keeps in the other database.
_FRACTIONS: dict[str, int] = {"duckdb": 10, "mysql": 20, "bigquery": 38, "snowflake": 10}


@dataclass(frozen=True, slots=True)
class Statement:
    """A prepared statement. `translated` is None for one that the gateway answers itself."""

    decided: Decided
    translated: Translated | None
    declared: tuple[int, ...] = ()

    @property
    def parameters(self) -> list[str]:
        """The types of the parameters, in order."""
        known = dict(self.translated.parameters) if self.translated is not None else {}
        return [known.get(number + 1, "text") for number in range(max([len(self.declared), *known]))]


@dataclass
class Portal:
    """A statement with its values; `rows` once it began, `lost` when another took the connection meanwhile.

    `keys` reads which rows pass where that is logged; it is `noted` once what it did is audited.
    """

    statement: Statement
    values: tuple[str | None, ...] = ()
    formats: tuple[bool, ...] = ()
    rows: Rows | None = None
    held: list[tuple[bytes, int]] = field(default_factory=list)
    sent: int = 0
    bytes: int = 0
    began: float = 0.0
    done: bool = False
    lost: bool = False
    keys: RowKeys | None = None
    noted: bool = False


class Reader:
    """Reads the numbers of a message."""

    def __init__(self, body: bytes, place: int) -> None:
        self._body, self._place = body, place

    def numbers(self, form: str) -> tuple[int, ...]:
        """Return a list of numbers, which is led by its length."""
        (count,) = self.take("!H")
        if count > _MOST_PARAMETERS:
            raise ProtocolError("a message has too many parameters")
        return self.take(f"!{count}{form}")

    def take(self, form: str) -> tuple[int, ...]:
        """Return numbers of a form."""
        try:
            found = struct.unpack_from(form, self._body, self._place)
        except struct.error:
            raise ProtocolError("a message ends before its end") from None
        self._place += struct.calcsize(form)
        return found

    def bytes(self, count: int) -> bytes:
        """Return bytes."""
        found = self._body[self._place : self._place + count]
        if len(found) < count:
            raise ProtocolError("a message ends before its end")
        self._place += count
        return found


def read_parse(body: bytes) -> tuple[str, str, tuple[int, ...]]:
    """Return the name, the text and the declared oids of a Parse."""
    name, place = take_text(body)
    sql, place = take_text(body, place)
    return name, sql, Reader(body, place).numbers("I")


def read_bind(body: bytes, place: int, statement: Statement) -> Portal:
    """Return the portal that a Bind makes; `place` is behind the two names."""
    reader = Reader(body, place)
    formats = reader.numbers("H")
    (count,) = reader.take("!H")
    kinds = statement.parameters
    if count != len(kinds):
        raise StatementRefusedError(f"{count} values are bound to {len(kinds)} parameters", sqlstate="08P01")
    values: list[str | None] = []
    for number, kind in enumerate(kinds):
        (length,) = reader.take("!i")
        if length < 0:
            values.append(None)
            continue
        declared = statement.declared[number] if number < len(statement.declared) else 0
        values.append(_value(kind, declared, reader.bytes(length), binary=_format(formats, number)))
    wanted = reader.numbers("H")
    columns = statement.translated.columns if statement.translated is not None else ()
    return Portal(statement, tuple(values), tuple(_format(wanted, place) for place in range(len(columns))))


def _format(formats: Sequence[int], place: int) -> bool:
    """Return whether a value is binary: none means text, one is for all (PostgreSQL documentation, 54.7, Bind)."""
    chosen = 0 if not formats else formats[0] if len(formats) == 1 else formats[place] if place < len(formats) else 0
    if chosen not in {0, 1}:
        raise ProtocolError("there is no such format")
    return bool(chosen)


def _value(kind: str, declared: int, data: bytes, *, binary: bool) -> str:
    try:
        return from_binary(kind, declared, data) if binary else canonical(kind, data.decode())
    except UnicodeDecodeError:
        raise StatementRefusedError("a parameter is not UTF-8", sqlstate="22021") from None
    except ValueFaultError as fault:
        raise StatementRefusedError(str(fault), sqlstate=fault.sqlstate) from None


def bound(portal: Portal, dialect: DialectName, now: datetime) -> list[Value]:
    """Return what the driver binds; raise `StatementRefusedError` for a row that the person may not write."""
    assert portal.statement.translated is not None  # noqa: S101 - the caller looked
    found: list[Value] = []
    for bind in portal.statement.translated.binds:
        value = _given(bind, portal, now)
        if bind.kind == "numeric" and value is not None:
            digits = len(value.partition(".")[2].rstrip("0"))
            if digits > _FRACTIONS.get(dialect, digits):
                raise StatementRefusedError("a decimal has too many digits for this database", sqlstate="22003")
        found.append((bind.kind, value))
    return found


def _given(bind: Bind, portal: Portal, now: datetime) -> str | None:
    if bind.moment:
        moment = now.astimezone(UTC).replace(tzinfo=None)
        if bind.days is not None:
            moment = datetime.combine(moment.date() - timedelta(days=bind.days), time())
        return moment.date().isoformat() if bind.kind == "date" else str(moment)
    value = bind.text if not bind.parameter else portal.values[bind.parameter - 1]
    if bind.only is not None and (value is None or value != canonical(bind.kind, bind.only)):
        raise StatementRefusedError(f"a new row's {bind.column} is not one that this person may write")
    if bind.positive and value is not None and int(value) < 0:
        raise StatementRefusedError("a number of rows is negative", sqlstate="2201W")
    return value


def row_description(translated: Translated, formats: Sequence[bool]) -> bytes:
    """Return a RowDescription, or NoData for a statement that answers no rows."""
    if not translated.columns:
        return Message(b"n", b"").encode()
    body = struct.pack("!H", len(translated.columns))
    for place, column in enumerate(translated.columns):
        oid, size = OIDS[column.kind]
        binary = formats[place] if place < len(formats) else False
        body += text(column.name) + struct.pack("!IHIhih", 0, 0, oid, size, -1, int(binary))
    return Message(b"T", body).encode()


def parameter_description(statement: Statement) -> bytes:
    """Return a ParameterDescription."""
    oids = [OIDS[kind][0] for kind in statement.parameters]
    # What was declared is said back, as PostgreSQL does.
    oids = [
        statement.declared[place] or oid if place < len(statement.declared) else oid for place, oid in enumerate(oids)
    ]
    return Message(b"t", struct.pack(f"!H{len(oids)}I", len(oids), *oids)).encode()


def with_text_formats(portal: Portal) -> Portal:
    """Return a portal that answers as a simple query does."""
    translated = portal.statement.translated
    return replace(portal, formats=(False,) * len(translated.columns) if translated is not None else ())
