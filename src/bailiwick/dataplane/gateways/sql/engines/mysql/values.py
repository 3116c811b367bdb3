"""Values of MySQL's binary protocol: parameters as they are bound, and columns of rows."""

import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from bailiwick.dataplane.database_files.kinds import ValueFaultError, encode
from bailiwick.dataplane.gateways.sql.engines.model import Value
from bailiwick.dataplane.gateways.sql.engines.mysql.packets import counted, with_length
from bailiwick.dataplane.gateways.sql.messages import ProtocolError

_LONGLONG, _DOUBLE, _TEXT, _BLOB, _NULL = 0x08, 0x05, 0xFD, 0xFC, 0x06
_UNSIGNED = 0x20
# By type of a column: how many bytes, signed and not (binlog/field_types.h).
_NUMBERS = {0x01: ("<b", "<B"), 0x02: ("<h", "<H"), 0x0D: ("<h", "<H"), 0x03: ("<i", "<I"), 0x09: ("<i", "<I"),
            0x08: ("<q", "<Q"), 0x04: ("<f", "<f"), 0x05: ("<d", "<d")}  # fmt: skip
_DATES = frozenset({0x07, 0x0A, 0x0C})
_DECIMALS = frozenset({0x00, 0xF6})
_REFUSED = frozenset({0x0B, 0x10, 0xF5, 0xFF})
_NULL_LENGTH = struct.pack("!i", -1)


def bound(values: Sequence[Value]) -> bytes:
    """Return the parameters of a COM_STMT_EXECUTE."""
    if not values:
        return b""
    nulls = bytearray((len(values) + 7) // 8)
    types, data = [], []
    for place, (kind, text) in enumerate(values):
        if text is None:
            nulls[place // 8] |= 1 << place % 8
            types.append(_NULL)
        elif kind in {"int4", "int8", "bool"}:
            types.append(_LONGLONG)
            data.append(struct.pack("<q", int(text)))
        elif kind == "float8":
            types.append(_DOUBLE)
            data.append(struct.pack("<d", float(text)))
        elif kind == "bytea":
            types.append(_BLOB)
            data.append(with_length(bytes.fromhex(text)))
        else:
            types.append(_TEXT)
            data.append(with_length(text.encode()))
    return bytes(nulls) + b"\1" + b"".join(struct.pack("<H", kind) for kind in types) + b"".join(data)


def column_type(body: bytes) -> tuple[int, bool]:
    """Return the type of a column, and whether it is unsigned, from its definition."""
    place = 0
    for _ in range(6):
        _, place = counted(body, place)
    kind, flags = body[place + 7], int.from_bytes(body[place + 8 : place + 10], "little")
    return kind, bool(flags & _UNSIGNED)


def data_row(body: bytes, columns: Sequence[tuple[int, bool]], kinds: Sequence[str], formats: Sequence[bool]) -> bytes:
    """Return a row as PostgreSQL's DataRow; raise `ValueFaultError` when a value is not of its type."""
    nulls_end = 1 + (len(columns) + 9) // 8
    nulls, place = body[1:nulls_end], nulls_end
    parts: list[bytes] = []
    for number, (column, kind, binary) in enumerate(zip(columns, kinds, formats, strict=True)):
        bit = number + 2
        if nulls[bit // 8] & (1 << bit % 8):
            parts.append(_NULL_LENGTH)
            continue
        value, place = _value(body, place, *column)
        if kind == "text" and isinstance(value, bytes):
            value = _decoded(value)
        data = encode(kind, value, binary=binary)
        parts += [struct.pack("!i", len(data)), data]
    inner = b"".join(parts)
    return b"D" + struct.pack("!IH", len(inner) + 6, len(columns)) + inner


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise ValueFaultError("the database holds a text that is not UTF-8", "22021") from None


def _value(body: bytes, place: int, kind: int, unsigned: bool) -> tuple[object, int]:
    if kind in _NUMBERS:
        form = _NUMBERS[kind][unsigned]
        try:
            return struct.unpack_from(form, body, place)[0], place + struct.calcsize(form)
        except struct.error:
            raise ProtocolError("a row ends before its end") from None
    if kind in _DATES:
        length = body[place]
        return _moment(body[place + 1 : place + 1 + length], whole_day=kind == 0x0A), place + 1 + length  # noqa: PLR2004
    if kind in _REFUSED:
        raise ValueFaultError("a column is of a type that is not translated", "0A000")
    value, place = counted(body, place)
    if kind in _DECIMALS:
        try:
            return Decimal(value.decode("ascii")), place
        except (InvalidOperation, UnicodeDecodeError):
            raise ProtocolError("a decimal is none") from None
    return value, place


def _moment(data: bytes, *, whole_day: bool) -> object:
    try:
        year, month, day = struct.unpack_from("<HBB", data)
        if whole_day:
            return date(year, month, day)
        hour, minute, second = struct.unpack_from("<BBB", data, 4) if len(data) > 4 else (0, 0, 0)  # noqa: PLR2004
        micro = int.from_bytes(data[7:11], "little")
        return datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)
    except (struct.error, ValueError):
        # MySQL knows a date of zeros.
        raise ValueFaultError("the database holds a date that is none", "22008") from None
