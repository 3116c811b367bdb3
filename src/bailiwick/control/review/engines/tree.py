"""The shape of the tree: entries that could climb out of it, hide in it, or are too much of it."""

import unicodedata
from collections.abc import Iterator

from bailiwick.control.review.engines.secrets.unpacking import ArchiveTooLargeError, Budget, unpacked
from bailiwick.control.review.model import Change, Entry, Finding, PushedBlob, Surroundings
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import is_safe_path

MAX_FILES = 20_000
MAX_FILE_BYTES = 5 * 2**20
_COMPILED_NAMES = (".pyc", ".pyo", ".so", ".pyd", ".dll", ".dylib", ".node", ".class")
# ELF; Mach-O in its four forms and the fat one, which Java's classes share.
_COMPILED_MARKS = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa", b"\xca\xfe\xba\xbe")


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield findings about entries; every problem of one kind once for each entry."""
    if len(change.entries) > MAX_FILES:
        message = f"the tree holds {len(change.entries):,} files; {MAX_FILES:,} are the most"
        yield Finding(rule("too-many-files"), ".", 0, message)
        return
    for item in change.unread:
        yield Finding(rule(item.rule), item.path, 0, item.words, commit=item.commit)
    for entry in change.entries:
        yield from _check_entry(entry)
    yield from _archives(change)
    yield from _compiled(change)
    yield from _alike(change)


def _alike(change: Change) -> Iterator[Finding]:
    """Yield a finding for each path that some file systems, and Python's imports, do not tell from another one."""
    seen: dict[str, set[str]] = {}
    paths = {entry.path.decode(errors="backslashreplace"): entry for entry in change.entries}
    for path in paths:
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            place = "/".join(parts[:end])
            seen.setdefault(_folded(place), set()).add(place)
    for path, entry in paths.items():
        parts = path.split("/")
        if any(len(seen[_folded("/".join(parts[:end]))]) > 1 for end in range(1, len(parts) + 1)):
            message = "another path differs from this one in case or in the form of letters only"
            yield Finding(rule("path-leaves-tree"), _show(entry), 0, message)


def _folded(path: str) -> str:
    return unicodedata.normalize("NFKC", path).casefold()


def _archives(change: Change) -> Iterator[Finding]:
    """Yield a finding for each archive, in the tip or an earlier commit, that cannot be looked into."""
    blobs = [PushedBlob("", file.path, file.content) for file in change.files]
    budget = Budget()
    for blob in [*blobs, *_earlier(change)]:
        try:
            for _ in unpacked(blob.content, budget):
                pass
        except ArchiveTooLargeError as fault:
            yield Finding(rule("archive-not-readable"), blob.path, 0, str(fault), commit=blob.commit)
            if budget.spent:
                return


def _earlier(change: Change) -> list[PushedBlob]:
    """Return the blobs that are not those of the tip."""
    tip = {(file.path, file.content) for file in change.files}
    return [blob for blob in change.history if (blob.path, blob.content) not in tip]


def _compiled(change: Change) -> Iterator[Finding]:
    """Yield a finding for each file that runs without a source: Python takes a cached module without a look at it."""
    for file in change.files:
        if file.path.lower().endswith(_COMPILED_NAMES) or file.content.startswith(_COMPILED_MARKS):
            yield Finding(rule("compiled-code"), file.path, 0, f"{file.path.rpartition('/')[2]} is compiled")


def _check_entry(entry: Entry) -> Iterator[Finding]:
    shown = _show(entry)
    if entry.kind == "commit":
        yield Finding(rule("submodule"), shown, 0, f"{shown} is a submodule")
    if entry.mode == "120000":
        yield Finding(rule("symlink"), shown, 0, f"{shown} is a symbolic link")
    if entry.size > MAX_FILE_BYTES:
        size = f"{entry.size / 2**20:.1f} MiB"
        yield Finding(
            rule("file-too-large"), shown, 0, f"{shown} has {size}; {MAX_FILE_BYTES // 2**20} MiB are the most"
        )
    try:
        path = entry.path.decode()
    except UnicodeDecodeError:
        yield Finding(rule("name-not-utf8"), shown, 0, "the name is not UTF-8")
        return
    parts = path.lower().split("/")
    if not is_safe_path(path) or ".git" in parts or any(part.endswith((".", " ")) for part in parts):
        yield Finding(rule("path-leaves-tree"), shown, 0, f"{shown} is not a plain path inside the tree")


def _show(entry: Entry) -> str:
    return entry.path.decode(errors="backslashreplace").encode("unicode_escape").decode()[:200]
