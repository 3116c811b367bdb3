"""Every kind of personal data by its patterns, in one pass over a text; what a pattern says is checked."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from bailiwick.core.redaction.found import Found
from bailiwick.core.redaction.personal import contacts, people
from bailiwick.core.redaction.personal.cards import cards
from bailiwick.core.redaction.personal.ibans import ibans
from bailiwick.core.redaction.personal.identities import IDENTITIES, Identity, plain
from bailiwick.core.redaction.personal.places import ADDRESSES
from bailiwick.core.redaction.sieve import NearSieve, Places, places_of

PERSONAL_KINDS = (
    "email", "phone", "name", "birth-date", "address", "national-id", "document-id", "iban", "card", "account", "ip",
    "mac",
)  # fmt: skip
# What part of a value counts, from where to where in it; None for nothing of it.
Check = Callable[[bytes, bytes], tuple[int, int] | None]
# How far before a value its name may stand.
_NEAR_BYTES = 60
_PASSPORT = (
    r"(?i)\b(?:passport|reisepass|personalausweis|ausweis(?:nummer)?|passeport|pasaporte|passaporto|paspoort|id[ ]card"
    r"|identity card|driv(?:er|ing)(?:'?s)?[ ]licen[cs]e|f(?:\xc3\xbc|ue)hrerschein|licen[cs]e)[ ]?"
    r"(?:no|nr|num|number|nummer|#|id)?\b"
    r"\.?[\"']?(?:[ ]?[:=#]|[ ]is|[ ])[ ]{0,2}[\"']?((?-i:[A-Z]{0,3}[- ]?\d[A-Z0-9 -]{4,16}[A-Z0-9]))\b"
)
_ACCOUNT = (
    r"(?i)\b(?:account|acct|a/c|konto|kontonummer|compte|cuenta|conto|routing|aba|sort[ ]code|bank account)[ _-]?"
    r"(?:no|nr|num|number|nummer|#|ending in)?\b\.?[\"']?(?:[ ]?[:=#]|[ ]is|[ ])[ ]{0,2}[\"']?(\d[\d -]{4,20}\d)\b"
)
# What passports and accounts are called, each with a digit not far after it.
_CALLED = tuple(
    rf"(?i)\b{word}[^\d\n]{{0,28}}\d"
    for word in (
        *("passport", "reisepass", "personalausweis", "ausweis", "passeport", "pasaporte", "passaporto", "paspoort"),
        *("id card", "identity card", "driv(?:er|ing)", r"f\xc3\xbchrerschein", "fuehrerschein", "licen[cs]e"),
        *("account", "acct", "a/c", "konto", "compte", "cuenta", "conto", "routing", "aba", "sort code"),
    )
)


@dataclass(frozen=True)
class _Pattern:
    """A way in which a kind of value is written; group 1 is the value."""

    kind: str
    written: str
    check: Check


def personal(text: bytes) -> Iterator[Found]:
    """Yield the personal data in a text (UTF-8), some of it more than once."""
    groups = _groups()
    *of_groups, of_numbers = _places()(text) or (None,) * (len(groups) + 1)
    for group, hints in zip(groups, of_groups, strict=True):
        for index, match, part_begin in group.sieve.matches_near(text, hints):
            pattern = group.patterns[index]
            begin = part_begin + match.start(1)
            holds = pattern.check(match[1], text[max(0, begin - _NEAR_BYTES) : begin])
            if holds is not None:
                yield Found(begin + holds[0], begin + holds[1], pattern.kind)
    for begin, end in _bank_numbers().parts(text, of_numbers):
        part = text[begin:end]
        for found in (*cards(part), *ibans(part)):
            yield found._replace(start=begin + found.start, end=begin + found.end)


@cache
def _places() -> Places:
    """Return what tells where hints are, of each group and of the numbers of banks."""
    return places_of([*(group.sieve.hints for group in _groups()), _bank_numbers().hints])


@cache
def _bank_numbers() -> NearSieve:
    """Return what knows where cards and accounts may be: neither is without so many digits close to each other."""
    between = r"(?:[ +-]|%20)?"
    return NearSieve([], (rf"\d(?:{between}\d){{11}}", rf"[A-Z]{{2}}\d\d(?:{between}[0-9A-Z]){{4}}"), 60, 80)


class _Group:
    """Patterns with the same hints; matches reach so many bytes before the end of a hint, and after."""

    def __init__(self, patterns: Iterable[_Pattern], hints: Sequence[str], before: int, after: int) -> None:
        self.patterns = tuple(patterns)
        self.sieve = NearSieve([pattern.written for pattern in self.patterns], hints, before, after)


@cache
def _groups() -> tuple[_Group, ...]:
    """Return every pattern: those of numbers, those that words introduce, and the others."""
    numbers = (
        # A number that may be either is taken for what its name or its check digits say.
        *(_Pattern("national-id", identity.pattern, _identity(identity)) for identity in IDENTITIES),
        *(_Pattern("phone", written, _whole(contacts.is_phone)) for written in contacts.PHONES),
    )
    ipv4 = _Pattern("ip", contacts.IPV4, _whole(contacts.is_ipv4))
    called = (
        _Pattern("document-id", _PASSPORT, _whole(_has_digits)),
        _Pattern("account", _ACCOUNT, _whole(_has_digits)),
        *(_Pattern("birth-date", written, _part(people.born)) for written in people.BIRTH_DATES),
    )
    words = (
        *(_Pattern("address", written, _all) for written in ADDRESSES),
        *(_Pattern("name", written, _part(people.named)) for written in people.NAMES),
    )
    email = _Pattern("email", contacts.EMAIL, _whole(contacts.is_email))
    machines = (
        _Pattern("ip", contacts.IPV6, _whole(contacts.is_ipv6)),
        _Pattern("mac", contacts.MAC, _whole(contacts.is_mac)),
    )
    given = (
        *(_Pattern("name", written, _part(people.likely_named)) for written in people.LIKELY_NAMES),
        *(_Pattern("name", written, _part(people.fully_named)) for written in people.FULL_NAMES),
    )
    return (
        _Group(numbers, contacts.NUMBER_HINTS, 120, 60),
        _Group((ipv4,), contacts.IPV4_HINTS, 24, 24),
        _Group(called, (*_CALLED, *people.BIRTH_HINTS), 120, 80),
        _Group(words, (*people.HINTS, *ADDRESSES), 120, 160),
        _Group((email,), contacts.EMAIL_HINTS, 70, 320),
        _Group(machines, contacts.MACHINE_HINTS, 24, 40),
        _Group(given, tuple(people.given_name_hints()), 120, 100),
    )


def _part(of: Callable[[bytes], tuple[int, int] | None]) -> Check:
    return lambda value, _: of(value)


def _whole(holds: Callable[[bytes, bytes], bool]) -> Check:
    return lambda value, before: (0, len(value)) if holds(value, before) else None


def _all(value: bytes, _: bytes) -> tuple[int, int]:
    return 0, len(value)


def _has_digits(value: bytes, _: bytes) -> bool:
    return sum(chr(sign).isdigit() for sign in value) >= 5  # noqa: PLR2004 - fewer are a page, a year, a count


def _identity(identity: Identity) -> Check:
    name = re.compile(identity.name.encode(), re.IGNORECASE) if identity.name else None

    def check(value: bytes, before: bytes) -> tuple[int, int] | None:
        if name is not None and not name.search(before):
            return None
        return (0, len(value)) if identity.check(plain(value.decode(), identity.country)) else None

    return check
