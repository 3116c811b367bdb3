"""Finds what must not be seen in a text, and replaces it: the same everywhere, from gateways to the command line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from bailiwick.core.redacting import credentials_in
from bailiwick.core.redaction.encodings import decoded
from bailiwick.core.redaction.found import Found, apart
from bailiwick.core.redaction.look_alikes import as_it_looks
from bailiwick.core.redaction.own import Own
from bailiwick.core.redaction.personal import personal
from bailiwick.core.redaction.placeholders import Placeholders
from bailiwick.core.redaction.secrets import assigned, formed
from bailiwick.core.redaction.spelled import spelled

Profile = Literal["secrets", "personal", "all"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
# Prose, with what settings and commands look like: text that goes to a model may be anything.
_ANYTHING = "text.md"
# What is found of a key in PEM (RFC 7468) are the words in its first line.
_KEY_WORDS = (b"PRIVATE KEY", b"PRIVATE KEY BLOCK")
# A credential of so many bytes may go on behind what was looked at, with these signs.
_LONG = 200
_SIGNS = re.compile(rb"[A-Za-z0-9+/=_.~%-]*")


@dataclass(frozen=True, slots=True)
class Span:
    """A value from `start` to `end` (characters of the text), what it is, and what stands in its place."""

    start: int
    end: int
    kind: str
    replacement: str


class Redaction:
    """Redacts text after text. `own` are the organisation's own patterns and words, which every profile looks for. With
    `strict`, what has the form of a credential counts as one although it looks like an example.
    """

    def __init__(self, profile: Profile = "all", own: Own | None = None, *, strict: bool = False) -> None:
        self.profile = profile
        self._strict = strict
        self._own = own or None

    def spans(self, text: str) -> list[Span]:
        """Return what is found in a text, in order, none within another; one value has one replacement in all of it."""
        named = Placeholders(text)
        return [Span(start, end, kind, named.of(kind, text[start:end])) for start, end, kind in self.values(text)]

    def values(self, text: str) -> list[tuple[int, int, str]]:
        """Return the same without replacements: where each value begins and ends (characters), and its kind."""
        # Half a character (a lone surrogate) is no reason to fail: texts are cut anywhere.
        written = text.encode(errors="surrogatepass")
        found = self._values(text, written)
        looks = as_it_looks(text, written)
        if looks is None:
            return found
        seen, places = looks
        # What somebody wrote in letters that only look like others is found beside what is written in plain ones.
        others = [
            Found(places[start], places[end - 1] + 1, kind)
            for start, end, kind in self._values(seen, seen.encode(errors="surrogatepass"))
        ]
        return [(item.start, item.end, item.kind) for item in apart([*(Found(*value) for value in found), *others])]

    def _values(self, text: str, written: bytes) -> list[tuple[int, int, str]]:
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
        if self._own is not None:
            yield from self._own.found(text, written)
        if self.profile != "personal":
            yield from _secrets(written, strict=self._strict)
            yield from _encoded(written)
        if self.profile != "secrets":
            yield from personal(written)
        yield from spelled(written, secrets=self.profile != "personal", people=self.profile != "secrets")


def _secrets(written: bytes, *, strict: bool) -> Iterator[Found]:
    for hit in formed(written, strict=strict):
        begin, end = hit.place, hit.place + len(hit.secret)
        if hit.secret.endswith(_KEY_WORDS):
            begin, end = written.rfind(b"-----BEGIN", 0, begin), _end_of_key(written, end)
        yield Found(max(begin, 0), _end_of_long(written, begin, end), "secret")
    for hit in assigned(written, _ANYTHING):
        end = hit.place + len(hit.secret)
        yield Found(hit.place, _end_of_long(written, hit.place, end), "secret")


def _encoded(written: bytes) -> Iterator[Found]:
    """Yield what encodes a text that holds a credential of a known form."""
    for start, end, said in decoded(written):
        if next(formed(said), None) is not None or credentials_in(said):
            yield Found(start, end, "secret")


def _end_of_key(written: bytes, place: int) -> int:
    """Return where a private key's last line ends, the end of the text when that is not there."""
    last = written.find(b"-----END", place)
    end = written.find(b"-----", last + 5) if last >= 0 else -1
    return len(written) if end < 0 else end + 5


def _end_of_long(written: bytes, begin: int, end: int) -> int:
    """Return where a long credential ends: what finds it may have looked at its beginning only."""
    if end - begin < _LONG:
        return end
    rest = _SIGNS.match(written, end)
    return rest.end() if rest is not None else end


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
