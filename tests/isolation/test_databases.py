"""Apps' own databases of two tenants on one server: the same app's name, and nothing of each other."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from bailiwick.dataplane.databases import DatabaseServer
from bailiwick.dataplane.databases.server import Opened, database_name
from bailiwick.store.embedded import EmbeddedPostgres
from tests.fixtures.app_databases import app_state, lesser_account

pytestmark = pytest.mark.req("RT3")


@pytest.fixture
async def opened(postgres: EmbeddedPostgres) -> AsyncIterator[tuple[Opened, Opened]]:
    server = DatabaseServer(lesser_account(postgres))
    states = [app_state().model_copy(update={"tenant": tenant}) for tenant in ("acme", "globex")]
    yield (await server.open(states[0]), await server.open(states[1]))
    for state in states:
        await server.drop(database_name(state.tenant, state.app, state.mode))


def as_role(postgres: EmbeddedPostgres, opened: Opened, database: str) -> psycopg.Connection[tuple[object, ...]]:
    url = postgres.url(database, user=opened.role, password=opened.role_password)
    return psycopg.connect(url, autocommit=True)


async def test_each_has_a_database_and_roles_of_its_own(opened: tuple[Opened, Opened]) -> None:
    acme, globex = opened
    names = [acme.database, acme.owner, acme.role, globex.database, globex.owner, globex.role]
    assert len(set(names)) == len(names)
    assert not {acme.role_password, acme.owner_password} & {globex.role_password, globex.owner_password}
    assert acme.role_password not in repr(acme)


async def test_the_role_of_one_does_not_enter_the_database_of_the_other(
    opened: tuple[Opened, Opened], postgres: EmbeddedPostgres
) -> None:
    acme, globex = opened
    with as_role(postgres, acme, acme.database) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == (acme.database,)
        for statement in (f"SET ROLE {globex.role}", f"SET ROLE {globex.owner}", f"SET ROLE {acme.owner}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE DATABASE mine")
    with pytest.raises(psycopg.OperationalError, match="CONNECT"):
        as_role(postgres, acme, globex.database)


async def test_one_does_not_end_the_work_of_the_other_nor_read_its_statements(
    opened: tuple[Opened, Opened], postgres: EmbeddedPostgres
) -> None:
    acme, globex = opened
    with as_role(postgres, globex, globex.database) as busy, as_role(postgres, acme, acme.database) as connection:
        busy.execute("SELECT 'a secret of globex'")
        seen = connection.execute("SELECT query FROM pg_stat_activity WHERE usename = %s", [globex.role]).fetchall()
        assert [row[0] for row in seen] == ["<insufficient privilege>"]
        (pid,) = busy.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT pg_terminate_backend(%s)", [pid])
