"""Git objects that the platform makes itself: written beside a repository, as git's own quarantine, and moved in once
they were reviewed.
"""

import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bailiwick.core.artifacts import git_object_id

# What git calls its own, so that what a crash leaves is swept with those.
_PREFIX = "tmp_objdir-upload-"


class Quarantine:
    """Loose objects in a folder of their own, with the repository's behind them."""

    def __init__(self, repository: Path, folder: Path) -> None:
        self._objects = repository / "objects"
        self._folder = folder

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes git see the new objects, as in a hook (git-receive-pack(1), "Quarantine Environment")."""
        return {
            "GIT_OBJECT_DIRECTORY": str(self._folder),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self._objects),
            "GIT_QUARANTINE_PATH": str(self._folder),
        }

    def write(self, kind: bytes, content: bytes) -> bytes:
        """Keep an object and return its id."""
        name = git_object_id(kind, content)
        place = self._folder / name.hex()[:2] / name.hex()[2:]
        if not place.exists() and not (self._objects / name.hex()[:2] / name.hex()[2:]).exists():
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(zlib.compress(kind + b" " + str(len(content)).encode() + b"\0" + content, 1))
            place.chmod(0o444)
        return name

    def accept(self) -> None:
        """Move every object into the repository, durably, before anything names it."""
        for file in sorted(self._folder.glob("??/*")):
            target = self._objects / file.parent.name / file.name
            target.parent.mkdir(exist_ok=True)
            if not target.exists():
                with file.open("rb") as written:
                    os.fsync(written.fileno())
                file.replace(target)


@contextmanager
def quarantine(repository: Path) -> Iterator[Quarantine]:
    """Give a quarantine of a repository; what was not accepted is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=repository / "objects"))
    try:
        yield Quarantine(repository, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
