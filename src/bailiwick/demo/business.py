"""The sample company's database server: a role for apps' queries, and a database for each plane."""

import secrets

import psycopg

from bailiwick.demo import orders
from bailiwick.demo.layout import APP_DATABASES, APP_DATABASES_LOG, HOST, Layout
from bailiwick.files import write_private
from bailiwick.store.embedded import EmbeddedPostgres

ROLE = "orders_app"
_MAKER, _LOGGER = "app_databases", "app_databases_log"
DATABASES = {"editor": "orders_editor", "production": "orders"}


def database_password(layout: Layout) -> str:
    """Return the password of the role that apps' queries run under, made at the first time."""
    kept = layout.state / "orders-db.password"
    if not kept.exists():
        write_private(kept, secrets.token_urlsafe(24))
    return kept.read_text()


def _make_app_databases_account(server: EmbeddedPostgres, layout: Layout) -> None:
    """Make an account that may make roles and databases, and see who holds locks, but is no superuser."""
    password = secrets.token_urlsafe(24)
    server.create_role(_MAKER, password)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {_MAKER} CREATEDB CREATEROLE")
        connection.execute(f"GRANT pg_monitor TO {_MAKER}")
    _write_url(layout, APP_DATABASES, _MAKER, password)


def _make_log_account(server: EmbeddedPostgres, layout: Layout) -> None:
    """Make an account that may copy the server and read its log, and nothing else."""
    password = secrets.token_urlsafe(24)
    server.create_role(_LOGGER, password)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {_LOGGER} REPLICATION")
    _write_url(layout, APP_DATABASES_LOG, _LOGGER, password)


def _write_url(layout: Layout, name: str, account: str, password: str) -> None:
    url = f"postgresql://{account}:{password}@{HOST}:{layout.business_port}/postgres"
    write_private(layout.state / name, url)


def set_up_databases(server: EmbeddedPostgres, layout: Layout) -> None:
    """Make the role and the databases, the editor's filled with synthetic people."""
    server.create_role(ROLE, database_password(layout))
    _make_app_databases_account(server, layout)
    _make_log_account(server, layout)
    for plane, database in DATABASES.items():
        server.create_database(database)
        orders.fill(server.url(database), ROLE, synthetic=plane == "editor")
