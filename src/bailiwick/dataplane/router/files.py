"""Static files of a release: what a request for one is answered with.

They are found by their whole paths among the bytes that were verified; no path ever reaches a disk. So no `..`, link,
encoded slash or listing leads anywhere: what is not a key here is not there.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from bailiwick.core.encodings import ENDS, is_copy, taken_by
from bailiwick.core.static_site import StaticSection
from bailiwick.dataplane.router.content_types import content_type_of
from bailiwick.dataplane.router.pages import Page
from bailiwick.dataplane.router.ranges import RangeError, range_of
from bailiwick.dataplane.router.wire import Headers, RequestHead

_READS = frozenset({"GET", "HEAD"})
# What is found under them by programs (RFC 8615); everything else that begins with a dot is nobody's to see.
_WELL_KNOWN = ".well-known"
_NOT_FOUND = "404.html"
# What would be read in two ways: a slash or backslash that is part of a name.
_AMBIGUOUS = re.compile(r"%2f|%5c|\\", re.IGNORECASE)
# A hash as bundlers write it into a name, before its last ending: hex digits, or letters of both cases and digits.
_HASHED = re.compile(r"[.-]([\w-]{8,64})\.(?:\w+\.)?\w+$")
_HEX = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{8,64}")
_MIXED = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[\w-]{8,64}")
# Answers are for whoever is signed in, and a shared cache would go on after the app was stopped.
_FOR_EVER, _ASK_AGAIN, _NEVER = b"private, max-age=31536000, immutable", b"private, no-cache", b"no-store"
_REASONS = {200: b"OK", 206: b"Partial Content", 304: b"Not Modified", 308: b"Permanent Redirect", 404: b"Not Found"}


class FileAnswer(NamedTuple):
    """An answer with a file, or about one; `body` is a view of the release's own bytes."""

    status: int
    headers: Headers
    body: memoryview

    @property
    def reason(self) -> bytes:
        """The reason phrase of the status."""
        return _REASONS[self.status]


@dataclass(frozen=True, slots=True)
class _Body:
    """Bytes as they are sent: of a file, or of its compressed copy."""

    content: bytes
    tag: bytes
    encoding: bytes = b""


@dataclass(frozen=True, slots=True)
class _File:
    plain: _Body
    kind: bytes
    cache: bytes
    copies: Mapping[str, _Body] = field(default_factory=dict)

    def body_for(self, head: RequestHead) -> _Body:
        """Return the smallest copy that whoever asks takes; parts are those of the file itself."""
        if not self.copies or b"range" in head.first:
            return self.plain
        taken = taken_by(head.get(b"accept-encoding"))
        fitting = [body for encoding, body in self.copies.items() if encoding in taken]
        return min(fitting, key=lambda body: len(body.content), default=self.plain)


