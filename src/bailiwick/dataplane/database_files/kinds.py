"""PostgreSQL's types as translated databases use them: their oids, and values in the protocol's text and binary forms.

Values of apps become one strict text form first, so that no database guesses what they mean; values of databases must
be of their column's type, or nothing of them is told. Source: PostgreSQL documentation, chapter 8 "Data Types", and
`src/backend/utils/adt` for the binary forms.
"""

import re
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

# By name: the oid and the size of the type (pg_type.typlen).
OIDS: dict[str, tuple[int, int]] = {
    "bool": (16, 1), "bytea": (17, -1), "int8": (20, 8), "int4": (23, 4), "text": (25, -1), "float8": (701, 8),
    "date": (1082, 4), "timestamp": (1114, 8), "timestamptz": (1184, 8), "numeric": (1700, -1), "uuid": (2950, 16),
}  # fmt: skip
_BY_OID = {oid: name for name, (oid, _) in OIDS.items()}
# What drivers declare besides: int2, varchar, bpchar, name and float4 are taken as their wider kin.
_BY_OID |= {21: "int4", 1043: "text", 1042: "text", 19: "text", 700: "float8"}
_OTHER_BINARY = {21: "int2", 700: "float4"}
NUMBERS = ("int4", "int8", "numeric", "float8")
_RANGES = {"int4": 2**31, "int8": 2**63}
_EPOCH = date(2000, 1, 1)
_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,60}(\.[0-9]{0,30})?|\.[0-9]{1,30})")
_FLOAT = re.compile(r"[+-]?([0-9]{1,60}(\.[0-9]{0,60})?|\.[0-9]{1,60})([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?))?(.*)")
_ZONE = re.compile(r"[+-][0-9]{2}(:?[0-9]{2})?|Z|")
_TRUE, _FALSE = frozenset({"t", "true", "1", "on", "yes"}), frozenset({"f", "false", "0", "off", "no"})
_DIGITS, _BASE = 4, 10_000
_NEGATIVE = 0x4000


class ValueFaultError(ValueError):
    """A value is not of its type. It says which SQLSTATE that is, and nothing of the value."""

    def __init__(self, words: str, sqlstate: str = "22P02") -> None:
        super().__init__(words)
        self.sqlstate = sqlstate


def name_of(oid: int) -> str | None:
    """Return the type that an oid stands for, None for one that is not translated."""
    return _BY_OID.get(oid)


def canonical(kind: str, value: str) -> str:
    """Return a value's one text form; raise `ValueFaultError` for what is not plainly of the type."""
    try:
        return _CANONICAL[kind](value)
    except (ValueError, ArithmeticError) as fault:
        if isinstance(fault, ValueFaultError):
            raise
        raise ValueFaultError(f"a value is not of the type {kind}") from None


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueFaultError("a text holds a null character", "22021")
    return value


def _bool(value: str) -> str:
    word = value.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError
    return "1" if word in _TRUE else "0"


def _integer(kind: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not _INTEGER.fullmatch(value.strip()):
            raise ValueError
        number = int(value)
        if not -_RANGES[kind] <= number < _RANGES[kind]:
            raise ValueFaultError(f"a number is out of the range of {kind}", "22003")
        return str(number)

    return check


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not pattern.fullmatch(value.strip()):
            raise ValueError
        return value.strip()

    return check


def _date(value: str) -> str:
    if not _DATE.fullmatch(value.strip()):
        raise ValueError
    return date.fromisoformat(value.strip()).isoformat()


def _timestamp(value: str) -> str:
    found = _TIME.fullmatch(value.strip())
    if not found or found[3]:
        raise ValueError
    return str(datetime.fromisoformat(f"{found[1]} {found[2] or '00:00:00'}"))


def _timestamptz(value: str) -> str:
    found = _TIME.fullmatch(value.strip())
    if not found or not _ZONE.fullmatch(found[3].strip()):
        raise ValueError
    zone = found[3].strip() or "+00:00"
    moment = datetime.fromisoformat(f"{found[1]} {found[2] or '00:00:00'}{zone}")
    return str(moment.astimezone(UTC).replace(tzinfo=None))


_CANONICAL: dict[str, Callable[[str], str]] = {
    "text": _text,
    "bool": _bool,
    "int4": _integer("int4"),
    "int8": _integer("int8"),
    "numeric": _matching(_NUMBER),
    "float8": _matching(_FLOAT),
    "date": _date,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "uuid": lambda value: str(UUID(value)),
    "bytea": lambda value: bytes.fromhex(value[2:] if value.startswith("\\x") else "-").hex(),
}


def from_binary(kind: str, oid: int, value: bytes) -> str:
    """Return the canonical text of a parameter that came in binary; `oid` is what its sender declared, or 0."""
    try:
        return canonical(kind, _from_binary(_OTHER_BINARY.get(oid) or _BY_OID.get(oid, kind), value))
    except (struct.error, UnicodeDecodeError, OverflowError):
        raise ValueFaultError(f"a parameter is no {kind} in binary", "22P03") from None


def _from_binary(sent: str, value: bytes) -> str:
    if sent in _BINARY_NUMBERS:
        return repr(struct.unpack(_BINARY_NUMBERS[sent], value)[0])
    return _FROM_BINARY[sent](value)


def _moment_from(value: bytes) -> str:
    return str((_MOMENT + timedelta(microseconds=struct.unpack("!q", value)[0])).replace(tzinfo=None))


_FROM_BINARY: dict[str, Callable[[bytes], str]] = {
    "text": lambda value: value.decode(),
    "bool": lambda value: "1" if struct.unpack("!?", value)[0] else "0",
    "date": lambda value: (_EPOCH + timedelta(days=struct.unpack("!i", value)[0])).isoformat(),
    "timestamp": _moment_from,
    "timestamptz": _moment_from,
    "numeric": lambda value: _numeric_from(value),  # noqa: PLW0108 - made below
    "uuid": lambda value: str(UUID(bytes=value)),
    "bytea": lambda value: "\\x" + value.hex(),
}
_BINARY_NUMBERS = {"int2": "!h", "int4": "!i", "int8": "!q", "float4": "!f", "float8": "!d"}


def _numeric_from(value: bytes) -> str:
    count, weight, sign, scale = struct.unpack("!HhHH", value[:8])
    if sign not in {0, _NEGATIVE}:
        raise ValueFaultError("a number is not finite")
    number = 0
    for digit in struct.unpack(f"!{count}H", value[8:]):
        number = number * _BASE + digit
    exact = Decimal(number).scaleb(_DIGITS * (weight - count + 1))
    return f"{-exact if sign else exact:.{scale}f}"


def encode(kind: str, value: object, *, binary: bool) -> bytes:
    """Return a value of a database as the protocol writes it; raise `ValueFaultError` when it is of another type."""
    try:
        checked = _CHECKED[kind](value)
        return _binary(kind, checked) if binary else _written(kind, checked).encode()
    except (ValueError, TypeError, ArithmeticError, struct.error) as fault:
        if isinstance(fault, ValueFaultError):
            raise
        raise ValueFaultError(f"the database holds a value that is not of its column's type {kind}") from None


def _int(kind: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, float | str | bytes) or int(value) != value:  # type: ignore[call-overload]
            raise ValueError
        number = int(value)  # type: ignore[call-overload]
        if not -_RANGES[kind] <= number < _RANGES[kind]:
            raise ValueFaultError(f"a number is out of the range of {kind}", "22003")
        return number

    return check


def _only(*kinds: type) -> Callable[[object], object]:
    def check(value: object) -> object:
        if not isinstance(value, kinds):
            raise TypeError
        return value

    return check


def _checked_bool(value: object) -> object:
    if value not in (0, 1) or isinstance(value, str | bytes):
        raise ValueError
    return bool(value)


def _checked_decimal(value: object) -> object:
    if isinstance(value, bool | str | bytes):
        raise TypeError
    found = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)  # type: ignore[arg-type]
    if not found.is_finite():
        raise InvalidOperation
    return found


