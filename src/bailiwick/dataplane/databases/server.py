"""The PostgreSQL server that holds apps' databases: one for each app, mode and branch, with an owner and a lesser role.

The owner runs migrations and nothing else; the role that the app's statements run under owns nothing. Both get a fresh
password when this plane first opens the database, which is kept in memory only.
"""

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bailiwick.core.branches import instance_name
from bailiwick.core.messages import AppState
from bailiwick.dataplane.databases.errors import DatabaseError
from bailiwick.dataplane.gateways.sql import Database

_ACCOUNT = frozenset({"user", "password", "dbname"})
_CONNECT_SECONDS = 10
_DEFAULT_PORT = 5432
_DROP_TRIES = 5
Connected = AsyncConnection[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Opened:
    """An app's database and its two roles; passwords do not show themselves."""

    database: str
    owner: str
    role: str
    owner_password: str = field(repr=False)
    role_password: str = field(repr=False)


def database_name(tenant: str, app: str, mode: str, branch: str = "") -> str:
    """Return the name of the database of an app, or of the preview of a branch: readable, and never another's."""
    readable = re.sub(r"[^a-z0-9]+", "_", app.lower()).strip("_")[:24]
    mark = hashlib.sha256(f"{tenant}\n{instance_name(app, branch)}\n{mode}".encode()).hexdigest()[:12]
    return f"bw_{readable}_{'branch' if branch else mode[:4]}_{mark}"


class DatabaseServer:
    """Makes databases and connects to them. `url_file` holds the URL of an account that may create both."""

    def __init__(self, url_file: Path) -> None:
        self._url_file = url_file
        self._opened: dict[str, Opened] = {}
        self._lock = asyncio.Lock()

    @property
    def _url(self) -> str:
        try:
            return self._url_file.read_text().strip()
        except OSError as fault:
            raise DatabaseError(
                f"the address of the server of apps' databases cannot be read: {fault.strerror}",
                hint="whoever runs this plane: check app_databases.url_file in its settings",
            ) from None

    @property
    def conninfo(self) -> str:
        """How the account connects, without the password: programs take it on the command line."""
        return make_conninfo(**{name: value for name, value in self._parts.items() if name != "password"})

    @property
    def password(self) -> str:
        """The account's password."""
        return str(self._parts.get("password") or "")

    @property
    def _parts(self) -> dict[str, Any]:
        return dict(conninfo_to_dict(self._url))

    async def open(self, state: AppState) -> Opened:
        """Return an app's database, made at the first time; raise `DatabaseError` when it cannot be had."""
        return await self.open_named(database_name(state.tenant, state.app, state.mode, state.branch))

    async def open_named(self, name: str) -> Opened:
        """Return the database of this name with its roles, made at the first time."""
        async with self._lock:
            if name not in self._opened:
                async with self.admin() as connection:
                    self._opened[name] = await _make(connection, name)
            return self._opened[name]

    def target(self, opened: Opened) -> Database:
        """Return where the gateway connects for an app's statements."""
        parts = self._parts
        host, port = str(parts.get("host") or "127.0.0.1"), int(parts.get("port") or _DEFAULT_PORT)
        tls = parts.get("sslmode") in {"require", "verify-ca", "verify-full"}
        return Database(host, port, opened.database, opened.role, opened.role_password, tls)

    @asynccontextmanager
    async def admin(self, database: str = "") -> AsyncIterator[Connected]:
        """Connect as the account that makes databases."""
        async with _connected(make_conninfo(self._url, dbname=database or None), "") as connection:
            yield connection

    @asynccontextmanager
    async def as_owner(self, opened: Opened, purpose: str) -> AsyncIterator[Connected]:
        """Connect as the owner of an app's database, who can do nothing elsewhere."""
        async with _connected(self.owner_conninfo(opened), f"bailiwick {purpose}", opened.owner_password) as connection:
            yield connection

    def owner_conninfo(self, opened: Opened) -> str:
        """Return how the owner connects, without the password."""
        where = {name: value for name, value in self._parts.items() if name not in _ACCOUNT}
        return make_conninfo(**where, dbname=opened.database, user=opened.owner)

    async def exists(self, name: str) -> bool:
        """Say whether there is a database of this name."""
        async with self.admin() as connection:
            found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return await found.fetchone() is not None

    async def drop(self, name: str) -> None:
        """Remove a database with its roles, whoever is connected to it."""
        self._opened.pop(name, None)
        async with self.admin() as connection:
            await drop_database(connection, name)
            for role in (f"{name}_app", f"{name}_owner"):
                await connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


async def drop_database(connection: Connected, name: str) -> None:
    """Drop a database, if it is there, whoever is connected to it.

    Our account may not end the server's own vacuum, for which a forced drop is refused; a plain one ends it.
    """
    plain = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    forced = plain + sql.SQL(" WITH (FORCE)")
    for statement in (forced, plain) * _DROP_TRIES:
        with suppress(psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
            await connection.execute(statement)
            return
    await connection.execute(forced)


@asynccontextmanager
async def _connected(conninfo: str, purpose: str, password: str = "") -> AsyncIterator[Connected]:
    try:
        connection = await AsyncConnection.connect(
            make_conninfo(conninfo, password=password or None),
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            application_name=purpose or "bailiwick",
        )
    except psycopg.Error as fault:
        # What the server says may name accounts; its class is enough for whoever reads this.
        raise DatabaseError(
            f"the server of apps' databases does not let us in ({type(fault).__name__})",
            hint="whoever runs this plane: check app_databases in its settings",
        ) from None
    try:
        yield connection
    finally:
        await connection.close()


async def _make(connection: Connected, name: str) -> Opened:
    opened = Opened(name, f"{name}_owner", f"{name}_app", secrets.token_urlsafe(24), secrets.token_urlsafe(24))
    try:
        for role, password in ((opened.owner, opened.owner_password), (opened.role, opened.role_password)):
            await _make_role(connection, role, password)
        found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        names = {"database": sql.Identifier(name), "owner": sql.Identifier(opened.owner)}
        if await found.fetchone() is None:
            made = sql.SQL("CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' OWNER {owner}")
            await connection.execute(made.format(**names))
        for statement in (
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {database} TO {role}",
        ):
            await connection.execute(sql.SQL(statement).format(**names, role=sql.Identifier(opened.role)))
    except psycopg.Error as fault:
        raise DatabaseError(
            f"the database could not be made: {fault.diag.message_primary or type(fault).__name__}",
            hint="the account in app_databases needs CREATEDB and CREATEROLE",
        ) from None
    return opened


async def _make_role(connection: Connected, role: str, password: str) -> None:
    found = await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
    new = await found.fetchone() is None
    # The server is given the verifier only, so that no log of statements holds the password.
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    lesser = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS" if new else "LOGIN"
    statement = sql.SQL("CREATE ROLE {} {} PASSWORD {}" if new else "ALTER ROLE {} {} PASSWORD {}")
    name = sql.Identifier(role)
    await connection.execute(statement.format(name, sql.SQL(lesser), sql.Literal(verifier)))
    if new:
        # An account that is no superuser must be a member of whom it gives a database, and whose sessions it ends.
        await connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
