"""Git repositories on disk: made with our own settings, read by plumbing commands, never trusting what is in them."""

import contextlib
import fcntl
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bailiwick.control.review import Change
from bailiwick.control.source.blame import BlamedLine, blame
from bailiwick.control.source.errors import GitError, PushRefusedError, TooMuchOutputError
from bailiwick.control.source.incoming import MAX_COMMITS, IncomingReader, read_files
from bailiwick.control.source.plumbing import Git, running
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.branches import HEADS, MAIN, ref_of

NOTHING = "0" * 40
_OBJECT = re.compile(r"[0-9a-f]{40}")
_FACTS = 6
_SLACK_BYTES = 4 * 2**20
_LEFTOVERS_SECONDS = 3600
_KEPT = "refs/bailiwick/kept/"
# What main may not do is refused by the hook; branches are rewritten and deleted, and what they led to is kept.
_SETTINGS = {
    "receive.fsckObjects": "true",
    "receive.denyNonFastForwards": "false",
    "receive.denyDeletes": "false",
    "transfer.hideRefs": "refs/bailiwick",
    "receive.advertisePushOptions": "false",
    "http.receivepack": "true",
    "gc.auto": "0",
    "core.symlinks": "false",
    "uploadpack.allowFilter": "false",
}
# A number for the settings above, written after all of them: a repository without it is given them anew.
_SETTINGS_NAME, _SETTINGS_NUMBER = "bailiwick.settings", "2"


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
        """Return an app's repository, making it at the first time; whoever asks meanwhile waits until it is whole."""
        path = self.path(app_id)
        if not _is_whole(path):
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (self._root / ".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not _is_whole(path):
                    self._make(path)
        self._sweep(path)
        return path

    def _make(self, path: Path) -> None:
        """Make a repository, or give one that is there our settings."""
        _run(["git", "init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(path)])
        settings = _SETTINGS | {
            "core.hooksPath": str(self._hooks),
            # The git face stops a push that is too large, with words; this is for what would get past it.
            "receive.maxInputSize": str(self._max_push_bytes + _SLACK_BYTES),
            _SETTINGS_NAME: _SETTINGS_NUMBER,
        }
        for name, value in settings.items():
            _run(["git", "config", "--file", str(path / "config"), name, value])

    @staticmethod
    def _sweep(path: Path) -> None:
        """Take away what pushes left in quarantine that were killed; git takes away its own of those that end."""
        for leftover in (path / "objects").glob("tmp_objdir-*"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - leftover.stat().st_mtime > _LEFTOVERS_SECONDS:
                    shutil.rmtree(leftover, ignore_errors=True)

    def read_change(self, app_id: str, commit: str, quarantine: Mapping[str, str]) -> Change:
        """Return what a push of `commit` brings, as long as git keeps it in quarantine."""
        git = Git(self.path(app_id), quarantine)
        return IncomingReader(git, _checked(commit), ("--not", "--all")).change()

    def require_next(self, app_id: str, old: str, new: str, quarantine: Mapping[str, str], *, branch: str = "") -> None:
        """Return when `old` is what main is at and `new` follows it; raise `PushRefusedError` when not.

        A branch may be rewritten; its name must not lead through another's. Git moves refs only after the push was
        reviewed and remembered, so that what it checks itself is asked for before.
        """
        git, name = Git(self.path(app_id), quarantine), branch or MAIN
        kind = git.text("cat-file", "-t", _checked(new)).strip()
        if kind != "commit":
            raise PushRefusedError(
                f"{name} takes a commit, and this is a {kind}",
                hint="push what a tag names: git push origin 'v1^{}:main'",
            )
        try:
            git.text("rev-list", "--count", f"--max-count={MAX_COMMITS + 1}", new, "--not", "--all")
        except GitError as fault:
            raise PushRefusedError(
                "commits before this one are neither here nor in the push, as in a shallow clone",
                hint="git fetch --unshallow, then push again",
            ) from fault
        heads = _heads(git)
        head = heads.get(name, NOTHING)
        if head != old:
            raise PushRefusedError(
                f"somebody else pushed to {name} meanwhile", hint=f"git pull --rebase origin {name}, then push again"
            )
        if branch:
            _require_apart(branch, heads)
            return
        if head != NOTHING and git.text("rev-list", "--max-count=1", head, "--not", _checked(new)):
            raise PushRefusedError(
                "this push would rewrite main, and its history is kept",
                hint="git pull --rebase origin main, then push without --force",
            )

    def brought(self, app_id: str, commit: str, quarantine: Mapping[str, str]) -> list[Commit]:
        """Return the commits that a push brings, newest first; at least the one that it is of."""
        git = Git(self.path(app_id), quarantine)
        try:
            found = _commits(git, f"--max-count={MAX_COMMITS}", _checked(commit), "--not", "--all")
        except TooMuchOutputError:
            found = []
        return found or _commits(git, "--max-count=1", commit)

    def blame(self, app_id: str, commit: str, path: str, first: int, last: int) -> list[BlamedLine]:
        """Return lines of a file with the commits that brought them."""
        return blame(Git(self.path(app_id), {}), _checked(commit), path, first, last)

    def first_with(self, app_id: str, commit: str, tips: Sequence[str]) -> str:
        """Return the first of commits, in order, that leads to an earlier one; empty when none does."""
        git = Git(self.path(app_id), {})
        older = set(git.text("rev-list", _checked(commit)).split()) - {commit}
        return next((tip for tip in tips if tip not in older), "")

    def files(self, app_id: str, commit: str) -> list[TreeFile]:
        """Return the files of a commit that was accepted."""
        return read_files(Git(self.path(app_id), {}), _checked(commit))

    def paths(self, app_id: str, commit: str) -> list[str]:
        """Return the paths of the plain files of a commit that was accepted, in order."""
        entries, _ = Git(self.path(app_id), {}).entries(_checked(commit))
        return sorted(entry.path.decode(errors="backslashreplace") for entry in entries if entry.kind == "blob")

    def content(self, app_id: str, commit: str, path: str, most_bytes: int) -> bytes | None:
        """Return a file of a commit that was accepted; None when there is none, or it is larger than is wanted."""
        git = Git(self.path(app_id), {})
        entries, objects = git.entries(_checked(commit))
        for entry, name in zip(entries, objects, strict=True):
            if entry.path.decode(errors="backslashreplace") == path and entry.kind == "blob":
                return next(git.blobs([name])) if entry.size <= most_bytes else None
        return None

    def check(self, app_id: str) -> None:
        """Return when everything that main leads to is here and whole; raise `GitError` with git's words otherwise."""
        Git(self.path(app_id), {}).text("fsck", "--connectivity-only", "--no-dangling", "--no-progress")

    def head(self, app_id: str, branch: str = "") -> str:
        """Return the commit that main (or a branch) is at, or `NOTHING`."""
        return _heads(Git(self.path(app_id), {})).get(branch or MAIN, NOTHING)

    def keep(self, app_id: str, commit: str) -> None:
        """Keep a commit that was taken, and what leads to it, whatever becomes of its branch."""
        Git(self.path(app_id), {}).text("update-ref", f"{_KEPT}{_checked(commit)}", commit)

    def between(self, app_id: str, old: str, new: str) -> frozenset[str]:
        """Return the commits that lead to one, without those that lead to another (empty: all of them)."""
        without = ("--not", _checked(old)) if old else ()
        return frozenset(Git(self.path(app_id), {}).text("rev-list", _checked(new), *without).split())

    def first_after(self, app_id: str, commit: str, tips: Sequence[str]) -> str:
        """Return the first of commits, in order, each of which leads to the next, that a commit leads to; or empty."""
        if not tips:
            return ""
        git = Git(self.path(app_id), {})
        later = {commit, *git.text("rev-list", "--ancestry-path", f"{_checked(commit)}..{_checked(tips[-1])}").split()}
        return next((tip for tip in tips if tip in later), "")

    def tree_of(self, app_id: str, commit: str) -> str:
        """Return the id of the tree of a commit."""
        return Git(self.path(app_id), {}).text("rev-parse", "--verify", f"{_checked(commit)}^{{tree}}").strip()

    def move(self, app_id: str, old: str, new: str, branch: str = "") -> None:
        """Move main (or a branch) from one commit to another that is here; raise `GitError` when it is elsewhere."""
        Git(self.path(app_id), {}).text("update-ref", ref_of(branch), _checked(new), _checked(old))

    def commits(self, app_id: str, commit: str, limit: int = 30) -> list[Commit]:
        """Return a commit and those before it, newest first."""
        return _commits(Git(self.path(app_id), {}), f"--max-count={limit}", _checked(commit))

    def diff(self, app_id: str, old: str, new: str) -> str:
        """Return the unified diff between two commits; an empty `old` stands for nothing at all."""
        git = Git(self.path(app_id), {})
        base = _checked(old) if old else git.text("hash-object", "-t", "tree", "/dev/null").strip()
        # Names as they are, but for signs that would break a line.
        return git.text(
            "-c",
            "core.quotePath=false",
            "diff",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--no-renames",
            base,
            _checked(new),
            "--",
        )


def _heads(git: Git) -> dict[str, str]:
    """Return the commit of every branch, by its name."""
    listing = git.text("for-each-ref", "--format=%(objectname) %(refname)", HEADS).split("\n")
    found = (line.partition(" ") for line in listing if line)
    return {name.removeprefix(HEADS): commit for commit, _, name in found}


def _require_apart(branch: str, heads: Mapping[str, str]) -> None:
    """Return when git can keep a branch beside the others: a name is no folder of another's."""
    for other in heads:
        if other.startswith(f"{branch}/") or branch.startswith(f"{other}/"):
            raise PushRefusedError(
                f"'{branch}' cannot be beside the branch '{other}': one name leads through the other",
                hint=f"choose another name, or delete that branch: git push --delete origin {other}",
            )


def _commits(git: Git, *wanted: str) -> list[Commit]:
    # Separated by NUL, which is in no commit: whoever wrote a message does not make a record of their own with it.
    form = "%H%x00%T%x00%ct%x00%an <%ae>%x00%s%x00%b"
    text = git.text("log", "-z", "--no-mailmap", f"--format={form}", *wanted, "--")
    facts = text.split("\0")
    return [
        Commit(facts[at], facts[at + 1], int(facts[at + 2]), *facts[at + 3 : at + 6])
        for at in range(0, len(facts) - _FACTS + 1, _FACTS)
    ]


def _is_whole(path: Path) -> bool:
    """Return whether a repository is there with all of its settings; the one looked for is written last."""
    try:
        return f"settings = {_SETTINGS_NUMBER}" in (path / "config").read_text()
    except FileNotFoundError:
        return False


def _checked(commit: str) -> str:
    if not _OBJECT.fullmatch(commit):
        raise GitError("this is not the id of a commit")
    return commit


def _run(command: Sequence[str]) -> None:
    with running(command, {}):
        pass
