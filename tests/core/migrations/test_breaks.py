"""What a migration takes away while the running release still reads it."""

import pytest

from bailiwick.core.migrations import Migration, still_read

CODE = {
    "app.py": b'QUERY = """\nSELECT id, note\nFROM orders"""\n',
    "other.py": b"note = 'of something else'\n",
    "migrations/0001_a.up.sql": b"CREATE TABLE orders (id int, note text);",
    "logo.png": b"orders note",
}
pytestmark = pytest.mark.req("RV11")


@pytest.mark.parametrize(
    ("up", "said"),
    [
        ("ALTER TABLE orders DROP note;", "0002_b drops orders.note, which app.py:2 still reads"),
        ("ALTER TABLE orders RENAME note TO remark;", "0002_b renames orders.note, which app.py:2 still reads"),
        ("ALTER TABLE orders RENAME TO sales;", "0002_b renames orders, which app.py:3 still reads"),
        ("DROP TABLE orders;", "0002_b drops orders, which app.py:3 still reads"),
    ],
)
def test_each_place_that_still_reads_it_is_named_with_what_to_do(up: str, said: str) -> None:
    (line,) = still_read(CODE, [Migration(2, "b", up, "SELECT 1;")])
    assert line.startswith(said)
    assert "deploy code that does without the old" in line


@pytest.mark.parametrize("up", ["ALTER TABLE orders ADD more int;", "ALTER TABLE orders DROP gone;", "not sql"])
def test_what_nobody_reads_is_not_spoken_of(up: str) -> None:
    assert still_read(CODE, [Migration(2, "b", up, "")]) == ()