def _checked_float(value: object) -> object:
    if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
        raise TypeError
    return float(value)


def _checked_date(value: object) -> object:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return date.fromisoformat(value)
    if isinstance(value, datetime) or not isinstance(value, date):
        raise TypeError
    return value


def _checked_moment(value: object) -> object:
    if isinstance(value, str):
        value = datetime.fromisoformat(_timestamptz(value))
    if not isinstance(value, datetime):
        raise TypeError
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_CHECKED: dict[str, Callable[[object], object]] = {
    "text": lambda value: _text(str(_only(str)(value))),
    "bool": _checked_bool,
    "int4": _int("int4"),
    "int8": _int("int8"),
    "numeric": _checked_decimal,
    "float8": _checked_float,
    "date": _checked_date,
    "timestamp": _checked_moment,
    "timestamptz": _checked_moment,
    "uuid": lambda value: value if isinstance(value, UUID) else UUID(str(_only(str)(value))),
    "bytea": lambda value: bytes(_only(bytes, bytearray, memoryview)(value)),  # type: ignore[call-overload]
}


def _written(kind: str, value: Any) -> str:
    return _WRITTEN[kind](value) if kind in _WRITTEN else str(value)


_WRITTEN: dict[str, Callable[[Any], str]] = {
    "bool": lambda value: "t" if value else "f",
    "numeric": lambda value: f"{value:f}",
    "float8": lambda value: repr(value).removesuffix(".0").replace("inf", "Infinity").replace("nan", "NaN"),
    "bytea": lambda value: "\\x" + value.hex(),
    "timestamp": lambda value: str(value.replace(tzinfo=None)),
    "timestamptz": lambda value: str(value).removesuffix(":00"),
}


def _binary(kind: str, value: Any) -> bytes:
    if kind in _BINARY_NUMBERS:
        return struct.pack(_BINARY_NUMBERS[kind], value)
    return _BINARY[kind](value)


def _moment_binary(value: datetime) -> bytes:
    return struct.pack("!q", (value - _MOMENT) // timedelta(microseconds=1))


_BINARY: dict[str, Callable[[Any], bytes]] = {
    "text": str.encode,
    "bool": lambda value: struct.pack("!?", value),
    "timestamp": _moment_binary,
    "timestamptz": _moment_binary,
    "date": lambda value: struct.pack("!i", (value - _EPOCH).days),
    "numeric": lambda value: _numeric_binary(value),  # noqa: PLW0108 - made below
    "uuid": lambda value: bytes(value.bytes),
    "bytea": bytes,
}


def _numeric_binary(value: Decimal) -> bytes:
    whole, _, fraction = f"{abs(value):f}".partition(".")
    scale = len(fraction)
    whole = whole.zfill(-(-len(whole) // _DIGITS) * _DIGITS)
    digits = whole + fraction.ljust(-(-scale // _DIGITS) * _DIGITS, "0")
    groups = [int(digits[place : place + _DIGITS]) for place in range(0, len(digits), _DIGITS)]
    sign = _NEGATIVE if value < 0 else 0
    return struct.pack(f"!HhHH{len(groups)}H", len(groups), len(whole) // _DIGITS - 1, sign, scale, *groups)
