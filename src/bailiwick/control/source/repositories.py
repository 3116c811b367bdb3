"""Git repositories on disk: made with our own settings, read by plumbing commands, never trusting what is in them."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bailiwick.control.review import Change, Entry, PushedBlob, Unread
from bailiwick.control.source.errors import GitError, PushRefusedError
from bailiwick.core.artifacts import MAX_BYTES as MAX_ARTIFACT_BYTES
from bailiwick.core.artifacts import TreeFile

NOTHING = "0" * 40
_OBJECT = re.compile(r"[0-9a-f]{40}")
_SECONDS = 120
_MAX_FILES = 20_000
_MAX_BLOB_BYTES = 5 * 2**20
# What is read of one push at the most: a small pack can inflate to more than there is memory.
_MAX_TREE_BYTES = MAX_ARTIFACT_BYTES
_MAX_HISTORY_BYTES = 128 * 2**20
_SETTINGS = {
    "receive.fsckObjects": "true",
    "receive.denyNonFastForwards": "true",
    "receive.denyDeletes": "true",
    "receive.advertisePushOptions": "false",
    "http.receivepack": "true",
    "gc.auto": "0",
    "core.symlinks": "false",
    "uploadpack.allowFilter": "false",
}


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as git records it; its author is what the pusher claimed, not an identity."""

    id: str
    tree: str
    time: int
    claimed_author: str
    subject: str
    body: str


