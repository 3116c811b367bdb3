"""The log of the databases' server, kept as it is written, with whole copies to begin from: any moment can be rebuilt.

`pg_receivewal` streams the write-ahead log into the plane's own state, `pg_basebackup` copies the cluster now and then
(PostgreSQL documentation, "Continuous Archiving and Point-in-Time Recovery"). A replication slot makes the server keep
what has not arrived yet.
"""

import asyncio
import contextlib
import json
import logging
import re
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from bailiwick.core.clock import Clock
from bailiwick.dataplane.databases.errors import DatabaseError
from bailiwick.dataplane.databases.programs import environment, program, run, words_of
from bailiwick.dataplane.databases.server import DatabaseServer
from bailiwick.files import write_private

_LOG = logging.getLogger(__name__)
_AGAIN_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 60.0
_LOOK_SECONDS = 60.0
_ARRIVE_SECONDS, _ARRIVE_LOOK_SECONDS = 30.0, 0.1
_FIRST_SEGMENT = re.compile(r"^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Copy:
    """A whole copy of the cluster: every moment after it was finished can be rebuilt from it."""

    folder: Path
    finished: datetime


class ServerLog:
    """The log of one server. `account` is who may replicate it; `folder` is this plane's own."""

    def __init__(
        self,
        account: DatabaseServer,
        folder: Path,
        plane: str,
        clock: Clock,
        *,
        keep: timedelta,
        every: timedelta,
        programs: Path | None = None,
    ) -> None:
        self._account = account
        self._folder = folder
        self._slot = "bailiwick_" + re.sub(r"[^a-z0-9_]", "_", plane.lower())[:40]
        self._clock = clock
        self._keep = keep
        self._every = every
        self.programs = programs

    @property
    def segments(self) -> Path:
        """Where the log is, in segments; the last one is still being written."""
        return self._folder / "log"

    async def run(self) -> None:
        """Keep the log until cancelled; what fails is tried again, later and later."""
        for folder in (self._folder, self.segments, self._folder / "copies"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._again_and_again(self._receive))
            tasks.create_task(self._again_and_again(self._copy_now_and_then))

    def since(self) -> datetime | None:
        """Return the earliest moment that can be rebuilt; None while there is no copy yet."""
        return min((copy.finished for copy in self.copies()), default=None)

    def copies(self) -> list[Copy]:
        """Return the copies, newest first."""
        found = []
        for file in (self._folder / "copies").glob("*.json"):
            finished = datetime.fromisoformat(json.loads(file.read_text())["finished"])
            found.append(Copy(file.with_suffix(""), finished))
        return sorted(found, key=lambda copy: copy.finished, reverse=True)

    def copy_before(self, moment: datetime) -> Copy:
        """Return the copy from which a moment is rebuilt; raise `DatabaseError` when it is too long ago."""
        if moment > self._clock():
            raise DatabaseError("that moment has not come yet", hint="name an earlier one")
        found = next((copy for copy in self.copies() if copy.finished <= moment), None)
        if found is None:
            since = self.since()
            words = f"the first is {since:%Y-%m-%d %H:%M:%S} UTC" if since else "no copy of the server is made yet"
            raise DatabaseError(f"that moment cannot be rebuilt: {words}", hint="name a later one, or a snapshot")
        return found

    async def arrived(self) -> None:
        """Return when all that was committed until now is here; raise `DatabaseError` when it does not come."""
        async with self._account.admin() as admin:
            # A transaction of its own, so that there is a commit after the moment that is asked for.
            await admin.execute("SELECT pg_current_xact_id()")
            found = await (await admin.execute("SELECT pg_current_wal_insert_lsn()")).fetchone()
            assert found is not None  # noqa: S101 - it always answers
            over = asyncio.get_running_loop().time() + _ARRIVE_SECONDS
            asked = "SELECT restart_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s"
            while True:
                here = await (await admin.execute(asked, [found[0], self._slot])).fetchone()
                if here is not None and here[0]:
                    return
                if asyncio.get_running_loop().time() > over:
                    raise DatabaseError("the log of the server does not arrive", hint="look at the plane's own log")
                await asyncio.sleep(_ARRIVE_LOOK_SECONDS)

    async def copy(self) -> Copy:
        """Copy the cluster as it is; raise `DatabaseError`."""
        name = f"{self._clock():%Y%m%dT%H%M%S}"
        unfinished = self._folder / "copies" / f"{name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        path = program("pg_basebackup", self.programs)
        try:
            await run(
                path, *self._where(), f"--pgdata={unfinished}", "--wal-method=none", "--checkpoint=fast",
                "--no-password", password=self._account.password,
            )  # fmt: skip
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        made = Copy(unfinished.with_suffix(""), self._clock())
        unfinished.rename(made.folder)
        write_private(made.folder.with_name(f"{name}.json"), json.dumps({"finished": made.finished.isoformat()}))
        return made

    def forget_old(self) -> None:
        """Forget copies that no moment within the time kept needs, and the log before the first that is left."""
        oldest = self._clock() - self._keep
        copies = self.copies()
        needed = next((place for place, copy in enumerate(copies) if copy.finished <= oldest), len(copies) - 1)
        for copy in copies[needed + 1 :]:
            copy.folder.with_name(f"{copy.folder.name}.json").unlink(missing_ok=True)
            shutil.rmtree(copy.folder, ignore_errors=True)
        for unfinished in (self._folder / "copies").glob("*.unfinished"):
            shutil.rmtree(unfinished, ignore_errors=True)
        if copies:
            first = first_segment(copies[: needed + 1][-1])
            for segment in self.segments.glob("[0-9A-F]*"):
                if segment.name[:24] < first and len(segment.name) == len(first):
                    segment.unlink(missing_ok=True)

    def _where(self) -> tuple[str, ...]:
        return (f"--dbname={self._account.conninfo}",)

    async def _again_and_again(self, work: Callable[[], Awaitable[None]]) -> None:
        pause = _AGAIN_SECONDS
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await work()
            except (DatabaseError, OSError, psycopg.Error) as fault:
                _LOG.warning("the log of the databases' server is not kept: %s", fault)
            if asyncio.get_running_loop().time() - began > _LONGEST_PAUSE_SECONDS:
                pause = _AGAIN_SECONDS
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _receive(self) -> None:
        path = program("pg_receivewal", self.programs)
        slot = f"--slot={self._slot}"
        await run(
            path, *self._where(), slot, "--create-slot", "--if-not-exists", "--no-password",
            password=self._account.password,
        )  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            path, *self._where(), slot, f"--directory={self.segments}", "--no-loop", "--no-password", "--synchronous",
            env=environment(self._account.password),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            _, said = await process.communicate()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        raise DatabaseError(f"pg_receivewal ended: {words_of(said)}")

    async def _copy_now_and_then(self) -> None:
        while True:
            newest = next(iter(self.copies()), None)
            if newest is None or newest.finished < self._clock() - self._every:
                await self.copy()
            self.forget_old()
            await asyncio.sleep(_LOOK_SECONDS)


def first_segment(copy: Copy) -> str:
    """Return the first segment of the log that a copy needs."""
    found = _FIRST_SEGMENT.search((copy.folder / "backup_label").read_text())
    if found is None:
        raise DatabaseError("a copy of the server does not say where its log begins")
    return found[1]
