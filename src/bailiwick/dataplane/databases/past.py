"""A server as it was at a moment: rebuilt from a copy and the log beside the real one, reachable by nobody else."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from bailiwick.dataplane.databases.errors import DatabaseError
from bailiwick.dataplane.databases.log import ServerLog, first_segment
from bailiwick.dataplane.databases.programs import PORT, environment, program

# PostgreSQL refuses to be root: an account of the plane's own that nothing else runs under.
_UID = 199_998
_READY_SECONDS, _LOOK_SECONDS = 3600.0, 0.1
_TRUSTED = "local all all trust\n"
_SAID = 400


@asynccontextmanager
async def server_at(log: ServerLog, moment: datetime) -> AsyncIterator[str]:
    """Rebuild the server as it was at a moment and give the folder of its socket; it is gone afterwards.

    Raises `DatabaseError` when the moment is too long ago, has not come yet, or the log does not reach it.
    """
    copy = log.copy_before(moment)
    await log.arrived()
    scratch = Path(tempfile.mkdtemp(prefix="past-", dir=log.segments.parent))
    process: asyncio.subprocess.Process | None = None
    try:
        await asyncio.to_thread(_lay_out, scratch, copy.folder, log.segments, first_segment(copy))
        process = await _start(scratch, log.programs, moment)
        await _ready(scratch, process)
        yield str(scratch / "socket")
    except OSError as fault:
        raise DatabaseError(
            f"that moment could not be rebuilt: {fault.strerror or type(fault).__name__}", hint="nothing was changed"
        ) from fault
    finally:
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGQUIT)
            await process.wait()
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)


def _lay_out(scratch: Path, copy: Path, segments: Path, first: str) -> None:
    """Put the copy and the log that it needs where the server may write; the account owns all of it."""
    shutil.copytree(copy, scratch / "data", symlinks=True)
    for folder in ("log", "socket"):
        (scratch / folder).mkdir()
    for segment in sorted(segments.glob("[0-9A-F]*")):
        if segment.name[: len(first)] >= first:
            # The last segment is still being written: under its final name it is read as far as it goes.
            shutil.copyfile(segment, scratch / "log" / segment.name.removesuffix(".partial"))
    (scratch / "data" / "recovery.signal").touch()
    (scratch / "data" / "postgresql.auto.conf").write_text("")
    (scratch / "postgresql.conf").write_text("")
    (scratch / "hba.conf").write_text(_TRUSTED)
    (scratch / "data").chmod(0o700)
    if os.geteuid() == 0:
        scratch.parent.chmod(0o711)
        for place, folders, files in os.walk(scratch):
            for name in (*folders, *files):
                os.chown(Path(place) / name, _UID, _UID, follow_symlinks=False)
        os.chown(scratch, _UID, _UID)


async def _start(scratch: Path, programs: Path | None, moment: datetime) -> asyncio.subprocess.Process:
    settings = {
        "config_file": scratch / "postgresql.conf",
        "hba_file": scratch / "hba.conf",
        "ident_file": scratch / "postgresql.conf",
        "listen_addresses": "",
        "unix_socket_directories": scratch / "socket",
        "port": PORT,
        "hot_standby": "off",
        "archive_mode": "off",
        "fsync": "off",
        "autovacuum": "off",
        "max_connections": 20,
        "restore_command": f'cp "{scratch}/log/%f" "%p"',
        "recovery_target_time": moment.astimezone(UTC).isoformat(),
        "recovery_target_action": "promote",
        "recovery_target_timeline": "current",
    }
    becoming = ("setpriv", f"--reuid={_UID}", f"--regid={_UID}", "--clear-groups", "--") if os.geteuid() == 0 else ()
    return await asyncio.create_subprocess_exec(
        *becoming,
        program("postgres", programs),
        f"-D{scratch / 'data'}",
        *(f"--{name}={value}" for name, value in settings.items()),
        env=environment(""),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=(scratch / "said").open("wb"),
        cwd="/",
    )


async def _ready(scratch: Path, process: asyncio.subprocess.Process) -> None:
    """Return when the moment is reached and the server can be asked; raise `DatabaseError` with its words when not."""
    over = asyncio.get_running_loop().time() + _READY_SECONDS
    asked = f"host={scratch / 'socket'} port={PORT} user=postgres dbname=template1 connect_timeout=5"
    while asyncio.get_running_loop().time() < over:
        if process.returncode is not None:
            said = (scratch / "said").read_text(errors="replace").strip().splitlines()
            fatal = [line for line in said if "FATAL" in line or "PANIC" in line]
            words = (fatal or said or ["it said nothing"])[-1 if not fatal else 0]
            raise DatabaseError(f"that moment could not be rebuilt: {words[:_SAID]}", hint="nothing was changed")
        try:
            connection = await psycopg.AsyncConnection.connect(asked)
        except psycopg.OperationalError as fault:
            # Any answer that is about the account means that it lets people in again.
            if 'role "postgres" does not exist' in str(fault):
                return
            await asyncio.sleep(_LOOK_SECONDS)
            continue
        await connection.close()
        return
    raise DatabaseError("rebuilding that moment takes too long", hint="nothing was changed")
