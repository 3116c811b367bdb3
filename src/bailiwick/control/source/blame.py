"""Which commit a line comes from: git's own blame, asked for single lines of one file at one commit."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.control.source.errors import GitError
from bailiwick.control.source.plumbing import Git
from bailiwick.core.artifacts import is_safe_path
from bailiwick.core.errors import NotFoundError

MOST_LINES = 5000
_HEAD = re.compile(r"([0-9a-f]{40}) (\d+) (\d+)(?: \d+)?")


@dataclass(frozen=True, slots=True)
class BlamedLine:
    """A line of a file, its text, and the commit that brought it; `was` is its number in that commit."""

    number: int
    text: str
    commit: str
    was: int


def blame(git: Git, commit: str, path: str, first: int, last: int) -> list[BlamedLine]:
    """Return lines of a file as they stand at a commit, from `first` to `last` (from 1, both included).

    Raises `NotFoundError` when there is no such file or line. Renamed lines are followed in the file only: what moved
    between files is blamed on the commit that moved it. Git reads no configuration here and runs no converter.
    """
    if not is_safe_path(path) or not 1 <= first <= last < first + MOST_LINES:
        raise NotFoundError(f"there is no line {first} of '{path[:120]}' in this revision")
    wanted = ("--porcelain", "--no-textconv", "-L", f"{first},{last}", commit, "--", path)
    try:
        text = git.output("blame", *wanted).decode(errors="replace")
    except GitError as fault:
        raise NotFoundError(
            f"there is no line {first} of '{path[:120]}' in {commit[:12]}",
            hint="name a file of the app and a line of it",
        ) from fault
    return list(_lines(text))


def _lines(porcelain: str) -> Iterator[BlamedLine]:
    """Yield lines from git's porcelain form: a head with ids and numbers, facts, then the line behind a tab."""
    head: re.Match[str] | None = None
    for line in porcelain.split("\n"):
        if line.startswith("\t") and head is not None:
            yield BlamedLine(int(head[3]), line[1:], head[1], int(head[2]))
            head = None
        elif head is None:
            head = _HEAD.fullmatch(line)
