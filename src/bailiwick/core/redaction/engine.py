"""Finds what must not be seen in a text, and replaces it: the same everywhere, from gateways to the command line."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from bailiwick.core.redacting import credentials_in
from bailiwick.core.redaction.found import Found, apart
from bailiwick.core.redaction.personal import personal
from bailiwick.core.redaction.placeholders import Placeholders
from bailiwick.core.redaction.secrets import assigned, formed

Profile = Literal["secrets", "personal", "all"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
# Prose, with what settings and commands look like: text that goes to a model may be anything.
_ANYTHING = "text.md"
_SHORTEST_VALUE = 6
# What is found of a key in PEM (RFC 7468) are the words in its first line.
_KEY_WORDS = (b"PRIVATE KEY", b"PRIVATE KEY BLOCK")


@dataclass(frozen=True, slots=True)
class Span:
    """A value from `start` to `end` (characters of the text), what it is, and what stands in its place."""

    start: int
    end: int
    kind: str
    replacement: str


class Redaction:
    """Redacts text after text; it shows no secret itself. `values` are secrets that are known, `terms` the
    organisation's own words, by what they are. With `strict`, what has the form of a credential counts as one although
    it looks like an example.
    """

    def __init__(
        self,
        profile: Profile = "all",
        values: Iterable[str] = (),
        terms: Iterable[tuple[str, str]] = (),
        *,
        strict: bool = False,
    ) -> None:
        self._profile = profile
        self._strict = strict
        known = {value: "secret" for value in values if len(value) >= _SHORTEST_VALUE}
        self._exact = {term: kind for term, kind in terms if term} | known
        longest_first = sorted(self._exact, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def spans(self, text: str) -> list[Span]:
        """Return what is found in a text, in order, none within another; one value has one replacement in all of it."""
        named = Placeholders(text)
        return [Span(start, end, kind, named.of(kind, text[start:end])) for start, end, kind in self.values(text)]

    def values(self, text: str) -> list[tuple[int, int, str]]:
        """Return the same without replacements: where each value begins and ends (characters), and its kind."""
        # Half a character (a lone surrogate) is no reason to fail: texts are cut anywhere.
        written = text.encode(errors="surrogatepass")
        found = apart(self._found(text, written))
        if not found:
            return []
        places = _characters(text, written, found)
        return [(start, end, item.kind) for item, (start, end) in zip(found, places, strict=True)]

    def redact(self, text: str) -> str:
        """Return a text with each value replaced by what it is and which of its kind, such as `[EMAIL_1]`."""
        kept, place = [], 0
        for span in self.spans(text):
            kept += [text[place : span.start], span.replacement]
            place = span.end
        return "".join(kept) + text[place:] if kept else text

    def _found(self, text: str, written: bytes) -> Iterator[Found]:
        if self._pattern is not None:
            for match in self._pattern.finditer(text):
                begin = len(text[: match.start()].encode(errors="surrogatepass"))
                size = len(match[0].encode(errors="surrogatepass"))
                yield Found(begin, begin + size, self._exact[match[0]])
        if self._profile != "personal":
            yield from _secrets(written)
            if self._strict:
                yield from (Found(start, end, "secret") for start, end in credentials_in(written))
        if self._profile != "secrets":
            yield from personal(written)


def _secrets(written: bytes) -> Iterator[Found]:
    for hit in formed(written):
        begin, end = hit.place, hit.place + len(hit.secret)
        if hit.secret.endswith(_KEY_WORDS):
            begin, end = written.rfind(b"-----BEGIN", 0, begin), _end_of_key(written, end)
        yield Found(max(begin, 0), end, "secret")
    for hit in assigned(written, _ANYTHING):
        yield Found(hit.place, hit.place + len(hit.secret), "secret")


def _end_of_key(written: bytes, place: int) -> int:
    """Return where a private key's last line ends, the end of the text when that is not there."""
    last = written.find(b"-----END", place)
    end = written.find(b"-----", last + 5) if last >= 0 else -1
    return len(written) if end < 0 else end + 5


def _characters(text: str, written: bytes, found: list[Found]) -> list[tuple[int, int]]:
    """Return places in bytes as places in characters."""
    if len(text) == len(written):
        return [(item.start, item.end) for item in found]
    places, byte, character = [], 0, 0
    for item in found:
        both = []
        for place in (_begin_of(written, item.start), _end_of(written, item.end)):
            character += len(written[byte:place].decode(errors="surrogatepass"))
            byte = place
            both.append(character)
        places.append((both[0], both[1]))
    return places


def _begin_of(written: bytes, place: int) -> int:
    """Return where the character begins that a byte is of: patterns may cut one in two."""
    while place < len(written) and written[place] & 0xC0 == 0x80:  # noqa: PLR2004 - RFC 3629, section 3
        place -= 1
    return place


def _end_of(written: bytes, place: int) -> int:
    while place < len(written) and written[place] & 0xC0 == 0x80:  # noqa: PLR2004 - likewise
        place += 1
    return place
