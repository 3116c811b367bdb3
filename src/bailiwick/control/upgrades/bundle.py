"""Bundles: a tar that holds a signed release and its wheels; read strictly, unpacked only where the release says so."""

import hashlib
import os
import shutil
import tarfile
from pathlib import Path
from typing import IO

from bailiwick.control.upgrades.errors import ReleaseRefusedError
from bailiwick.control.upgrades.model import RELEASE_FILE, WHEELS, File, Release
from bailiwick.control.upgrades.trust import Trust

_MOST_RELEASE_BYTES = 4 * 2**20
_PIECE = 2**20


def read_release(bundle: Path, trust: Trust) -> Release:
    """Return what a bundle says that it is, when it is genuine; its wheels are not read."""
    with _opened(bundle) as archive:
        return trust.release(_release(archive))


def unpack(bundle: Path, folder: Path, trust: Trust) -> Release:
    """Write a bundle's release and wheels into a folder, which is made anew; return the release.

    Raises `ReleaseRefusedError` unless it is genuine, each wheel is what the release says, and nothing else is there.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / WHEELS).mkdir(parents=True, mode=0o700)
    with _opened(bundle) as archive:
        sealed = _release(archive)
        release = trust.release(sealed)
        missing = {f"{WHEELS}{wheel.name}": wheel for wheel in release.wheels}
        while (member := archive.next()) is not None:
            wheel = missing.pop(member.name, None)
            source = archive.extractfile(member) if member.isreg() else None
            if wheel is None or source is None:
                raise ReleaseRefusedError(f"the bundle holds what its release does not name: {member.name[:80]!r}")
            _copy(source, folder / WHEELS / wheel.name, wheel)
    if missing:
        raise ReleaseRefusedError(f"the bundle lacks {sorted(missing)[0]}", hint="it was cut: take it again")
    (folder / RELEASE_FILE).write_bytes(sealed)
    return release


def unpacked(folder: Path, trust: Trust) -> Release:
    """Return the release of a folder that `unpack` wrote, when every wheel is still what it must be."""
    try:
        release = trust.release((folder / RELEASE_FILE).read_bytes())
        for wheel in release.wheels:
            if hashlib.sha256((folder / WHEELS / wheel.name).read_bytes()).hexdigest() != wheel.sha256:
                raise ReleaseRefusedError(f"{wheel.name} was changed after it was unpacked")
    except OSError as fault:
        raise ReleaseRefusedError(f"the unpacked bundle cannot be read: {fault.strerror}") from None
    return release


class _opened:  # noqa: N801 - used as a function
    """A bundle that is read; whatever is no tar is refused."""

    def __init__(self, bundle: Path) -> None:
        self._bundle = bundle

    def __enter__(self) -> tarfile.TarFile:
        try:
            self._file = self._bundle.open("rb")
            self._archive = tarfile.open(fileobj=self._file, mode="r|")
        except OSError as fault:
            raise ReleaseRefusedError(f"{self._bundle} cannot be read: {fault.strerror}") from None
        except (tarfile.TarError, EOFError):
            self._file.close()
            raise ReleaseRefusedError(f"{self._bundle} is no bundle") from None
        return self._archive

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: object) -> None:
        self._archive.close()
        self._file.close()
        if isinstance(fault, tarfile.TarError | EOFError):
            raise ReleaseRefusedError(f"{self._bundle} was cut", hint="take it again") from None


def _release(archive: tarfile.TarFile) -> bytes:
    first = archive.next()
    source = archive.extractfile(first) if first is not None and first.isreg() else None
    if first is None or source is None or first.name != RELEASE_FILE or first.size > _MOST_RELEASE_BYTES:
        raise ReleaseRefusedError(f"a bundle begins with {RELEASE_FILE}, and this one does not")
    return source.read()


def _copy(source: IO[bytes], target: Path, wheel: File) -> None:
    seen = hashlib.sha256()
    size = 0
    with target.open("xb") as file:
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > wheel.size:
                break
            seen.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if size != wheel.size or seen.hexdigest() != wheel.sha256:
        raise ReleaseRefusedError(f"{wheel.name} is not what the release keys signed", hint="do not use this bundle")
