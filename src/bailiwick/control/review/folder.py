"""A change from a plain folder, for reviews without a server."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from bailiwick.control.review.engines.tree import MAX_FILE_BYTES
from bailiwick.control.review.model import Change, Entry
from bailiwick.core.artifacts import TreeFile, git_tree_id

_LEFT_OUT = frozenset({".git", "__pycache__", ".venv", "node_modules"})


def read_folder(root: Path) -> Change:
    """Return what stands in a folder as a change; links are listed and never followed, pipes and devices are neither.

    Raises `OSError` when something of it cannot be read.
    """
    entries: list[Entry] = []
    files: list[TreeFile] = []
    for path in _paths(root):
        relative = os.fsencode(path.relative_to(root))
        facts = path.lstat()
        if stat.S_ISLNK(facts.st_mode):
            entries.append(Entry(relative, "120000", "blob", 0))
        elif stat.S_ISREG(facts.st_mode):
            entries.append(Entry(relative, "100644", "blob", facts.st_size))
            if facts.st_size <= MAX_FILE_BYTES:
                name = relative.decode(errors="backslashreplace")
                files.append(TreeFile(name, path.read_bytes(), bool(facts.st_mode & 0o100)))
    return Change(git_tree_id({file.path: file for file in files}), tuple(entries), tuple(files))


def _paths(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root, onerror=_stop):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        own = {".git"} if Path(folder) == root else set()  # a file in worktrees
        yield from (Path(folder) / name for name in sorted({*names, *links} - own))


def _stop(fault: OSError) -> None:
    raise fault
