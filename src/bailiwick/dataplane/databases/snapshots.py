"""Snapshots of apps' databases: whole copies, taken before each migration while the app goes on, and put back whole.

They are pg_dump's archives in the plane's own state, readable by this plane only; the rows never leave it.
"""

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from psycopg import sql
from psycopg.conninfo import make_conninfo

from bailiwick.core.clock import Clock
from bailiwick.core.ids import new_id
from bailiwick.dataplane.databases.errors import DatabaseError
from bailiwick.dataplane.databases.programs import PORT, program, run
from bailiwick.dataplane.databases.server import DatabaseServer, Opened, drop_database


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of a database: when, why, by which release, and how many bytes it takes."""

    id: str
    time: datetime
    why: str
    release: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Keep:
    """How many snapshots of a database are kept, and how long; the newest one always is."""

    number: int = 10
    days: int = 30


class Snapshots:
    """The snapshots of one plane. `programs` is where PostgreSQL's are, the PATH's when it is not given."""

    def __init__(
        self, server: DatabaseServer, folder: Path, clock: Clock, keep: Keep, programs: Path | None = None
    ) -> None:
        self._server = server
        self._folder = folder
        self._clock = clock
        self._keep = keep
        self._programs = programs

    async def take(self, opened: Opened, *, why: str, release: str, at: str = "") -> Snapshot:
        """Copy a database as it is at one moment; raise `DatabaseError` when that cannot be done.

        `at` is the folder of the socket of another server that has it, as it was.
        """
        folder = self._of(opened.database)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        identity = new_id("snap")
        archive = folder / f"{identity}.dump"
        try:
            archive.touch(mode=0o600)
            options = ("--format=custom", "--no-owner", "--no-acl", f"--file={archive}")
            await self._run("pg_dump", opened, *options, at=at)
            snapshot = Snapshot(identity, self._clock(), why, release, archive.stat().st_size)
            written = {**asdict(snapshot), "time": snapshot.time.isoformat()}
            (folder / f"{identity}.json").write_text(json.dumps(written))
        except BaseException:
            archive.unlink(missing_ok=True)
            raise
        self._forget_old(opened.database)
        return snapshot

    def list(self, database: str) -> list[Snapshot]:
        """Return the snapshots of a database, newest first."""
        found = []
        for file in self._of(database).glob("snap_*.json"):
            written = json.loads(file.read_text())
            found.append(Snapshot(**{**written, "time": datetime.fromisoformat(written["time"])}))
        return sorted(found, key=lambda item: item.id, reverse=True)

    def drop(self, database: str, identity: str) -> None:
        """Forget a snapshot."""
        for ending in ("json", "dump"):
            (self._of(database) / f"{identity}.{ending}").unlink(missing_ok=True)

    def drop_all(self, database: str) -> None:
        """Forget every snapshot of a database that is gone."""
        shutil.rmtree(self._of(database), ignore_errors=True)

    async def restore(self, opened: Opened, identity: str) -> None:
        """Put a database back as it was; what it holds now is lost unless a snapshot of it was taken before.

        It is built beside the present one, which is replaced once the copy is whole.
        """
        if identity not in {item.id for item in self.list(opened.database)}:
            raise DatabaseError(
                f"there is no snapshot '{identity[:40]}' of this database",
                hint="bailiwick database snapshots lists them",
            )
        beside = f"{opened.database}_r"
        names = {"database": sql.Identifier(opened.database), "beside": sql.Identifier(beside)}
        roles = {"owner": sql.Identifier(opened.owner), "role": sql.Identifier(opened.role)}
        async with self._server.admin() as admin:
            await drop_database(admin, beside)
            made = sql.SQL("CREATE DATABASE {beside} TEMPLATE template0 ENCODING 'UTF8' OWNER {owner}")
            await admin.execute(made.format(**names, **roles))
            archive = str(self._of(opened.database) / f"{identity}.dump")
            into = Opened(beside, opened.owner, opened.role, opened.owner_password, opened.role_password)
            await self._run("pg_restore", into, "--exit-on-error", "--no-owner", "--no-acl", archive)
            for statement in (
                "REVOKE ALL ON DATABASE {beside} FROM PUBLIC",
                "GRANT CONNECT ON DATABASE {beside} TO {role}",
            ):
                await admin.execute(sql.SQL(statement).format(**names, **roles))
            await drop_database(admin, opened.database)
            await admin.execute(sql.SQL("ALTER DATABASE {beside} RENAME TO {database}").format(**names))

    async def copy_schema(self, opened: Opened, into: Opened) -> None:
        """Make in one empty database what another one has, without a row of it."""
        with tempfile.NamedTemporaryFile(prefix="bw-schema-") as archive:
            await self._run(
                "pg_dump", opened, "--format=custom", "--schema-only", "--no-owner", "--no-acl",
                "--exclude-schema=bailiwick", f"--file={archive.name}",
            )  # fmt: skip
            await self._run("pg_restore", into, "--exit-on-error", "--no-owner", "--no-acl", archive.name)

    def _of(self, database: str) -> Path:
        return self._folder / database

    def _forget_old(self, database: str) -> None:
        oldest = self._clock() - timedelta(days=self._keep.days)
        for place, item in enumerate(self.list(database)):
            if place and (place >= self._keep.number or item.time < oldest):
                self.drop(database, item.id)

    async def _run(self, name: str, opened: Opened, *arguments: str, at: str = "") -> None:
        """Run one of PostgreSQL's programs as the owner, against the server or another one."""
        where = self._server.owner_conninfo(opened)
        if at:
            where = make_conninfo(dbname=opened.database, user=opened.owner, host=at, port=PORT)
        arguments = ("--no-password", f"--dbname={where}", *arguments)
        await run(program(name, self._programs), *arguments, password=opened.owner_password)
