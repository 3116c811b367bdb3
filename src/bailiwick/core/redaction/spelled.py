"""What is spelled out sign by sign: `s k - l i v e`, `4-1-1-1`, one sign a line. Between signs is always the same."""

import re
from collections.abc import Iterator
from functools import cache

from bailiwick.core.redacting import credentials_in
from bailiwick.core.redaction.found import Found
from bailiwick.core.redaction.personal import personal
from bailiwick.core.redaction.secrets import formed
from bailiwick.core.redaction.sieve import Sieve

_LEAST = 13
_SIGN = r"[0-9A-Za-z@+/=._%-]"
_BETWEEN = (" ", "  ", "-", ".", ",", ", ", " - ", "|", " | ", "_", "/", "\n", "\t")
# Single letters and digits, whatever is between them: few texts have so many.
_GATE = r"(?:[A-Za-z0-9][ .,|/\n\t_-]{1,3}){7}"
# Of what is told sign by sign, a list of numbers may be; names are too often.
_PERSONAL = frozenset({"card", "iban", "email", "national-id", "phone"})


@cache
def _gate() -> Sieve:
    return Sieve([_GATE])


@cache
def _runs() -> Sieve:
    return Sieve([
        rf"(?:^|[^0-9A-Za-z])({_SIGN}(?:{re.escape(between)}{_SIGN}){{{_LEAST - 1},}})(?:[^0-9A-Za-z]|$)"
        for between in _BETWEEN
    ])  # fmt: skip


def spelled(text: bytes, *, secrets: bool, people: bool) -> Iterator[Found]:
    """Yield what is spelled out in a text: credentials of a known form, and what of personal data has check digits or a
    form of its own and is all that is spelled there.
    """
    if not _gate().finds(text):
        return
    for index, match in _runs().matches(text):
        step = 1 + len(_BETWEEN[index])
        said, begin = match[1][::step], match.start(1)
        for start, end, kind in _said(said, secrets=secrets, people=people):
            yield Found(begin + start * step, begin + (end - 1) * step + 1, kind)


def _said(said: bytes, *, secrets: bool, people: bool) -> Iterator[Found]:
    if secrets:
        yield from (Found(hit.place, hit.place + len(hit.secret), "secret") for hit in formed(said))
        yield from (Found(start, end, "secret") for start, end in credentials_in(said))
    if people:
        yield from (
            found for found in personal(said) if found.kind in _PERSONAL and len(said) - (found.end - found.start) <= 1
        )
