import pytest

from bailiwick.control.review import BLOCKING, Change, Finding, Surroundings
from bailiwick.control.review.engines.sql import check as sql
from bailiwick.core.artifacts import TreeFile

PATH = "migrations/0001_orders.up.sql"


def _findings(content: bytes, path: str = PATH) -> list[Finding]:
    return list(sql.check(Change("0" * 40, (), (TreeFile(path, content),)), Surroundings()))


@pytest.mark.req("RV2", "RV11")
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "content",
    [
        b"SELECT " + b"(" * 300_000,
        b"INSERT INTO orders VALUES (1);\n" * 60_000,
        b"DO $$ BEGIN " + b"IF true THEN " * 3_000 + b"END $$;",
        b"SELECT '\x00';",
        b"SELECT 'a;",
    ],
    ids=["deep", "long", "blocks", "zero", "open"],
)
def test_a_migration_that_cannot_be_read_does_not_pass(content: bytes) -> None:
    assert any(item.severity >= BLOCKING for item in _findings(content))


@pytest.mark.req("RV2")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("part", [b"(", b"not ", b"- ", b"case when "])
def test_depth_breaks_no_engine(part: bytes) -> None:
    for count in (1_000, 4_000, 9_000):
        _findings(b"SELECT " + part * count + b"1" + b")" * count * (part == b"(") + b";")


@pytest.mark.req("RV11")
def test_the_line_of_a_finding_is_where_the_statement_begins() -> None:
    found = _findings("-- Bestellungen, größer\n\n/* two\nlines */\nGRANT ALL ON orders TO PUBLIC;\n".encode())
    assert [(item.rule.id, item.line) for item in found] == [("not-for-migrations", 5)]
