"""What a push brings: the tip's tree, every blob of its commits, and what of it cannot or may not be read.

The checks of a tree (links, submodules, climbing paths) are of the tip's only: no other tree is ever released, and a
rollback goes to trees that were a tip. The contents of all commits are read, because history keeps them.
"""

from collections.abc import Iterator, Mapping, Sequence

from bailiwick.control.review import Change, Entry, PushedBlob, Unread
from bailiwick.control.source.errors import TooMuchOutputError
from bailiwick.control.source.plumbing import Git
from bailiwick.core.artifacts import MAX_BYTES as MAX_TREE_BYTES
from bailiwick.core.artifacts import TreeFile

MAX_COMMITS = 10_000
_MAX_FILES = 20_000
_MAX_BLOB_BYTES = 5 * 2**20
_MAX_HISTORY_BYTES = 128 * 2**20
_COMMIT = "(commit)"  # stands for a path: of what a commit says itself
_PLAIN = frozenset({"100644", "100755"})


class IncomingReader:
    """Reads what leads from the commits that are known to one commit."""

    def __init__(self, git: Git, commit: str, known: Sequence[str]) -> None:
        """`known` are rev-list's words for what is there already."""
        self._git = git
        self._commit = commit
        self._known = known

    def change(self) -> Change:
        """Return all of it; what is too much to read is in `unread`, so that it does not pass."""
        tree = self._git.text("rev-parse", f"{self._commit}^{{tree}}").strip()
        try:
            entries, objects = self._git.entries(self._commit)
        except TooMuchOutputError:
            return Change(tree, (), (), unread=(_too_much(f"the tree lists more than {_MAX_FILES:,} files"),))
        if len(entries) > _MAX_FILES:
            return Change(tree, entries, ())
        if sum(entry.size for entry in entries) > MAX_TREE_BYTES:
            return Change(tree, entries, (), unread=(_too_much(f"the tree holds more than {_mib(MAX_TREE_BYTES)}"),))
        contents = dict(_read(self._git, _readable(entries, objects)))
        files = tuple(_files(entries, objects, contents))
        try:
            history, unread = self.history(contents)
        except TooMuchOutputError:
            history, unread = (), (_too_much("the commits of this push hold more files than can be listed"),)
        return Change(tree, entries, files, history, unread)

    def history(self, tip: Mapping[str, bytes]) -> tuple[tuple[PushedBlob, ...], tuple[Unread, ...]]:
        """Return every blob that the commits bring, with a commit and path of it, and what was not read.

        The commits are among them: their words and their authors' names are kept like any file.
        `tip` holds contents that were read already, by object.
        """
        count = int(self._git.text("rev-list", "--count", f"--max-count={MAX_COMMITS + 1}", self._commit, *self._known))
        if count > MAX_COMMITS:
            return (), (_too_much(f"the push brings more than {MAX_COMMITS:,} commits"),)
        found, every = self._objects()
        wanted: list[str] = []
        unread: list[Unread] = list(self._strays(every))
        total = 0
        for name, kind, size in self._git.sizes(list(found)):
            if kind not in {"blob", "commit"}:
                continue
            if size > _MAX_BLOB_BYTES:
                words = f"{size / 2**20:.1f} MiB; {_mib(_MAX_BLOB_BYTES)} are the most"
                unread.append(Unread(*found[name], words))
                continue
            total += size
            if total > _MAX_HISTORY_BYTES:
                return (), (*unread, _too_much(f"the commits of this push hold more than {_mib(_MAX_HISTORY_BYTES)}"))
            wanted.append(name)
        contents = {**tip, **dict(_read(self._git, [name for name in wanted if name not in tip]))}
        blobs = (PushedBlob(*found[name], contents[name]) for name in wanted)
        return tuple(blobs), tuple(unread)

    def _objects(self) -> tuple[dict[str, tuple[str, str]], set[str]]:
        """Return the first commit and path of every object that the commits bring, and all objects of them.

        Unlike a log this does not list a tree twice, however often trees that share it make it appear.
        """
        listing = ("rev-list", "--objects", "--in-commit-order", "--reverse", self._commit, *self._known)
        found: dict[str, tuple[str, str]] = {}
        every: set[str] = set()
        commit = self._commit
        # Git ends a path at a new line, so that every line is an object's; a commit's has nothing after its id.
        for line in self._git.text(*listing).split("\n"):
            name, space, path = line.partition(" ")
            every.add(name)
            if path:
                found.setdefault(name, (commit, path))
            elif name and not space:
                commit = name
                found[name] = (commit, _COMMIT)
        return found, every

    def _strays(self, brought: set[str]) -> Iterator[Unread]:
        """Yield something when a push holds objects that none of its commits leads to: nobody would ever read them."""
        extra = [name for name in self._git.quarantined() if name not in brought]
        # To mend a thin pack git puts objects into it that are here already.
        strays = [name for name, kind, _ in self._git.without_quarantine().sizes(extra) if kind == "missing"]
        if strays:
            words = f"{len(strays):,} objects of the push belong to none of its commits, {strays[0][:10]} for one"
            yield Unread(self._commit, ".", words, "stray-objects")


def read_files(git: Git, commit: str) -> list[TreeFile]:
    """Return the plain files of a commit that was taken."""
    entries, objects = git.entries(commit)
    return list(_files(entries, objects, dict(_read(git, _readable(entries, objects)))))


def _readable(entries: Sequence[Entry], objects: Sequence[str]) -> list[str]:
    pairs = zip(entries, objects, strict=True)
    return list(dict.fromkeys(name for entry, name in pairs if _is_readable(entry)))


def _is_readable(entry: Entry) -> bool:
    return entry.kind == "blob" and entry.mode in _PLAIN and entry.size <= _MAX_BLOB_BYTES


def _files(entries: Sequence[Entry], objects: Sequence[str], contents: Mapping[str, bytes]) -> Iterator[TreeFile]:
    """Yield the plain files among entries; what is none was reported as a finding."""
    for entry, name in zip(entries, objects, strict=True):
        if _is_readable(entry):
            yield TreeFile(entry.path.decode(errors="backslashreplace"), contents[name], entry.mode == "100755")


def _read(git: Git, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    return zip(names, git.blobs(names), strict=True)


def _too_much(words: str) -> Unread:
    return Unread("", ".", words, "push-too-large")


def _mib(count: int) -> str:
    return f"{count // 2**20} MiB"
