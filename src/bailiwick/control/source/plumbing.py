"""Git's plumbing commands on one repository, in an environment of our own, with an end to all that they may print.

What is read was pushed by somebody: a few kilobytes of trees can list for ever, and a small pack inflate to more than
there is memory.
"""

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bailiwick.control.review import Entry
from bailiwick.control.source.errors import GitError, TooMuchOutputError

_SECONDS = 120
_MOST_OUTPUT_BYTES = 64 * 2**20
_MOST_LISTING_BYTES = 16 * 2**20
_PIECE = 2**20


class Git:
    """Plumbing commands on one repository."""

    def __init__(self, path: Path, quarantine: Mapping[str, str]) -> None:
        self._path = path
        self._quarantine = quarantine

    def text(self, *arguments: str, stdin: str = "") -> str:
        """Return what a command prints, as text; raise `GitError` with its words when it fails."""
        return self.output(*arguments, stdin=stdin.encode()).decode(errors="replace")

    def output(self, *arguments: str, stdin: bytes = b"", most_bytes: int = _MOST_OUTPUT_BYTES) -> bytes:
        """Return what a command prints; raise `GitError` with its words when it fails or prints too much."""
        pieces: list[bytes] = []
        total = 0
        with self._running(arguments, stdin) as printed:
            while piece := printed.read(_PIECE):
                pieces.append(piece)
                total += len(piece)
                if total > most_bytes:
                    raise TooMuchOutputError(f"git {arguments[0]} printed more than {most_bytes // 2**20} MiB")
        return b"".join(pieces)

    def entries(self, commit: str) -> tuple[tuple[Entry, ...], list[str]]:
        """Return the entries of a commit's tree and their object ids."""
        listing = self.output("ls-tree", "-r", "-z", "-l", "--full-tree", commit, most_bytes=_MOST_LISTING_BYTES)
        entries, objects = [], []
        for record in listing.split(b"\0"):
            if record:
                facts, _, path = record.partition(b"\t")
                mode, kind, name, size = facts.decode().split()
                entries.append(Entry(path, mode, kind, int(size) if size.isdigit() else 0))
                objects.append(name)
        return tuple(entries), objects

    def sizes(self, names: Sequence[str]) -> Iterator[tuple[str, str, int]]:
        """Yield id, kind and size of objects; the kind of one that is not there is `missing`."""
        if not names:
            return
        form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
        for line in self.text("cat-file", form, stdin="\n".join(names) + "\n").splitlines():
            name, kind, *size = line.split()
            yield name, kind, int(size[0]) if size else 0

    def blobs(self, names: Sequence[str]) -> Iterator[bytes]:
        """Yield the contents of blobs, one after the other; the caller knows their sizes and what it can hold."""
        if not names:
            return
        with self._running(("cat-file", "--batch"), "\n".join(names).encode() + b"\n") as printed:
            for _ in names:
                facts = printed.readline().split()
                if len(facts) != 3:  # noqa: PLR2004 - id, kind, size
                    raise GitError("git has no such object")
                content = printed.read(int(facts[2]))
                printed.read(1)
                yield content

    def quarantined(self) -> list[str]:
        """Return every object that a push brought, whether anything leads to it or not."""
        place = self._quarantine.get("GIT_QUARANTINE_PATH")
        if place is None:
            return []
        alone = Git(self._path, {"GIT_OBJECT_DIRECTORY": place})
        listing = ("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
        return alone.text(*listing).split()

    def without_quarantine(self) -> "Git":
        """Return the same repository as it is without the push."""
        return Git(self._path, {})

    @contextmanager
    def _running(self, arguments: Sequence[str], stdin: bytes) -> Iterator[IO[bytes]]:
        """Give what a command prints; afterwards it has ended, and raise `GitError` when it failed."""
        command = ["git", "--git-dir", str(self._path), *arguments]
        with running(command, self._quarantine, stdin) as printed:
            yield printed


@contextmanager
def running(command: Sequence[str], quarantine: Mapping[str, str], stdin: bytes = b"") -> Iterator[IO[bytes]]:
    """Run git and give what it prints; whatever happens, it has ended afterwards."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(stdin)
        given.seek(0)
        try:
            process = subprocess.Popen(
                command, stdin=given, stdout=subprocess.PIPE, stderr=said, env=git_environment(quarantine)
            )
        except OSError as fault:
            raise GitError("git does not answer", hint="install git 2.39 or newer") from fault
        assert process.stdout is not None  # noqa: S101 - asked for
        clock = threading.Timer(_SECONDS, process.kill)
        clock.start()
        try:
            with process.stdout as printed:
                yield printed
                # What was not wanted is not waited for: a closed pipe would end git with a fault of its own.
                done = not printed.read(1)
            code = process.wait() if done else 0
        finally:
            clock.cancel()
            process.kill()
            process.wait()
        if code < 0:
            raise GitError("git took too long", hint="push less at once")
        if code != 0:
            said.seek(max(0, said.seek(0, os.SEEK_END) - 300))
            raise GitError(f"git failed: {said.read().decode(errors='replace').strip()}")


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
