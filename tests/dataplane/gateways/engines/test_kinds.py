import datetime
import struct
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.dataplane.database_files.kinds import ValueFaultError, canonical, encode, from_binary

pytestmark = pytest.mark.req("IN9")
VALUES = {
    "int4": st.integers(-(2**31), 2**31 - 1),
    "int8": st.integers(-(2**63), 2**63 - 1),
    "float8": st.floats(allow_nan=False, allow_infinity=False),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6),
    "bool": st.booleans(),
    "date": st.dates(),
    "timestamp": st.datetimes(),
    "uuid": st.uuids(),
    "bytea": st.binary(max_size=50),
    "text": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50),
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_is_the_same_in_text_and_in_binary(kind: str) -> None:
    @given(VALUES[kind])
    def check(value: object) -> None:
        binary = from_binary(kind, 0, encode(kind, value, binary=True))
        text = canonical(kind, encode(kind, value, binary=False).decode())
        if kind in {"float8", "numeric"}:
            assert Decimal(binary) == Decimal(text) or float(binary) == float(text)
        else:
            assert binary == text

    check()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int4", "2147483648"), ("int4", "1.5"), ("int4", "1abc"), ("int4", ""), ("int8", "9223372036854775808"),
        ("int8", "0x10"), ("int8", "1_000"), ("int8", "１"), ("numeric", "NaN"), ("numeric", "1e5"), ("float8", "inf"),
        ("bool", "2"), ("bool", "maybe"), ("date", "2024-02-30"), ("date", "now"), ("date", "20240101"),
        ("date", "2024-1-1"), ("timestamp", "2024-01-01T10"), ("timestamp", "2024-01-01 10:00:00+02"),
        ("timestamptz", "2024-01-01 10:00:00 Europe/Zurich"), ("uuid", "x"), ("bytea", "abc"), ("bytea", "\\xzz"),
        ("text", "a\0b"),
    ],
)  # fmt: skip
def test_what_is_not_plainly_of_a_type_is_refused(kind: str, value: str) -> None:
    with pytest.raises(ValueFaultError):
        canonical(kind, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int4", "secret"), ("int4", 2**31), ("int4", 1.0), ("int8", b"secret"), ("bool", 2), ("bool", "true"),
        ("date", "secret"),
        ("date", datetime.datetime.fromisoformat("2024-01-01")), ("timestamp", "secret"), ("text", 5),
        ("text", b"secret"), ("numeric", "secret"), ("float8", "secret"), ("uuid", "secret"), ("bytea", "secret"),
    ],
    ids=str,
)  # fmt: skip
def test_a_value_of_another_type_is_told_without_the_value(kind: str, value: object) -> None:
    with pytest.raises(ValueFaultError) as caught:
        encode(kind, value, binary=False)
    assert "secret" not in str(caught.value)


def test_parameters_in_binary_are_what_they_say() -> None:
    assert from_binary("int8", 21, struct.pack("!h", -5)) == "-5"
    assert from_binary("uuid", 2950, uuid.UUID(int=5).bytes) == str(uuid.UUID(int=5))
    for kind, data in (
        ("int4", b"\0"),
        ("numeric", b"\0\0"),
        ("text", b"\xff"),
        ("date", struct.pack("!i", 2**31 - 1)),
    ):
        with pytest.raises(ValueFaultError):
            from_binary(kind, 0, data)
