"""Attempts to see more through a translated database than PostgreSQL would show, with what shows that they could."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
import sqlglot
from sqlglot import exp

from bailiwick.core.errors import UnavailableError
from bailiwick.core.grants import Operation
from bailiwick.dataplane.gateways.sql.engines import DatabaseFile, FileEngine
from bailiwick.dataplane.gateways.sql.engines.model import EngineFaultError, NotTranslatedError
from bailiwick.dataplane.gateways.sql.engines.translating.checking import require_same
from bailiwick.dataplane.gateways.sql.rewrite import rewrite
from tests.dataplane.gateways.engines.conftest import APAC, EMEA, GRANT, Door, file_backend, opened
from tests.dataplane.gateways.engines.test_same_rows import answer

pytestmark = pytest.mark.req("IN9")

# Each is refused, or gives what PostgreSQL gives: what differs between dialects is where something could slip through.
ATTEMPTS = """
SELECT id FROM orders WHERE region = 'emea'
SELECT id FROM orders WHERE region = 'EMEA '
SELECT id, secret FROM orders
SELECT orders FROM orders
SELECT o.* FROM orders o WHERE o.secret LIKE 's%'
SELECT name FROM salaries
SELECT "name" FROM "salaries"
SELECT rowid FROM orders
SELECT _rowid_ FROM orders
SELECT oid FROM orders
SELECT ctid FROM orders
SELECT id FROM orders WHERE item = "pear"
SELECT "pear" FROM orders
SELECT `id` FROM orders
SELECT [id] FROM orders
SELECT * FROM sqlite_master
SELECT * FROM sqlite_schema
SELECT * FROM pragma_table_info('orders')
SELECT * FROM information_schema.tables
SELECT * FROM mysql.user
SELECT * FROM duckdb_settings()
SELECT * FROM main.orders
SELECT * FROM memory.main.orders
SELECT * FROM 'orders'
SELECT * FROM read_csv('/etc/passwd')
SELECT * FROM read_text('/etc/passwd')
SELECT * FROM glob('/*')
SELECT * FROM '/etc/passwd'
SELECT getenv('HOME')
SELECT current_setting('secret_directory')
SELECT load_file('/etc/passwd')
SELECT load_extension('x')
SELECT sleep(1)
SELECT benchmark(1000000, md5('x'))
SELECT user()
SELECT @@version
SELECT @a := 1
SELECT id INTO OUTFILE '/tmp/x' FROM orders
SELECT 1 INTO @a
COPY orders TO '/tmp/x'
ATTACH 'x.db' AS x
DETACH x
INSTALL httpfs
LOAD httpfs
PRAGMA table_info(orders)
EXPLAIN SELECT * FROM orders
CALL pragma_version()
SET enable_external_access = true
SET sql_mode = 'ANSI_QUOTES'
SET GLOBAL general_log = 1
SET timezone = 'Asia/Tokyo'
SET client_encoding = 'LATIN1'
VACUUM
CREATE TABLE t (a int)
DROP TABLE orders
TRUNCATE refunds
REPLACE INTO refunds VALUES (1)
INSERT INTO refunds (id, order_id, region) SELECT 50, 1, 'EMEA'
INSERT INTO refunds (id, order_id, region) VALUES (51, 1, 'EMEA ')
INSERT INTO refunds (id, order_id, region) VALUES (52, 1, 'emea')
INSERT INTO refunds (id, order_id, region) VALUES (53, 1, 'EMEA' || '')
INSERT INTO refunds (id, order_id, region) VALUES (54, 1, NULL)
INSERT OR REPLACE INTO refunds (id) VALUES (2)
INSERT INTO refunds (id, order_id) VALUES (2, 1) ON CONFLICT (id) DO UPDATE SET note = 'x'
UPDATE refunds SET region = 'APAC'
UPDATE orders SET amount = 0
UPDATE refunds SET note = (SELECT secret FROM orders LIMIT 1)
DELETE FROM orders
DELETE FROM refunds WHERE region = 'APAC'
SELECT id FROM orders WHERE '1'
SELECT id FROM orders WHERE 1
SELECT id FROM orders WHERE item
SELECT id FROM orders WHERE item = 0
SELECT id FROM orders WHERE id = '1abc'
SELECT id FROM orders WHERE item + 1 > 0
SELECT id FROM orders WHERE NOT 0
SELECT id FROM orders WHERE 'a' || 'b'
SELECT id FROM orders WHERE item = 0x706561
SELECT id FROM orders WHERE item = x'70656172'
SELECT id FROM orders WHERE item = b'1'
SELECT id FROM orders WHERE item = 'pear\\' OR 1=1 --'
SELECT id FROM orders WHERE item = E'pear\\' OR 1=1 --'
SELECT id FROM orders WHERE item = 'pear\\'' OR ''1''=''1'
SELECT id FROM orders WHERE item = $$pear' OR '1'='1$$
SELECT id FROM orders WHERE item = U&'\\0027 OR 1=1'
SELECT id FROM orders /*! WHERE 1=1 UNION SELECT salary FROM salaries */
SELECT id FROM orders /*!50000 UNION SELECT salary FROM salaries */
SELECT id FROM orders /*+ NO_MERGE */ WHERE id = 1
SELECT id FROM orders # comment
SELECT id FROM orders WHERE id = 1 -- x
SELECT id FROM orders WHERE id = 1;; SELECT 1
SELECT id FROM orders; DELETE FROM refunds
SELECT id AS "a; DROP TABLE orders" FROM orders WHERE id = 1
SELECT id AS "x` FROM salaries -- " FROM orders WHERE id = 1
SELECT id FROM orders AS "o"" , salaries -- " WHERE id = 1
SELECT 'a' 'b'
SELECT "bw_c0" FROM orders
SELECT bw_t0.id FROM orders
SELECT id FROM orders ORDER BY secret
SELECT id FROM orders ORDER BY (SELECT secret FROM orders LIMIT 1)
SELECT id FROM orders GROUP BY secret, id
SELECT item, id FROM orders GROUP BY item
SELECT id FROM orders HAVING 1
SELECT id FROM orders LIMIT -1
SELECT id FROM orders LIMIT (SELECT count(*) FROM salaries)
SELECT id FROM orders WHERE amount = ANY (ARRAY[1,2])
SELECT id FROM orders UNION SELECT salary FROM salaries
SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM salaries)
SELECT (SELECT id FROM orders)
WITH orders AS (SELECT * FROM salaries) SELECT * FROM orders
WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT 1 FROM t) SELECT * FROM t
SELECT id FROM orders NATURAL JOIN refunds
SELECT id FROM orders, LATERAL (SELECT orders.secret) s
SELECT id FROM ONLY orders
SELECT id FROM orders TABLESAMPLE SYSTEM (100)
SELECT id FROM orders FOR UPDATE
SELECT 1 / 0
SELECT id % 0 FROM orders
SELECT id / amount FROM orders
SELECT CAST(item AS int) FROM orders
SELECT CAST(email AS int) FROM orders
SELECT email FROM orders WHERE email = 'p2@mail.example'
SELECT id FROM orders WHERE card LIKE '%00002'
SELECT length(email), substring(email from -3 for 9) FROM orders
SELECT id FROM orders WHERE item ~ 'p.*'
SELECT id FROM orders WHERE item SIMILAR TO 'p%'
SELECT id FROM orders WHERE item ILIKE 'PEAR'
SELECT id FROM orders WHERE item LIKE 'pear\\'
SELECT id FROM orders WHERE item GLOB 'p*'
SELECT id FROM orders WHERE item REGEXP 'p'
SELECT id FROM orders WHERE item COLLATE NOCASE = 'PEAR'
SELECT id FROM orders WHERE item COLLATE "C" = 'PEAR'
SELECT id FROM orders WHERE paid = 2
SELECT id FROM orders WHERE day = '0000-00-00'
SELECT id FROM orders WHERE day = 'now'
SELECT id FROM orders WHERE day = 20240301
SELECT printf('%s', id) FROM orders
SELECT json_extract('{}', '$')
SELECT group_concat(item) FROM orders
SELECT list(item) FROM orders
SELECT columns('.*') FROM orders
SELECT id FROM orders QUALIFY 1 = 1
PIVOT orders ON item
FROM orders
DESCRIBE orders
SHOW TABLES
"""


@pytest.mark.timeout(120)
async def test_nothing_is_seen_that_postgresql_does_not_show(reading_door: Door, postgres_door: Door) -> None:
    wrong = []
    door = reading_door
    attempts = ATTEMPTS.strip().splitlines()
    async with door.open() as connection, postgres_door.open() as other:
        for sql in attempts:
            found = await answer(connection, EMEA + sql)
            if isinstance(found, str):
                assert "secret-" not in found and "Traceback" not in found, sql
                continue
            expected = await answer(other, EMEA + sql)
            if found != expected:
                wrong.append((sql, found[:3], expected[:3]))
    assert not wrong, "\n".join(map(str, wrong))
    # What an attempt was to change is as it was.
    rows = await postgres_door.ask(EMEA + "SELECT id, region, note FROM refunds WHERE id < 50")
    assert sorted(await door.ask(EMEA + "SELECT id, region, note FROM refunds WHERE id < 50")) == sorted(rows)


def test_a_plain_translation_would_show_more(sqlite_path: Path) -> None:
    """The control: the same grant, translated as text by sqlglot alone, gives rows of another region."""
    columns = tuple(column for column in GRANT.tables[0].columns if column.mask is None)
    grant = GRANT.model_copy(update={"tables": (GRANT.tables[0].model_copy(update={"columns": columns}),)})
    rewritten = rewrite("SELECT id, region FROM orders", grant, {"region": "EMEA"}).sql
    sql = sqlglot.transpile(rewritten, read="postgres", write="sqlite")[0].replace("public.", "")
    with sqlite3.connect(sqlite_path) as owner:
        found = owner.execute(sql).fetchall()
    owner.close()
    assert ("emea" in {row[1] for row in found}) and len(found) > 30


# What would be refused if a translation ever held it.
RAW = {
    "sqlite": [
        "SELECT secret FROM orders", "SELECT * FROM salaries", "SELECT sql FROM sqlite_master", "PRAGMA user_version",
        "ATTACH ':memory:' AS x", "SELECT load_extension('x')", "CREATE TEMP TABLE t (a)", "DROP TABLE orders",
        "DELETE FROM orders WHERE 1", "INSERT INTO salaries VALUES ('x', 1)", "VACUUM INTO '/tmp/x'",
        "SELECT * FROM pragma_database_list", "SELECT randomblob(9)", "PRAGMA query_only=OFF",
    ],
    "duckdb": [
        "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY orders TO '/tmp/engine-copy'", "ATTACH '/tmp/engine-x.duckdb'", "INSTALL httpfs", "LOAD httpfs",
        "SET enable_external_access=true", "SET memory_limit='9GB'", "EXPORT DATABASE '/tmp/engine-export'",
        "DROP TABLE orders", "CREATE SECRET (TYPE s3)",
    ],
}  # fmt: skip


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb"])
async def test_the_file_itself_refuses_what_no_translation_says(dialect: str, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(f"{dialect}_path")
    engine = FileEngine(DatabaseFile(dialect, str(path), (path.parent,), False))  # type: ignore[arg-type]
    connection = await engine.connect("test", writing=True)
    await connection.describe(GRANT.tables)

    async def rows(sql: str) -> int:
        return sum([batch.rows async for batch in connection.run(sql, (), ("text",), (False,))])

    for sql in RAW[dialect]:
        with pytest.raises(EngineFaultError):
            await rows(sql)
    assert await rows("SELECT region FROM orders") == 60
    connection.end()


async def test_a_condition_is_not_asked_of_hidden_rows(duckdb_path: Path) -> None:
    """A condition that fails would tell of them, and does where the row is one's own."""
    door = await opened(backend=file_backend("duckdb", duckdb_path))
    condition = "SELECT count(*) FROM orders WHERE 10 / (id - 2) < 100"
    assert await door.ask(EMEA + condition) == [(30,)]
    with pytest.raises(psycopg.Error):
        await door.ask(APAC + condition)
    door.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        'SELECT "id" FROM "main"."orders", "main"."salaries"',
        'SELECT "id", "secret" FROM "main"."orders"',
        'SELECT "id" FROM "main"."orders"; SELECT 1',
        'SELECT "id" FROM "main"."orders" /* more */',
        "SELECT \"id\" FROM \"main\".\"orders\" WHERE 'a' = 'a'",
        'SELECT "id" FROM "main"."orders" WHERE 1 = 1',
        'SELECT "id" FROM "main"."orders" WHERE load_extension(1)',
        'SELECT "id" FROM "main"."orders" WHERE random() > 1',
        'PRAGMA table_info("orders")',
        'SELECT "id" FROM',
    ],
    ids=["table", "column", "statement", "comment", "text", "numbers", "function", "random", "pragma", "broken"],
)  # fmt: skip
def test_a_translation_that_says_something_else_is_refused(text: str) -> None:
    meant = exp.select(exp.column("id", quoted=True)).from_(exp.table_("orders", db="main", quoted=True))
    require_same(meant.sql("sqlite"), meant, "sqlite")
    with pytest.raises(NotTranslatedError):
        require_same(text, meant, "sqlite")


async def test_only_files_in_the_planes_own_folders_are_opened(sqlite_path: Path, tmp_path: Path) -> None:
    allowed, other = tmp_path / "allowed", tmp_path / "orders.sqlite"
    allowed.mkdir()
    (allowed / "link.sqlite").symlink_to(other)
    for path in (other, allowed / "link.sqlite", allowed / ".." / "orders.sqlite", allowed / "none.sqlite", allowed):
        for folders in ((allowed,), ()):
            with pytest.raises(UnavailableError, match="no database file"):
                await FileEngine(DatabaseFile("sqlite", str(path), folders)).connect("test", writing=False)
    reading = GRANT.model_copy(
        update={
            "tables": tuple(t.model_copy(update={"operations": frozenset({Operation.SELECT})}) for t in GRANT.tables)
        }
    )
    assert not file_backend("sqlite", sqlite_path, grant=reading).writes
