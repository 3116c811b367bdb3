"""The edits that findings offer: shown as a difference, and written into a folder where somebody agrees."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bailiwick.control.review import Edit, Finding

_SHOWN = 12
_LONGEST = 160


def edit_lines(edit: "Edit", text: str) -> Iterator[str]:
    """Yield an edit of a file as lines of a difference; `text` is the file as it is."""
    lines = text.splitlines()
    yield f"    edit {_plain(edit.path)}:{edit.first}"
    shown = [f"    - {line}" for line in lines[edit.first - 1 : edit.last]]
    shown += [f"    + {line}" for line in edit.text.split("\n")] if edit.text else []
    yield from (_plain(line[:_LONGEST]) for line in shown[:_SHOWN])
    if len(shown) > _SHOWN:
        yield f"    and {len(shown) - _SHOWN} lines more"


def _plain(line: str) -> str:
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in line)


def mend(folder: Path, findings: Sequence["Finding"], agree: Callable[["Finding", str], bool]) -> int:
    """Write the edits that are agreed to; return how many. Of edits that meet in a line the first is written.

    Only regular files inside the folder are written, never through a link.
    """
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.edit is not None and not finding.commit:
            by_path.setdefault(finding.edit.path, []).append(finding)
    return sum(_mend_file(folder, path, items, agree) for path, items in by_path.items())


def _mend_file(folder: Path, path: str, findings: Iterable["Finding"], agree: Callable[["Finding", str], bool]) -> int:
    place = folder / path
    inside = place.resolve().is_relative_to(folder.resolve())
    if not inside or place.is_symlink() or not place.is_file():
        return 0
    text = place.read_bytes().decode()
    taken: list[Edit] = []
    for finding in findings:
        edit = finding.edit
        if edit is None or any(_meet(edit, other) for other in taken):
            continue
        if agree(finding, text):
            taken.append(edit)
    if taken:
        # In bytes, so that line ends stay what they are.
        place.write_bytes(_written(text, taken).encode())
    return len(taken)


def _meet(one: "Edit", other: "Edit") -> bool:
    """Return whether two edits touch the same lines, or are put into the same place."""
    first, last = max(one.first, other.first), min(max(one.last, one.first), max(other.last, other.first))
    return first <= last


def _written(text: str, edits: Sequence["Edit"]) -> str:
    lines = text.splitlines(keepends=True)
    end = "\r\n" if "\r\n" in text else "\n"
    for edit in sorted(edits, key=lambda item: -item.first):
        if lines and edit.first > len(lines) and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += end
        new = [f"{line}{end}" for line in edit.text.split("\n")] if edit.text else []
        lines[edit.first - 1 : max(edit.last, edit.first - 1)] = new
    return "".join(lines)
