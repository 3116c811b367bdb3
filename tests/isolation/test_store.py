"""Two tenants in one database: neither reads, writes, guesses or counts what is the other's, in any table."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

import bailiwick.control
from bailiwick.control.audit import AuditLog, AuditQuery, search
from bailiwick.store import Store
from bailiwick.store.embedded import EmbeddedPostgres
from bailiwick.store.locks import hold

pytestmark = pytest.mark.req("RT3")
CONDITION = "((tenant)::text = current_setting('bailiwick.tenant'::text, true))"


@pytest.fixture(scope="module")
def url(postgres: EmbeddedPostgres, template_database: str) -> Iterator[str]:
    postgres.create_database("two_tenants", template=template_database)
    yield postgres.url("two_tenants")
    postgres.drop_database("two_tenants")


@pytest.fixture(scope="module")
def tenants(url: str) -> Iterator[tuple[Store, Store]]:
    found = Store.connect(url, tenant="acme"), Store.connect(url, tenant="globex")
    yield found
    for store in found:
        store.dispose()


def as_owner(url: str, query: str) -> list[tuple[object, ...]]:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
    finally:
        engine.dispose()


def test_every_table_shows_and_takes_rows_of_the_own_tenant_only(url: str) -> None:
    tables = as_owner(
        url, "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
    )
    policies = as_owner(
        url,
        "SELECT tablename, permissive, roles::text, cmd, qual, with_check FROM pg_policies WHERE schemaname = 'public'",
    )
    names = {str(name) for (name,) in tables} - {"alembic_version"}
    assert {str(row[0]) for row in policies} == names and len(names) > 50
    assert {row[1:] for row in policies} == {("PERMISSIVE", "{bailiwick_app}", "ALL", CONDITION, CONDITION)}


COLUMNS = "ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = {} AND attnum = ANY ({}))"


def is_random(columns: object) -> bool:
    """Whether keys over these columns cannot be guessed: an id of 80 random bits, or a digest of a secret."""
    (column,) = columns  # type: ignore[misc]
    return column == "id" or str(column).endswith("_hash")


def test_a_name_that_another_tenant_took_can_be_taken_all_the_same(url: str) -> None:
    """What is unique is so within a tenant, or nobody can guess it: a conflict would tell what the other has."""
    keys = as_owner(
        url,
        f"SELECT indexrelid::regclass::text, {COLUMNS.format('indrelid', 'indkey')} FROM pg_index"
        " JOIN pg_class c ON c.oid = indrelid"
        " WHERE indisunique AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'",
    )
    alone = {str(name): columns for name, columns in keys if "tenant" not in columns}  # type: ignore[operator]
    assert [name for name, columns in alone.items() if not is_random(columns)] == []


def test_no_key_leads_to_a_row_of_another_tenant(url: str) -> None:
    """Foreign keys are checked past row-level security: without the tenant they may lead to random ids only."""
    keys = as_owner(
        url,
        f"SELECT conname, {COLUMNS.format('confrelid', 'confkey')} FROM pg_constraint"
        " WHERE contype = 'f' AND connamespace = 'public'::regnamespace",
    )
    assert keys
    assert [name for name, columns in keys if "tenant" not in columns and not is_random(columns)] == []  # type: ignore[operator]


def test_no_counter_is_shared_and_no_statistics_are_shown(url: str, tenants: tuple[Store, Store]) -> None:
    assert (
        as_owner(url, "SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace")
        == []
    )
    write(tenants[0], "app.pushed")
    as_owner(url, "SELECT 1")
    with create_engine(url.replace("postgresql:", "postgresql+psycopg:")).begin() as owner:
        owner.execute(text("ANALYZE audit_events"))
        assert owner.scalar(text("SELECT count(*) FROM pg_stats WHERE tablename = 'audit_events'")) > 0
    with tenants[1].transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM pg_stats WHERE schemaname = 'public'")) == 0


def test_what_runs_as_the_owner_names_the_tenant_itself(url: str, tenants: tuple[Store, Store]) -> None:
    write(tenants[0], "app.pushed")
    bodies = as_owner(
        url, "SELECT proname, prosrc FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    )
    assert bodies
    for name, body in bodies:
        assert "bailiwick.tenant" in str(body), name
    with tenants[1].transaction() as session:
        assert search(session, AuditQuery(text="pushed")).events == ()
    with tenants[0].transaction() as session:
        assert len(search(session, AuditQuery(text="pushed")).events) > 0


def write(store: Store, action: str) -> int:
    with store.transaction() as session:
        return AuditLog().note(session, "user:a@example.com", action, "app:finance/desk", app="finance/desk")


def test_each_tenant_has_a_log_of_its_own_from_the_first_place(tenants: tuple[Store, Store]) -> None:
    first, second = tenants
    write(first, "app.pushed")
    place = write(first, "app.deployed")
    assert place > 0
    assert write(second, "app.created") == 0
    with second.transaction() as session:
        found = search(session, AuditQuery(app="finance/desk")).events
        assert [item.event.action for item in found] == ["app.created"]
        assert session.scalar(text("SELECT count(*) FROM audit_trees")) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_trees SET tenant = 'acme'",
        "INSERT INTO audit_trees (tenant, size, peaks) VALUES ('acme', 0, '[]')",
    ],
)
def test_a_row_cannot_be_given_to_another_tenant(tenants: tuple[Store, Store], statement: str) -> None:
    write(tenants[1], "app.created")
    with pytest.raises(DBAPIError, match="row-level security"), tenants[1].transaction() as session:
        session.execute(text(statement))


def test_a_tenant_that_holds_its_log_holds_up_nobody_else(tenants: tuple[Store, Store]) -> None:
    write(tenants[1], "app.created")
    with tenants[0].transaction() as session:
        AuditLog().note(session, "user:a@example.com", "app.pushed", "app:finance/desk")
        assert ends_soon(lambda: write(tenants[1], "app.pushed"))


def test_a_lock_by_name_is_a_tenants_own(tenants: tuple[Store, Store]) -> None:
    def take(store: Store) -> None:
        with store.transaction() as session:
            hold(session, "guardrails")

    with tenants[0].transaction() as session:
        hold(session, "guardrails")
        assert ends_soon(lambda: take(tenants[1]))
        assert not ends_soon(lambda: take(tenants[0]), seconds=0.2)


def test_every_lock_of_the_control_plane_is_one_of_these() -> None:
    root = Path(bailiwick.control.__file__ or "").parent
    takes = [str(file.relative_to(root)) for file in root.rglob("*.py") if "pg_advisory" in file.read_text()]
    assert takes == ["identity/ldap/service.py"]  # which holds it between transactions, and names the tenant itself


def ends_soon(work: Callable[[], object], seconds: float = 10) -> bool:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()
