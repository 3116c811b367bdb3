"""Diffs as pages show them: a unified diff of git, file by file, each line with its numbers and colours."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal
from urllib.parse import urlencode

from markupsafe import Markup

from bailiwick.control.review import StoredFinding
from bailiwick.core.manifest import FILE_NAME
from bailiwick.faces.console.highlighting import code_lines

MOST_LINES = 6000
# How a page is asked for its diff side by side.
SPLIT = "split"
_OPEN_UP_TO = 120
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)")
_ESCAPED = re.compile(rb'\\([abfnrtv"\\]|[0-7]{3})')
_ESCAPES = {
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
    b'"': b'"',
    b"\\": b"\\",
}
_NOTES = ("new file mode", "deleted file mode", "old mode", "new mode", "Binary files")
LineKind = Literal["plus", "minus", "same"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its number before and after (None where it is not), its sign and its code, and what was found in it."""

    kind: LineKind
    sign: str
    old: int | None
    new: int | None
    code: Markup
    findings: tuple[StoredFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that stand together; `words` is what git says they are in, `skipped` how many lines before are the same."""

    words: str
    lines: tuple[Line, ...]
    skipped: int = 0

    @property
    def sides(self) -> tuple[tuple[Line | None, Line | None], ...]:
        """The lines as they stand side by side, before and after; None where one side has nothing."""
        return tuple(_sides(self.lines))


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What changes in a file. `opened` is whether it is shown before anybody asks, `anchor` its place in the page;
    `found` are findings in lines of it that did not change.
    """

    path: str
    added: int
    removed: int
    notes: tuple[str, ...]
    hunks: tuple[Hunk, ...]
    opened: bool
    anchor: str = ""
    found: tuple[StoredFinding, ...] = ()

    @property
    def findings(self) -> int:
        """How many findings the file has."""
        return len(self.found) + sum(len(line.findings) for hunk in self.hunks for line in hunk.lines)


@dataclass(frozen=True, slots=True)
class DiffView:
    """A whole diff; `left_out` names the files that were too much to show, `elsewhere` is what was found in files that
    did not change.
    """

    files: tuple[FileDiff, ...]
    left_out: tuple[str, ...]
    glance: str
    elsewhere: tuple[StoredFinding, ...] = ()


def diff_view(text: str, findings: Sequence[StoredFinding] = (), *, only: str = "") -> DiffView:
    """Return a unified diff of git as a page shows it: the manifest first, for what an app may do stands there.

    Findings stand at their lines. With `only`, one file is shown, however many others there are.
    """
    # Split at line feeds only: other characters that end a line for Python may stand inside one of git's lines.
    parts = re.split(r"^diff --git ", text, flags=re.MULTILINE)[1:]
    found = sorted((_parse(part.split("\n")) for part in parts), key=lambda file: (file.path != FILE_NAME, file.path))
    if only:
        found = [replace(file, opened=True) for file in found if file.path == only]
    shown: list[FileDiff] = []
    left_out: list[str] = []
    lines = 0
    for file in found:
        lines += file.added + file.removed
        if lines > MOST_LINES:
            left_out.append(file.path)
        else:
            shown.append(_with_findings(replace(file, anchor=f"f{len(shown) + 1}"), findings))
    added, removed = sum(file.added for file in found), sum(file.removed for file in found)
    files = "1 file" if len(found) == 1 else f"{len(found)} files"
    paths = {file.path for file in found}
    elsewhere = () if only else tuple(item for item in findings if item.path not in paths)
    return DiffView(tuple(shown), tuple(left_out), f"{files}, {added} lines added, {removed} removed", elsewhere)


def view_links(page: str, view: str, file: str) -> dict[str, str]:
    """Return where a page's diff is shown the other way, and where one file of it is shown alone (its path follows)."""
    other = {} if view == SPLIT else {"view": SPLIT}
    only = {"file": file} if file else {}
    query = urlencode({**other, **only})
    way = urlencode({"view": SPLIT} if view == SPLIT else {})
    return {"switch": f"{page}?{query}" if query else page, "alone": f"{page}?{way}{'&' if way else ''}file="}


def _with_findings(file: FileDiff, findings: Sequence[StoredFinding]) -> FileDiff:
    # What was found in an earlier commit of a push has that commit's line numbers.
    by_line: dict[int, list[StoredFinding]] = {}
    for item in findings:
        if item.path == file.path:
            by_line.setdefault(0 if item.commit else item.line, []).append(item)
    if not by_line:
        return file
    hunks = tuple(
        replace(
            hunk,
            lines=tuple(
                replace(line, findings=tuple(by_line.pop(line.new, ()))) if line.new is not None else line
                for line in hunk.lines
            ),
        )
        for hunk in file.hunks
    )
    rest = tuple(item for line in sorted(by_line) for item in by_line[line])
    return replace(file, hunks=hunks, found=rest, opened=True)


def _sides(lines: Sequence[Line]) -> Iterator[tuple[Line | None, Line | None]]:
    """Yield lines side by side: those taken out stand beside those that came in their place."""
    before: list[Line] = []
    after: list[Line] = []
    for line in lines:
        if line.kind == "minus" and not after:
            before.append(line)
        elif line.kind == "plus":
            after.append(line)
        else:
            yield from zip_longest(before, after)
            before, after = ([line], []) if line.kind == "minus" else ([], [])
            if line.kind == "same":
                yield line, line
    yield from zip_longest(before, after)


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
    path = half.strip('"').removeprefix("b/")
    return _unquoted(path) if lines[0].startswith('"') else path


def _unquoted(name: str) -> str:
    """Return a name that git quoted, as it does with control characters, quotes and backslashes."""
    raw = _ESCAPED.sub(lambda found: _ESCAPES.get(found[1]) or bytes([int(found[1], 8) & 255]), name.encode())
    return raw.decode(errors="backslashreplace")


def _hunks(path: str, lines: list[str]) -> Iterator[Hunk]:
    place, seen = 0, 0
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
        lines_of_hunk = tuple(_numbered(path, body, int(head[1]), int(head[3])))
        yield Hunk(head[5].strip(), lines_of_hunk, max(int(head[3]) - seen - 1, 0))
        seen = int(head[3]) + int(head[4] or 1) - 1


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
