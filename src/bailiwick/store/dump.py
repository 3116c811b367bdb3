"""A database as SQL, and back: PostgreSQL's own tools from the wheel, whole or not at all."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bailiwick.core.errors import UnavailableError
from bailiwick.store.embedded import tool
from bailiwick.store.row_security import app_role_statements

_PIECE = 2**20
_LAST_WORDS = 600
# What libpq calls in the environment by another name than in a connection string (libpq, "Environment Variables").
_OTHER_NAMES = {"dbname": "PGDATABASE"}
_EMPTY = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
_OTHERS = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""


class DatabaseToolError(UnavailableError):
    """The database could not be written out or read in; it is as it was."""

    code = "database.not-copied"


def dump(url: str) -> Iterator[bytes]:
    """Yield the database at `url` as SQL, as it stands at one moment; raise `DatabaseToolError` when it breaks off.

    Roles are not part of it, and whoever reads it in owns what it makes.
    """
    command = [str(tool("pg_dump")), "--no-owner", "--no-password", "--lock-wait-timeout=60s", "--encoding=UTF8"]
    with tempfile.TemporaryFile() as words:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=words, env=_environment(url)) as dumping:
            assert dumping.stdout is not None  # noqa: S101 - a pipe was asked for
            try:
                while piece := dumping.stdout.read(_PIECE):
                    yield piece
            except GeneratorExit:
                dumping.kill()
                raise
        if dumping.returncode:
            words.seek(0)
            raise DatabaseToolError("the database could not be written out: " + _tail(words.read()))


def load(url: str, content: Iterable[bytes]) -> None:
    """Put what `dump` gave in place of everything in the database, in one transaction.

    When anything fails, also in `content`, the database is as it was; raises `DatabaseToolError` for what PostgreSQL
    says, and passes on what `content` raises.
    """
    command = [
        str(tool("psql")),
        "--no-psqlrc",
        "--quiet",
        "--no-password",
        "--set=ON_ERROR_STOP=1",
        "--output=/dev/null",
    ]
    with tempfile.TemporaryFile() as words:
        loading = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=words, env=_environment(url)
        )
        assert loading.stdin is not None  # noqa: S101 - a pipe was asked for
        try:
            loading.stdin.write(_clearing())
            for piece in content:
                loading.stdin.write(piece)
            # Only now: a script that ends earlier, for whatever reason, is rolled back.
            loading.stdin.write(b"\nCOMMIT;\n")
            loading.stdin.close()
        except BrokenPipeError:
            pass  # it ended already, and says why
        except BaseException:
            loading.kill()
            loading.wait()
            raise
        if loading.wait():
            words.seek(0)
            raise DatabaseToolError(
                "the database could not be read in, and is as it was: " + _tail(words.read()),
                hint="the role of database_url must own the database; its version must not be older than the backup's",
            )


def is_empty(url: str) -> bool:
    """Return whether the database holds no table."""
    return _count(url, _EMPTY) == 0


def others_are_connected(url: str) -> bool:
    """Return whether anybody else is connected to the database."""
    return _count(url, _OTHERS) > 0


def server_version(url: str) -> str:
    """Return the version of the server, such as `18.1`."""
    with closing(_connect(url)) as connection:
        row = connection.execute("SHOW server_version").fetchone()
        return str(row[0]) if row else ""


def schema_version(url: str) -> str:
    """Return the version that the schema is at; empty when there is none yet."""
    with closing(_connect(url)) as connection:
        if connection.execute("SELECT to_regclass('public.alembic_version')").fetchone() == (None,):
            return ""
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else ""


def _count(url: str, query: str) -> int:
    with closing(_connect(url)) as connection:
        row = connection.execute(query.encode()).fetchone()
        return int(str(row[0])) if row else 0


def _connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    try:
        return psycopg.connect(url, connect_timeout=10)
    except psycopg.OperationalError as fault:
        raise UnavailableError(
            "the database does not answer: " + str(fault).strip()[-_LAST_WORDS:],
            hint="is it running? database_url in the settings says where",
        ) from None


def _clearing() -> bytes:
    statements = ["BEGIN", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public", *app_role_statements()]
    return ";\n".join([*statements, ""]).encode()


def _environment(url: str) -> dict[str, str]:
    """Return an environment that names the database; its password belongs on no command line."""
    parts = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    named = {_OTHER_NAMES.get(key, f"PG{key.upper()}"): value for key, value in parts.items()}
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", **named}


def _tail(words: bytes) -> str:
    return words.decode(errors="replace").strip()[-_LAST_WORDS:]
