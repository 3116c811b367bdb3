"""Masking: values that must never be written are replaced wherever the platform writes text.

A value is known in each form that texts write it in, and where lines were broken within it. The search takes time that
is linear in the text, whatever the values are (RE2).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import re2

from bailiwick.core.written_forms import forms_of

MASK = "•••"
_SHORTEST = 6
# So much of a value is looked up to see whether a text breaks off in it.
_BEGINNING = 4
_MOST_MEMORY = 256 * 2**20
# RE2 makes about 60 bytes of each byte that is searched for: more are several searches.
_MOST_SEARCHED = 2**20


def _of_bytes() -> Any:
    """Return how RE2 reads patterns and texts as bytes."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    return options


# Where lines were broken: by whoever wrote them, within strings of code, or as JSON writes it.
_BREAKS = re2.compile(rb"\\?\r?\n[ \t]*|(?:\\r)?\\n[ \t]*", _of_bytes())
_OF_BREAKS = b"\\\r\n \trn"


class Masks(Protocol):
    """What takes out of a text what must never be written."""

    def mask(self, text: str) -> str:
        """Return the text with each known value replaced."""


class Masker:
    """Replaces known secret values in text; it shows none of them itself."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        """Take the secret values; those shorter than six characters are left alone, as masking them would garble."""
        self._forms: dict[bytes, str] = {}
        for value in values:
            if len(value) >= _SHORTEST:
                self._forms |= {form: value for form in forms_of(value) if len(form) >= _SHORTEST}
        self._patterns = [_compiled(part) for part in _parts(self._forms)]
        self._longest = max(map(len, self._forms), default=0)
        self._by_beginning: dict[bytes, list[bytes]] = {}
        for form in self._forms:
            for length in range(1, _BEGINNING + 1):
                self._by_beginning.setdefault(form[:length], []).append(form)
        # Of a value that lines were broken in, this much is left whole.
        left = {form.translate(None, _OF_BREAKS) for form in self._forms}
        self._signs = [_compiled(part) for part in _parts(left)]

    def __repr__(self) -> str:
        return f"Masker({len(set(self._forms.values()))} values)"

    def mask(self, text: str) -> str:
        """Return the text with each known value replaced by `•••`."""
        written = _bytes(text)
        spans = sorted((start, end) for start, end, _ in self._hits(written))
        if not spans:
            return text
        parts, place = [], 0
        for start, end in spans:
            if start >= place:
                parts += [written[place:start], MASK.encode()]
            place = max(place, end)
        return b"".join([*parts, written[place:]]).decode(errors="surrogatepass")

    def places(self, text: str) -> list[tuple[int, int]]:
        """Return where known values begin and end in a text (characters), in order; some may share characters."""
        written = _bytes(text)
        spans = sorted({(start, end) for start, end, _ in self._hits(written)})
        if not spans or len(written) == len(text):
            return spans
        return [(_characters(written[:start]), _characters(written[:end])) for start, end in spans]

    def begun(self, text: str) -> int:
        """Return where a known value begins that a text breaks off in, the text's length where there is none."""
        written = _bytes(text)
        for place in range(max(0, len(written) - self._longest), len(written)):
            end = written[place:]
            if any(form.startswith(end) for form in self._by_beginning.get(end[:_BEGINNING], ())):
                return _characters(written[:place])
        return len(text)

    def found(self, text: str) -> frozenset[str]:
        """Return the known values that stand in the text, in whatever form."""
        return frozenset(self._forms[form] for _, _, form in self._hits(_bytes(text)))

    def finds(self, text: str) -> bool:
        """Return whether a known value stands in the text."""
        return next(self._hits(_bytes(text)), None) is not None

    def _hits(self, written: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yield where a form begins and ends, and which; first as it is, then across lines that were broken."""
        # What is left of a value is in what is left of a text, whether lines were broken in it or not: most texts have
        # none, and are searched once.
        left = written.translate(None, _OF_BREAKS)
        if not any(sign.search(left) for sign in self._signs):
            return
        for pattern in self._patterns:
            for match in pattern.finditer(written):
                yield (*match.span(), match.group())
        if b"\n" in written or b"\\n" in written:
            yield from self._broken_hits(written)

    def _broken_hits(self, written: bytes) -> Iterator[tuple[int, int, bytes]]:
        text = _BREAKS.sub(b"", written)
        whole = None
        for pattern in self._patterns:
            for match in pattern.finditer(text):
                # Where everything was is worked out for the few texts that have a value.
                whole = whole or _Unbroken(written)
                start, end = match.span()
                yield whole.place(start), whole.place(end - 1) + 1, match.group()


class _Unbroken:
    """Knows of a text without its line breaks where each byte of it was."""

    def __init__(self, written: bytes) -> None:
        self._begins, self._was, place, length = [0], [0], 0, 0
        for found in _BREAKS.finditer(written):
            length += found.start() - place
            place = found.end()
            self._begins.append(length)
            self._was.append(place)

    def place(self, index: int) -> int:
        """Return where a byte was."""
        piece = bisect_right(self._begins, index) - 1
        return self._was[piece] + index - self._begins[piece]


def _characters(written: bytes) -> int:
    """Return how many characters begin in bytes (RFC 3629, section 3)."""
    return sum(byte & 0xC0 != 0x80 for byte in written)  # noqa: PLR2004 - likewise


def _bytes(text: str) -> bytes:
    # Half a character (a lone surrogate) is no reason to fail: texts are cut anywhere.
    return text.encode(errors="surrogatepass")


def _parts(forms: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield the forms, the longest first, in lists that one search takes each."""
    part: list[bytes] = []
    size = 0
    for form in sorted(forms, key=lambda form: (-len(form), form)):
        if part and size + len(form) > _MOST_SEARCHED:
            yield part
            part, size = [], 0
        part.append(form)
        size += len(form)
    if part:
        yield part


def _compiled(forms: Iterable[bytes]) -> Any:
    """Return what finds any of the forms, which come first where several match."""
    return re2.compile(b"|".join(bytes(re2.escape(form)) for form in forms), _of_bytes())
