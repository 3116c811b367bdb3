"""The draft of an app while an agent writes it: files by path, each checked before it is taken. Pure.

Nothing of a draft runs and nothing of it is in the app's repository: that holds only what a review let in, and takes
for seen what it holds.
"""

import difflib
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bailiwick.control.studio.errors import DraftError
from bailiwick.control.studio.model import MOST_BYTES, MOST_FILE_BYTES, MOST_FILES, FileRef, Tree
from bailiwick.core.artifacts import TreeFile, is_safe_path

_LONGEST_PATH = 400
_MOST_DIFF_BYTES = 2**20
# Comparing takes up to the square of what is compared.
_MOST_DIFF_LINES = 5000
_CONTEXT = 3


def digest_of(content: bytes) -> str:
    """Return the name of bytes."""
    return hashlib.sha256(content).hexdigest()


@dataclass
class Draft:
    """Files by path. `read` returns bytes by their digest; `fresh` are bytes that are not kept yet.

    `finds_secret` says whether a text holds a secret.
    """

    files: dict[str, FileRef]
    read: Callable[[str], bytes]
    finds_secret: Callable[[str], bool]
    fresh: dict[str, bytes] = field(default_factory=dict)

    @property
    def tree(self) -> dict[str, FileRef]:
        """The files as they are now."""
        return dict(self.files)

    def content(self, path: str) -> bytes:
        """Return what a file holds; raise `DraftError` where there is none of this path."""
        found = self.files.get(path)
        if found is None:
            raise DraftError(f"there is no file '{path[:120]}'", hint="list_files says which there are")
        return self._bytes(found.digest)

    def text(self, path: str) -> str:
        """Return a file as text; raise `DraftError` where it is none."""
        try:
            return self.content(path).decode()
        except UnicodeDecodeError:
            raise DraftError(f"'{path[:120]}' is no text", hint="leave it as it is, or delete it") from None

    def write(self, path: str, text: str) -> None:
        """Put a text into a file, a new one or one that is there."""
        content = text.encode(errors="replace")
        self._require_place(path)
        if len(content) > MOST_FILE_BYTES:
            raise DraftError(
                f"'{path[:120]}' would have {len(content):,} bytes; a file of a draft has {MOST_FILE_BYTES:,} at most",
                hint="write less, in several files",
            )
        if self.finds_secret(text):
            raise DraftError(
                f"what was to be written to '{path[:120]}' holds a secret",
                hint="keep secrets out of code: an integration's URL in the environment needs none",
            )
        was = self.files.get(path)
        others = sum(item.size for name, item in self.files.items() if name != path)
        if was is None and len(self.files) >= MOST_FILES:
            raise DraftError(f"a draft has {MOST_FILES:,} files at most", hint="delete some")
        if others + len(content) > MOST_BYTES:
            raise DraftError(f"a draft has {MOST_BYTES // 2**20} MiB at most", hint="delete some")
        name = digest_of(content)
        self.fresh[name] = content
        self.files[path] = FileRef(name, len(content), was.executable if was is not None else False)

    def delete(self, path: str) -> None:
        """Take out a file."""
        self.content(path)
        del self.files[path]

    def tree_files(self) -> list[TreeFile]:
        """Return all files with their bytes."""
        return [TreeFile(path, self._bytes(item.digest), item.executable) for path, item in sorted(self.files.items())]

    def _bytes(self, digest: str) -> bytes:
        return self.fresh[digest] if digest in self.fresh else self.read(digest)

    def _require_place(self, path: str) -> None:
        parts = path.split("/")
        inside = is_safe_path(path) and all(part.lower() != ".git" for part in parts)
        if not inside or len(path) > _LONGEST_PATH:
            raise DraftError(f"{path!r:.120} is not a path inside the app", hint="write folder/file.py")
        above = ["/".join(parts[:end]) for end in range(1, len(parts))]
        if any(name in self.files for name in above) or any(name.startswith(f"{path}/") for name in self.files):
            raise DraftError(f"'{path[:120]}' is a file and a folder at once", hint="choose another name")


def draft_of(files: Iterable[TreeFile], read: Callable[[str], bytes], finds_secret: Callable[[str], bool]) -> Draft:
    """Return the draft that begins with an app's files; raise `DraftError` for an app that is too large."""
    draft = Draft({}, read, finds_secret)
    for file in files:
        name = digest_of(file.content)
        draft.fresh[name] = file.content
        draft.files[file.path] = FileRef(name, len(file.content), file.executable)
    if len(draft.files) > MOST_FILES or sum(item.size for item in draft.files.values()) > MOST_BYTES:
        raise DraftError(
            f"an app of more than {MOST_FILES:,} files or {MOST_BYTES // 2**20} MiB is not opened here",
            hint="work on it with git and an agent of your own",
        )
    return draft


def diff_text(old: Tree, new: Tree, read: Callable[[str], bytes]) -> str:
    """Return what differs between two drafts as git writes it."""
    lines: list[str] = []
    for path in sorted(old.keys() | new.keys()):
        was, now = old.get(path), new.get(path)
        if was == now:
            continue
        lines.append(f"diff --git a/{path} b/{path}")
        lines += [f"new file mode {_mode(now)}"] if was is None and now is not None else []
        lines += [f"deleted file mode {_mode(was)}"] if now is None and was is not None else []
        before, after = _lines(was, read), _lines(now, read)
        if before is None or after is None:
            lines.append(f"Binary files a/{path} and b/{path} differ")
            continue
        names = (f"a/{path}" if was is not None else "/dev/null", f"b/{path}" if now is not None else "/dev/null")
        lines += [line.rstrip("\n") for line in difflib.unified_diff(before, after, *names, n=_CONTEXT)]
        if sum(map(len, lines)) > _MOST_DIFF_BYTES:
            break
    return "\n".join([*lines, ""]) if lines else ""


def changes(old: Tree, new: Tree) -> Mapping[str, str]:
    """Return which files differ, with what became of each in a word."""
    words: dict[str, str] = {}
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            words[path] = "new" if path not in old else "deleted" if path not in new else "changed"
    return words


def _mode(item: FileRef) -> str:
    return "100755" if item.executable else "100644"


def _lines(item: FileRef | None, read: Callable[[str], bytes]) -> list[str] | None:
    """Return the lines of a file for a diff, none where there is no file; None for what is no text."""
    if item is None:
        return []
    content = read(item.digest)
    # Only line feeds end a line: what else ends one elsewhere must not forge one.
    lines = content.decode(errors="replace").removesuffix("\n").split("\n")
    return None if b"\0" in content or len(lines) > _MOST_DIFF_LINES else lines
