"""Artefacts: an app's tree as one byte string that is the same for the same tree, and read back without trust."""

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import IO

from bailiwick.core.errors import InvalidInputError

MAX_BYTES = 64 * 2**20
MAX_FILES = 20_000


class ArtifactError(InvalidInputError):
    """The bytes are not an artefact that Bailiwick made, or hold something that may not be unpacked."""

    code = "artifact.invalid"


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file of an app's tree: its path (POSIX, relative), its bytes and whether it is executable."""

    path: str
    content: bytes
    executable: bool = False


def is_safe_path(path: str) -> bool:
    """Return whether a path stays inside the tree and is in its plain form."""
    parts = PurePosixPath(path).parts
    clean = bool(parts) and not path.startswith("/") and "\\" not in path and path == "/".join(parts)
    return clean and all(part not in {"..", "."} and part.isprintable() for part in parts)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of which only its place is held: `open` gives its bytes, of which there are `size`."""

    path: str
    size: int
    executable: bool
    open: Callable[[], IO[bytes]]


def pack(files: Iterable[TreeFile]) -> bytes:
    """Return the files as a tar archive (POSIX ustar/pax) without times, owners or order of their own."""
    target = io.BytesIO()
    stored = [
        StoredFile(file.path, len(file.content), file.executable, partial(io.BytesIO, file.content)) for file in files
    ]
    write_archive(target, stored)
    return target.getvalue()


def write_archive(target: IO[bytes], files: Iterable[StoredFile]) -> None:
    """Write files as the archive that is the same for the same files, whoever makes it where and when."""
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in sorted(files, key=lambda item: item.path):
            if not is_safe_path(file.path):
                raise ArtifactError(f"'{file.path!r:.120}' is not a path inside the tree")
            entry = tarfile.TarInfo(file.path)
            entry.size = file.size
            entry.mode = 0o755 if file.executable else 0o644
            with file.open() as content:
                archive.addfile(entry, content)


def unpack(data: bytes) -> dict[str, TreeFile]:
    """Return the files of an artefact by path; raise `ArtifactError` for anything but plain files inside the tree."""
    if len(data) > MAX_BYTES:
        raise ArtifactError(f"larger than {MAX_BYTES // 2**20} MiB")
    files: dict[str, TreeFile] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for entry in archive:
                content = archive.extractfile(entry) if entry.isreg() else None
                if content is None or not is_safe_path(entry.name) or entry.name in files:
                    raise ArtifactError(f"'{entry.name!r:.120}' is not a plain file inside the tree")
                if len(files) >= MAX_FILES:
                    raise ArtifactError(f"more than {MAX_FILES} files")
                files[entry.name] = TreeFile(entry.name, content.read(), bool(entry.mode & 0o100))
    except (tarfile.TarError, EOFError) as fault:
        raise ArtifactError("not a readable archive") from fault
    return files


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def git_tree_id(files: Mapping[str, TreeFile]) -> str:
    """Return the id that git gives the tree of these files (SHA-1 object ids), so that a signed tree can be checked.

    Source: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    """
    return write_tree(files.values(), git_object_id).hex()


def write_tree(files: Iterable[TreeFile], write: Callable[[bytes, bytes], bytes]) -> bytes:
    """Give `write` each object of the tree of these files, as kind and content, and return the tree's id.

    `write` returns the object's id, as `git_object_id` does.
    """
    return _tree(list(files), 0, write)


def _tree(files: list[TreeFile], depth: int, write: Callable[[bytes, bytes], bytes]) -> bytes:
    entries: list[tuple[bytes, bytes]] = []
    folders: dict[str, list[TreeFile]] = {}
    for file in files:
        parts = file.path.split("/")
        if len(parts) > depth + 1:
            folders.setdefault(parts[depth], []).append(file)
            continue
        mode = b"100755 " if file.executable else b"100644 "
        name = parts[depth].encode()
        entries.append((name, mode + name + b"\0" + write(b"blob", file.content)))
    for folder, members in folders.items():
        name = folder.encode()
        entries.append((name + b"/", b"40000 " + name + b"\0" + _tree(members, depth + 1, write)))
    return write(b"tree", b"".join(entry for _, entry in sorted(entries)))


def git_object_id(kind: bytes, content: bytes) -> bytes:
    """Return the id (20 bytes of SHA-1) that git gives an object of this kind and content."""
    header = kind + b" " + str(len(content)).encode() + b"\0"
    return hashlib.sha1(header + content, usedforsecurity=False).digest()
