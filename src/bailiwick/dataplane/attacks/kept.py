"""What the attempts on storage need: a volume as apps get it, another app's, and a plain folder for outside."""

import asyncio
import contextlib
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bailiwick.core.manifest import LEAST_STORAGE_BYTES
from bailiwick.dataplane.attacks.attempts import storage
from bailiwick.dataplane.sandbox import Storage
from bailiwick.dataplane.storage import StorageError, Volume, why_none

_LOOK_SECONDS = 0.3
_MOUNT_SECONDS = 30
# Far more than the attempts fill, and it is memory only while they do.
_ROOM = "256m"
_PROGRAM = "/usr/bin/id"


@dataclass(frozen=True, slots=True)
class Kept:
    """The storage of the attempts inside, and `outside` the folder of the same uid; `other` is another app's, open to
    that uid, too. Where this host gives none, `why_none` says why and there is none inside.
    """

    inside: Storage | None
    outside: Path
    other: Path
    why_none: str = ""


@contextlib.contextmanager
def keeping(uid: int | None, scratch: Path) -> Iterator[Kept]:
    """Make storage for the attempts, and remove it again."""
    outside = scratch / "storage"
    why = why_none(Path(tempfile.gettempdir())) if uid is not None else "only root can mount it"
    if why or uid is None:
        yield Kept(None, outside, outside, why)
        return
    with tempfile.TemporaryDirectory(prefix="bw-volumes-") as folder:
        Path(folder).chmod(0o711)
        own, other = Volume(Path(folder) / "own"), Volume(Path(folder) / "other")
        with contextlib.ExitStack() as closing:
            for volume in (own, other):
                closing.callback(_close, volume)
                volume.open(LEAST_STORAGE_BYTES, uid)
            outside.mkdir()
            os.chown(outside, uid, uid)
            for place in (own.files, outside):
                _plant(place, uid)
            room = outside / storage.ROOM
            closing.callback(_run, "umount", "-l", str(room))
            if _run("mount", "-t", "tmpfs", "-o", f"size={_ROOM},uid={uid}", "room", str(room)):
                raise StorageError("no file system in memory could be mounted to compare storage with")
            yield Kept(Storage(own.files, LEAST_STORAGE_BYTES), outside, other.files)


def _close(volume: Volume) -> None:
    with contextlib.suppress(StorageError):
        volume.close()


def _run(*command: str) -> int:
    return subprocess.run(command, check=False, capture_output=True, timeout=_MOUNT_SECONDS).returncode


def _plant(place: Path, uid: int) -> None:
    """Put there what must be worth nothing in storage, whoever put it there: a device, and programs."""
    for name, mode, owner in ((storage.PROGRAM, 0o755, uid), (storage.RIGHTS, 0o4755, 0)):
        shutil.copyfile(_PROGRAM, place / name)
        os.chown(place / name, owner, owner)
        (place / name).chmod(mode)
    (place / storage.ROOM).mkdir()
    os.chown(place / storage.ROOM, uid, uid)
    # Some hosts let nobody make devices: then nothing outside shows that it would have been one.
    with contextlib.suppress(OSError):
        os.mknod(place / storage.DEVICE, 0o666 | stat.S_IFCHR, os.makedev(1, 5))
        (place / storage.DEVICE).chmod(0o666)


async def goes_on(found: list[dict[str, Any]], place: Path) -> None:
    """Find out whether what was started to go on does, note that with its attempt, and end it."""
    beat = place / storage.ALIVE
    before = beat.stat().st_size if beat.exists() else -1
    await asyncio.sleep(_LOOK_SECONDS)
    grew = before >= 0 and beat.stat().st_size > before
    for item in found:
        if item["name"] == storage.GOES_ON:
            item["out"], item["words"] = grew, "" if grew else "it ended with its sandbox"
    if place.exists():
        (place / storage.STOP).touch()
