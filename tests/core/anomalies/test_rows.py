"""Rows are read as exports write them, and a wrong one is named by its line."""

import pytest

from bailiwick.core.anomalies.rows import BadRowError, Rows, seconds_of

pytestmark = pytest.mark.req("OB5")


def read(*lines: str) -> list[tuple[float, float | None]]:
    rows = Rows()
    return [(row[2], row[3]) for row in map(rows.read, lines) if row is not None]


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01 12:30:00", "2026-03-01T12:30:00Z", "2026-03-01T14:30:00+02:00", "2026-03-01 12:30:00.000000",
        "2026/03/01 12:30:00", "03/01/2026 12:30", "01.03.2026 12:30", "1772368200", "1772368200000",
        "2026-03-01 12:30",
    ],
)  # fmt: skip
def test_times_are_read_in_the_usual_forms(written: str) -> None:
    assert seconds_of(written) == 1772368200.0


@pytest.mark.parametrize(
    "head",
    [(), ("timestamp,value",), ("time,cpu",), ("\ufefftimestamp,value",), ('"timestamp","value"',)],
)
def test_a_header_may_be_there_or_not(head: tuple[str, ...]) -> None:
    assert read(*head, "1970-01-01 00:00:10,5", "1970-01-01 00:00:20,") == [(10.0, 5.0), (20.0, None)]


def test_columns_are_found_by_name() -> None:
    assert read("host,value,timestamp", "a,5,1970-01-01 00:00:10") == [(10.0, 5.0)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1970-01-02 00:00:00,nan", "line 3: 'nan' cannot be scored"),
        ("1970-01-02 00:00:00,-inf", "line 3: '-inf' cannot be scored"),
        ("1970-01-02 00:00:00,1e301", "line 3: 1e301 is too large"),
        ("1970-01-02 00:00:00,much", "line 3: 'much' is no number"),
        ("1970-01-02 00:00:00", "line 3: there is no value"),
        ("soon,5", "line 3: 'soon' is no time"),
        ("nan,5", "line 3: 'nan' is no time"),
        ("1970-01-01 09:59:59,5", "line 3: this time lies before"),
    ],
)
def test_a_wrong_row_is_named(row: str, said: str) -> None:
    with pytest.raises(BadRowError, match=said):
        read("timestamp,value", "1970-01-01 11:00:00,5", row)


def test_a_clock_that_is_set_back_is_no_reason_to_stop() -> None:
    rows = Rows()
    for line in ("1970-01-01 02:55:00,1", "1970-01-01 02:00:00,1", "1970-01-01 02:00:00,1", "1970-01-01 02:05:00,1"):
        assert rows.read(line) is not None
    assert (rows.repeated, rows.first_repeated) == (2, 2)
