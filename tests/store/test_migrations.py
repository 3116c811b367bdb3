import importlib
import pkgutil
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

import bailiwick.control
import bailiwick.store
from bailiwick.store import Base, Store
from bailiwick.store.embedded import EmbeddedPostgres


@pytest.fixture(scope="module")
def migrated(postgres: EmbeddedPostgres) -> Store:
    postgres.create_database("migrated")
    store = Store.connect(postgres.url("migrated"))
    store.migrate()
    return store


def test_the_migrations_make_what_the_tables_say(migrated: Store) -> None:
    for module in pkgutil.walk_packages(bailiwick.control.__path__, "bailiwick.control."):
        if module.name.endswith(".tables"):
            importlib.import_module(module.name)
    with create_engine(migrated.owner_url).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


@pytest.mark.req("RT3")
def test_every_table_is_under_row_level_security(migrated: Store) -> None:
    with create_engine(migrated.owner_url).connect() as connection:
        unprotected = (
            connection.execute(
                text(
                    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
                    "AND NOT relrowsecurity AND relname <> 'alembic_version'"
                )
            )
            .scalars()
            .all()
        )
    assert unprotected == []


@pytest.mark.req("RT3")
def test_a_forgotten_where_shows_nothing_without_a_tenant(migrated: Store) -> None:
    with migrated.engine.connect() as connection:
        assert connection.execute(text("SELECT current_user")).scalar() == "bailiwick_app"
        assert connection.execute(text("SELECT count(*) FROM audit_trees")).scalar() == 0


@pytest.mark.req("RT3")
def test_no_statement_leads_back_to_the_owner_who_sees_every_tenant(migrated: Store) -> None:
    with migrated.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in ("RESET ROLE", "RESET ALL", "DISCARD ALL"):
            connection.execute(text(statement))
            assert connection.execute(text("SELECT current_user")).scalar() == "bailiwick_app"
        connection.invalidate()


def test_migrating_again_changes_nothing(migrated: Store) -> None:
    migrated.migrate()


def test_an_older_schema_is_brought_up_to_date(postgres: EmbeddedPostgres) -> None:
    postgres.create_database("older")
    store = Store.connect(postgres.url("older"))
    store.migrate()
    config = Config()
    config.set_main_option("script_location", str(Path(bailiwick.store.__file__).parent / "migrations"))
    with create_engine(store.owner_url).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    store.migrate()
    with create_engine(store.owner_url).connect() as connection:
        versions = ScriptDirectory.from_config(config).get_heads()
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == versions


def test_the_password_of_the_database_is_not_in_the_repr(migrated: Store) -> None:
    password = migrated.owner_url.split(":")[2].split("@")[0]
    assert password not in repr(migrated)


@pytest.mark.req("OB2")
def test_events_from_before_are_found_by_their_words_and_keep_their_leaves(postgres: EmbeddedPostgres) -> None:
    from bailiwick.control.audit import AuditLog, complete_tiles, parse_terms, search
    from bailiwick.core.clock import utc_now
    from bailiwick.core.events import AuditEvent

    postgres.create_database("with_events")
    store = Store.connect(postgres.url("with_events"))
    store.migrate()
    old = AuditEvent(
        time=utc_now(), actor="user:a@example.com", action="app.killed", resource="app:a/b", reason="Fire!"
    )
    with store.transaction() as session:
        AuditLog().append_all(session, [old.model_copy(update={"id": f"evt_{number}"}) for number in range(260)])
    config = Config()
    config.set_main_option("script_location", str(Path(bailiwick.store.__file__).parent / "migrations"))
    with create_engine(store.owner_url).begin() as connection:
        leaves = connection.execute(text("SELECT body, leaf FROM audit_events ORDER BY sequence")).all()
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
    store.migrate()
    with store.transaction() as session:
        assert not complete_tiles(session)
        found = search(session, parse_terms(["text=fire", "action=app.*", "since=1h"], utc_now()), limit=200)
        assert len(found.events) == 200
        assert session.execute(text("SELECT count(*) FROM audit_tiles")).scalar() == 1
        assert session.execute(text("SELECT body, leaf FROM audit_events ORDER BY sequence")).all() == leaves
    store.dispose()