class StaticFiles:
    """The files of one release. `passes_on` says that the app answers what is none of them."""

    def __init__(self, section: StaticSection, files: Mapping[str, bytes], *, passes_on: bool) -> None:
        """Take a release's files by path; those outside of the section's folder are not taken in."""
        self._section = section
        self._prefix = section.prefix.rstrip("/")
        self._passes_on = passes_on
        self._policy = section.content_security_policy.encode()
        self._files = dict(_taken_in(section, files))

    def answer(self, head: RequestHead) -> FileAnswer | Page | None:
        """Return the answer to a request, or None when it is the app's to answer."""
        path = _plain(head.target.partition("?")[0])
        inside = self._inside(path if path is not None else head.path)
        if inside is None:
            return None
        found = self._found(path, inside)
        if found is None and self._passes_on:
            return None
        if head.method not in _READS:
            return None if self._passes_on else _not_taken()
        if head.length != 0:
            return None if self._passes_on else Page(400, "What asks for a file has no body.")
        return self._answer(head, path, found)

    def _inside(self, path: str) -> str | None:
        """Return the path below the prefix, None when it is not there."""
        if path == self._prefix or not path.startswith(f"{self._prefix}/"):
            return "" if path == self._prefix else None
        return path[len(self._prefix) + 1 :]

    def _found(self, path: str | None, inside: str) -> "_File | str | None":
        """Return the file of a path, or where it moved to: a folder's address ends in a slash."""
        if path is None:
            return None
        index = self._section.index
        if path == self._prefix:
            return f"{path}/" if index in self._files else None
        if inside == "" or inside.endswith("/"):
            return self._files.get(inside + index)
        if f"{inside}/{index}" in self._files and inside not in self._files:
            return f"{path}/"
        return self._files.get(inside) or self._files.get(f"{inside}.html")

    def _answer(self, head: RequestHead, path: str | None, found: "_File | str | None") -> FileAnswer | Page:
        if isinstance(found, str):
            query = head.target.partition("?")[2]
            there = quote(found, safe="/@+~") + (f"?{query}" if query else "")
            return self._of(308, [(b"location", there.encode()), (b"cache-control", _NEVER)], b"")
        if found is None and path is not None and self._section.fallback and "text/html" in head.get(b"accept"):
            found = self._files.get(self._section.fallback)
        return self._with(head, found) if found is not None else self._missing()

    def _missing(self) -> FileAnswer | Page:
        page = self._files.get(self._section.not_found or _NOT_FOUND)
        if page is None:
            return Page(
                404, "There is nothing at this address.", "Check it, or begin at the front page.", title="Not found"
            )
        return self._of(404, [(b"content-type", page.kind), (b"cache-control", _NEVER)], page.plain.content)

    def _with(self, head: RequestHead, file: _File) -> FileAnswer | Page:
        body = file.body_for(head)
        headers = [(b"etag", body.tag), (b"cache-control", file.cache), (b"accept-ranges", b"bytes")]
        headers += [(b"vary", b"accept-encoding")] if file.copies else []
        if _is_known(head.get(b"if-none-match"), body.tag.decode()):
            return self._of(304, headers, None)
        headers += [(b"content-type", file.kind)]
        headers += [(b"content-encoding", body.encoding)] if body.encoding else []
        try:
            part = range_of(head, len(body.content), body.tag.decode())
        except RangeError:
            whole = (b"content-range", b"bytes */%d" % len(body.content))
            return Page(416, "There is no such part of this file.", title="No such part", headers=(whole,))
        if part is None:
            return self._of(200, headers, body.content)
        headers.append((b"content-range", b"bytes %d-%d/%d" % (part.start, part.stop - 1, len(body.content))))
        return self._of(206, headers, memoryview(body.content)[part.start : part.stop])

    def _of(self, status: int, headers: Headers, body: bytes | memoryview | None) -> FileAnswer:
        """Return an answer with the headers that all have; without a body at all, no length is told."""
        length = [(b"content-length", b"%d" % len(body))] if body is not None else []
        always = [
            (b"content-security-policy", self._policy),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
        ]
        return FileAnswer(status, [*headers, *length, *always], memoryview(body or b""))


def _plain(target: str) -> str | None:
    """Return the path of a target where it can be read in one way only, and names no hidden file."""
    if _AMBIGUOUS.search(target):
        return None
    try:
        path = unquote_to_bytes(target).decode()
    except UnicodeDecodeError:
        return None
    names = path.split("/")[1:]
    if not path.isprintable() or any(name in {"", ".", ".."} for name in names[:-1]) or names[-1] in {".", ".."}:
        return None
    return path


def _taken_in(section: StaticSection, files: Mapping[str, bytes]) -> Iterator[tuple[str, _File]]:
    """Yield the files that are served, by their paths below the folder."""
    start = f"{section.folder}/"
    own = {path.removeprefix(start): content for path, content in files.items() if path.startswith(start)}
    for path, content in own.items():
        names = path.split("/")
        if any(name.startswith(".") for name in (names[1:] if names[0] == _WELL_KNOWN else names)):
            continue
        copies = {
            encoding: _Body(own[path + end], _tag(own[path + end]), encoding.encode())
            for encoding, end in ENDS.items()
            if path + end in own and is_copy(encoding, own[path + end], content)
        }
        kind = content_type_of(path)
        # What names the others must be asked for each time, or nobody ever gets to see new ones.
        cache = _FOR_EVER if _is_immutable(path, section) and not kind.startswith(b"text/html") else _ASK_AGAIN
        yield path, _File(_Body(content, _tag(content)), kind, cache, copies)


def _tag(content: bytes) -> bytes:
    return b'"%s"' % hashlib.sha256(content).hexdigest()[:32].encode()


def _is_immutable(path: str, section: StaticSection) -> bool:
    """Tell whether a file never changes under its name: it is said so, or its name carries a hash."""
    if any(path.startswith(f"{folder}/") for folder in section.immutable):
        return True
    found = _HASHED.search(path.rpartition("/")[2])
    return found is not None and any(pattern.fullmatch(part) for part in _parts(found[1]) for pattern in (_HEX, _MIXED))


def _parts(name: str) -> tuple[str, str]:
    """Return what may be the hash in the end of a name: all of it, as hashes may hold dashes, or what comes last."""
    return name, name.rpartition("-")[2]


def _is_known(if_none_match: str, tag: str) -> bool:
    """Tell whether whoever asks has it already (RFC 9110 section 13.1.2, weak comparison)."""
    said = (item.strip().removeprefix("W/") for item in if_none_match.split(","))
    return if_none_match.strip() == "*" or tag in said


def _not_taken() -> Page:
    return Page(405, "Files can only be read.", headers=((b"allow", b"GET, HEAD"),))
