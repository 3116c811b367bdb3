"""Layers as files: the one archive that the same packages always make, its digest, and a folder of it to be read."""

import hashlib
import io
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from bailiwick.core.artifacts import StoredFile, is_safe_path, write_archive
from bailiwick.dataplane.sandbox.errors import LayerError


class _Digest(io.RawIOBase):
    """Takes what is written, for its digest only."""

    def __init__(self) -> None:
        super().__init__()
        self.sha256 = hashlib.sha256()
        self._written = 0

    def write(self, data: Any) -> int:
        self.sha256.update(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written


def archive_of(folder: Path, target: Path) -> str:
    """Write the archive of a layer's folder and return its SHA-256."""
    with target.open("w+b") as written:
        write_archive(written, _stored(folder))
        written.seek(0)
        return hashlib.file_digest(written, "sha256").hexdigest()


def digest_of(folder: Path) -> str:
    """Return the SHA-256 of the archive that a folder makes: of what lies there now, whatever it was made from."""
    sink = _Digest()
    write_archive(cast("IO[bytes]", sink), _stored(folder))
    return sink.sha256.hexdigest()


def _stored(folder: Path) -> Iterator[StoredFile]:
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(place) / name
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode):
                continue
            if not stat.S_ISREG(status.st_mode):
                raise LayerError(f"{name[:80]!r} in a layer is not a plain file")
            yield StoredFile(
                path.relative_to(folder).as_posix(),
                status.st_size,
                bool(status.st_mode & 0o100),
                partial(_open, path),
            )


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def unpack(archive: Path, target: Path) -> None:
    """Unpack a layer. Foreign code may have made it, so it is not trusted: only plain files inside the folder."""
    target.mkdir()
    with tarfile.open(archive) as content:
        for entry in content:
            name = entry.name.removeprefix("./")
            source = content.extractfile(entry) if entry.isreg() else None
            if source is None:
                continue  # folders are made for their files; links and devices have no place in a layer
            if not is_safe_path(name):
                raise LayerError(f"the build made a file outside of its folder: {name[:80]!r}")
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as copy:
                shutil.copyfileobj(source, copy)
            path.chmod(0o755 if entry.mode & 0o100 else 0o644)
    for folder, _, _ in os.walk(target):
        Path(folder).chmod(0o755)
