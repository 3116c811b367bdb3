"""A change from a plain folder, for reviews without a server."""

import os
from pathlib import Path

from bailiwick.control.review.model import Change, Entry
from bailiwick.core.artifacts import TreeFile, git_tree_id

_LEFT_OUT = frozenset({".git", "__pycache__", ".venv", "node_modules"})


def read_folder(root: Path) -> Change:
    """Return what stands in a folder as a change; links are listed, never followed."""
    entries: list[Entry] = []
    files: list[TreeFile] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted([*names, *(item for item in folders if (Path(folder) / item).is_symlink())]):
            path = Path(folder) / name
            relative = str(path.relative_to(root))
            if path.is_symlink():
                entries.append(Entry(os.fsencode(relative), "120000", "blob", 0))
                continue
            content = path.read_bytes()
            entries.append(Entry(os.fsencode(relative), "100644", "blob", len(content)))
            files.append(TreeFile(relative, content, bool(path.stat().st_mode & 0o100)))
    return Change(git_tree_id({file.path: file for file in files}), tuple(entries), tuple(files))