class Repositories:
    """Bare repositories under one directory, one for each app by its id; hooks live outside of them."""

    def __init__(self, root: Path, hooks: Path, max_push_bytes: int) -> None:
        self._root = root
        self._hooks = hooks
        self._max_push_bytes = max_push_bytes

    def path(self, app_id: str) -> Path:
        """Return where an app's repository is."""
        return self._root / f"{app_id}.git"

    def ensure(self, app_id: str) -> Path:
        """Return an app's repository, making it at the first time."""
        path = self.path(app_id)
        if not path.exists():
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
            _run(["git", "init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(path)], None)
            settings = _SETTINGS | {
                "core.hooksPath": str(self._hooks),
                "receive.maxInputSize": str(self._max_push_bytes),
            }
            for name, value in settings.items():
                _run(["git", "config", "--file", str(path / "config"), name, value], None)
        return path

    def read_change(self, app_id: str, commit: str, quarantine: Mapping[str, str]) -> Change:
        """Return what a push of `commit` brings, as long as git keeps it in quarantine."""
        git = Git(self.path(app_id), quarantine)
        entries, objects = git.entries(_checked(commit))
        tree = git.text("rev-parse", f"{commit}^{{tree}}").strip()
        if len(entries) > _MAX_FILES:
            return Change(tree, entries, ())
        if sum(entry.size for entry in entries) > _MAX_TREE_BYTES:
            words = f"the tree holds more than {_MAX_TREE_BYTES // 2**20} MiB"
            return Change(tree, entries, (), unread=(Unread("", ".", words),))
        history, unread = git.new_blobs(commit, ("--not", "--all"))
        return Change(tree, entries, tuple(git.files(entries, objects)), history, unread)

    def require_next(self, app_id: str, old: str, new: str, quarantine: Mapping[str, str]) -> None:
        """Return when `new` follows what is on main now and `old` is that; raise `PushRefusedError` when not.

        Git checks this too, but only after the push was reviewed and remembered.
        """
        git = Git(self.path(app_id), quarantine)
        head = git.text("for-each-ref", "--format=%(objectname)", "refs/heads/main").strip() or NOTHING
        if head != old:
            raise PushRefusedError(
                "somebody else pushed to main meanwhile", hint="git pull --rebase origin main, then push again"
            )
        if head != NOTHING and git.text("rev-list", "--max-count=1", head, "--not", _checked(new)):
            raise PushRefusedError(
                "this push would rewrite main, and its history is kept",
                hint="git pull --rebase origin main, then push without --force",
            )

    def message(self, app_id: str, commit: str, quarantine: Mapping[str, str]) -> str:
        """Return the message of a commit that may still be in quarantine."""
        return Git(self.path(app_id), quarantine).text("log", "-1", "--format=%B", _checked(commit), "--")

    def files(self, app_id: str, commit: str) -> list[TreeFile]:
        """Return the files of a commit that was accepted."""
        git = Git(self.path(app_id), {})
        entries, objects = git.entries(_checked(commit))
        return list(git.files(entries, objects))

    def commits(self, app_id: str, commit: str, limit: int = 30) -> list[Commit]:
        """Return a commit and those before it, newest first."""
        form = "%H%x00%T%x00%ct%x00%an <%ae>%x00%s%x00%b%x1e"
        text = Git(self.path(app_id), {}).text(
            "log", f"--max-count={limit}", f"--format={form}", _checked(commit), "--"
        )
        records = (record.strip("\n").split("\0") for record in text.split("\x1e") if record.strip("\n"))
        return [Commit(r[0], r[1], int(r[2]), r[3], r[4], r[5]) for r in records]

    def diff(self, app_id: str, old: str, new: str) -> str:
        """Return the unified diff between two commits; an empty `old` stands for nothing at all."""
        git = Git(self.path(app_id), {})
        base = _checked(old) if old else git.text("hash-object", "-t", "tree", "/dev/null").strip()
        return git.text(
            "diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", base, _checked(new), "--"
        )


class Git:
    """Plumbing commands on one repository, in an environment of our own."""

    def __init__(self, path: Path, quarantine: Mapping[str, str]) -> None:
        self._path = path
        self._quarantine = quarantine

    def text(self, *arguments: str, stdin: str = "") -> str:
        """Return what a command prints, as text; raise `GitError` with its words when it fails."""
        return self.output(*arguments, stdin=stdin.encode()).decode(errors="replace")

    def output(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Return what a command prints; raise `GitError` with its words when it fails."""
        return _run(["git", "--git-dir", str(self._path), *arguments], self._quarantine, stdin)

    def entries(self, commit: str) -> tuple[tuple[Entry, ...], list[str]]:
        """Return the entries of a commit's tree and their object ids."""
        listing = self.output("ls-tree", "-r", "-z", "-l", "--full-tree", commit)
        entries, objects = [], []
        for record in listing.split(b"\0"):
            if record:
                facts, _, path = record.partition(b"\t")
                mode, kind, name, size = facts.decode().split()
                entries.append(Entry(path, mode, kind, int(size) if size.isdigit() else 0))
                objects.append(name)
        return tuple(entries), objects

    def files(self, entries: Sequence[Entry], objects: Sequence[str]) -> Iterator[TreeFile]:
        """Yield the plain files among entries; what is none was reported as a finding."""
        wanted = [
            (entry, name)
            for entry, name in zip(entries, objects, strict=True)
            if entry.kind == "blob" and entry.mode in {"100644", "100755"} and entry.size <= _MAX_BLOB_BYTES
        ]
        contents = self._blobs([name for _, name in wanted])
        for (entry, _), content in zip(wanted, contents, strict=True):
            yield TreeFile(entry.path.decode(errors="backslashreplace"), content, entry.mode == "100755")

    def new_blobs(self, commit: str, known: Sequence[str]) -> tuple[tuple[PushedBlob, ...], tuple[Unread, ...]]:
        """Return every blob that a commit brings, with a commit and path under which it stands, and what was not read.

        `known` are rev-list's words for what is there already.
        """
        listing = self.text("rev-list", "--objects", commit, *known)
        # Git ends a path at a new line, so that every line is an object's.
        paths = dict(line.split(" ", 1) for line in listing.splitlines() if " " in line)
        named = self._first_seen(commit, known)
        sizes = self.text("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin="\n".join(paths))
        wanted: list[str] = []
        unread: list[Unread] = []
        total = 0
        for name, kind, size in (line.split() for line in sizes.splitlines()):
            if kind != "blob":
                continue
            if int(size) > _MAX_BLOB_BYTES:
                words = f"{int(size) / 2**20:.1f} MiB; {_MAX_BLOB_BYTES // 2**20} MiB are the most"
                unread.append(Unread(named.get(name, commit), paths[name], words))
                continue
            total += int(size)
            if total > _MAX_HISTORY_BYTES:
                words = f"the commits of this push hold more than {_MAX_HISTORY_BYTES // 2**20} MiB"
                return (), (*unread, Unread(commit, ".", words))
            wanted.append(name)
        contents = zip(wanted, self._blobs(wanted), strict=True)
        return tuple(PushedBlob(named.get(name, commit), paths[name], content) for name, content in contents), tuple(
            unread
        )

    def _first_seen(self, commit: str, known: Sequence[str]) -> dict[str, str]:
        form = ("--format=>%H", "--raw", "--no-abbrev", "-r", "-m", "--root", "--no-renames")
        log = self.text("log", *form, commit, *known)
        found: dict[str, str] = {}
        current = ""
        for line in log.splitlines():
            if line.startswith(">"):
                current = line[1:]
            elif line.startswith(":"):
                found[line.split()[3]] = current
        return found

    def _blobs(self, names: Sequence[str]) -> list[bytes]:
        if not names:
            return []
        output = self.output("cat-file", "--batch", stdin="\n".join(names).encode() + b"\n")
        contents, place = [], 0
        for _ in names:
            end = output.index(b"\n", place)
            size = int(output[place:end].split()[2])
            contents.append(output[end + 1 : end + 1 + size])
            place = end + 1 + size + 1
        return contents


def _checked(commit: str) -> str:
    if not _OBJECT.fullmatch(commit):
        raise GitError("this is not the id of a commit")
    return commit


def git_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment in which git runs: nothing of the host's configuration, nobody to ask."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        **(extra or {}),
    }


def _run(command: list[str], quarantine: Mapping[str, str] | None, stdin: bytes = b"") -> bytes:
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, env=git_environment(quarantine), timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise GitError("git does not answer", hint="install git 2.39 or newer") from fault
    if done.returncode != 0:
        raise GitError(f"git {command[1]} failed: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return done.stdout
