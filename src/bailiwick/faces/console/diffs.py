"""Diffs as pages show them: a unified diff of git, file by file, each line with its numbers and colours."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from bailiwick.core.manifest import FILE_NAME
from bailiwick.faces.console.highlighting import code_lines

MOST_LINES = 6000
_OPEN_UP_TO = 120
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)")
_NOTES = ("new file mode", "deleted file mode", "old mode", "new mode", "Binary files")
LineKind = Literal["plus", "minus", "same"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its number before and after (None where it is not), its sign and its code."""

    kind: LineKind
    sign: str
    old: int | None
    new: int | None
    code: Markup


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that stand together; `words` is what git says they are in."""

    words: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What changes in a file. `opened` is whether it is shown before anybody asks."""

    path: str
    added: int
    removed: int
    notes: tuple[str, ...]
    hunks: tuple[Hunk, ...]
    opened: bool


@dataclass(frozen=True, slots=True)
class DiffView:
    """A whole diff; `left_out` names the files that were too much to show."""

    files: tuple[FileDiff, ...]
    left_out: tuple[str, ...]
    glance: str


def diff_view(text: str) -> DiffView:
    """Return a unified diff of git as a page shows it: the manifest first, for what an app may do stands there."""
    # Split at line feeds only: other characters that end a line for Python may stand inside one of git's lines.
    parts = re.split(r"^diff --git ", text, flags=re.MULTILINE)[1:]
    found = sorted((_parse(part.split("\n")) for part in parts), key=lambda file: (file.path != FILE_NAME, file.path))
    shown: list[FileDiff] = []
    left_out: list[str] = []
    lines = 0
    for file in found:
        lines += file.added + file.removed
        if lines > MOST_LINES:
            left_out.append(file.path)
        else:
            shown.append(file)
    added, removed = sum(file.added for file in found), sum(file.removed for file in found)
    files = "1 file" if len(found) == 1 else f"{len(found)} files"
    return DiffView(tuple(shown), tuple(left_out), f"{files}, {added} lines added, {removed} removed")


def _parse(lines: list[str]) -> FileDiff:
    path = _path(lines)
    notes = tuple(line[:120] for line in lines[1:6] if line.startswith(_NOTES))
    hunks = tuple(_hunks(path, lines))
    every = [line for hunk in hunks for line in hunk.lines]
    added = sum(line.kind == "plus" for line in every)
    removed = sum(line.kind == "minus" for line in every)
    return FileDiff(path, added, removed, notes, hunks, path == FILE_NAME or added + removed <= _OPEN_UP_TO)


def _path(lines: list[str]) -> str:
    names = lines[0].strip('"')
    half = names[len(names) // 2 + 1 :]  # "a/PATH b/PATH": there are no renames, so both are the same
    return half.strip('"').removeprefix("b/")


def _hunks(path: str, lines: list[str]) -> Iterator[Hunk]:
    place = 0
    while place < len(lines):
        head = _HUNK.match(lines[place])
        place += 1
        if head is None:
            continue
        olds, news = int(head[2] or 1), int(head[4] or 1)
        body: list[str] = []
        while place < len(lines) and (olds > 0 or news > 0):
            line = lines[place]
            place += 1
            olds -= line[:1] in {"-", " "}
            news -= line[:1] in {"+", " "}
            if line[:1] in {"+", "-", " "}:
                body.append(line)
        yield Hunk(head[5].strip(), tuple(_numbered(path, body, int(head[1]), int(head[3]))))


def _numbered(path: str, body: list[str], old: int, new: int) -> Iterator[Line]:
    before = iter(code_lines(path, [line[1:] for line in body if line[0] != "+"]))
    after = iter(code_lines(path, [line[1:] for line in body if line[0] != "-"]))
    for line in body:
        if line[0] == "+":
            yield Line("plus", "+", None, new, next(after))
            new += 1
        elif line[0] == "-":
            yield Line("minus", "-", old, None, next(before))
            old += 1
        else:
            next(before)
            yield Line("same", " ", old, new, next(after))
            old, new = old + 1, new + 1
