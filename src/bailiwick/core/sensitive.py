"""Sensitive values in bytes that pass: secrets, payment cards, account numbers (IBAN) and e-mail addresses, and where.

Values are found as they are commonly written: cards and IBANs with spaces or dashes, all of them also in JSON and in
forms (`%40` for an at sign). What somebody hides on purpose (base64, a picture) is not found.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple, get_args
from urllib.parse import quote

import re2

from bailiwick.core.redacting import credentials_in

SensitiveKind = Literal["secret", "card", "iban", "email"]
KINDS: tuple[SensitiveKind, ...] = get_args(SensitiveKind)
# What no card, IBAN, address or credential has inside: up to here a text is finished, whatever follows.
ENDS = frozenset(b"\n\r\"'<>{}[]();,&=|")
# And none is longer; keys in PEM are known by how they begin.
LONGEST_BYTES = 512
KEY_BEGINS = b"-----BEGIN "
KEY_ENDS = b"-----"
_SHORTEST_SECRET = 6
_IBAN_HEAD = 4


class Found(NamedTuple):
    """A value from `start` to `end` in what was looked at."""

    start: int
    end: int
    kind: SensitiveKind


class Finder:
    """Finds values of some kinds, and secrets that are known; it shows none of them itself."""

    def __init__(self, kinds: Iterable[SensitiveKind] = KINDS, secrets: Iterable[str] = ()) -> None:
        self._kinds = tuple(kinds)
        written = (form for secret in secrets for form in _forms(secret)) if "secret" in self._kinds else ()
        self._secrets = sorted(set(written), key=len, reverse=True)

    def find(self, data: bytes) -> list[Found]:
        """Return the values in bytes, in order, none within another."""
        found = [item for kind in self._kinds for item in _FINDERS[kind](data)]
        found += [item for secret in self._secrets for item in _occurrences(data, secret)]
        return _apart(found)

    def begun(self, data: bytes) -> int:
        """Return where a known secret begins that the end of the bytes cuts off; their length where none does."""
        return min((_beginning(data, secret) for secret in self._secrets), default=len(data))


def _forms(secret: str) -> list[bytes]:
    """Return a secret as texts, JSON and forms write it."""
    if len(secret) < _SHORTEST_SECRET:
        return []
    return [secret.encode(), json.dumps(secret)[1:-1].encode(), quote(secret, safe="").encode()]


def _occurrences(data: bytes, secret: bytes) -> list[Found]:
    found, place = [], data.find(secret)
    while place >= 0:
        found.append(Found(place, place + len(secret), "secret"))
        place = data.find(secret, place + len(secret))
    return found


def _beginning(data: bytes, secret: bytes) -> int:
    place = data.find(secret[:1], max(0, len(data) - len(secret) + 1))
    while place >= 0:
        if secret.startswith(data[place:]):
            return place
        place = data.find(secret[:1], place + 1)
    return len(data)


def _apart(found: list[Found]) -> list[Found]:
    """Return values in order; of two that share bytes one, as long as both together."""
    apart: list[Found] = []
    for item in sorted(found):
        if apart and item.start < apart[-1].end:
            last = apart[-1]
            apart[-1] = last._replace(end=max(last.end, item.end))
        else:
            apart.append(item)
    return apart


def _compiled(pattern: str) -> Any:
    """Return what finds a pattern in bytes, in time that is linear in them whatever they are."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return re2.compile(pattern.encode(), options)


# A number may follow what a form writes as `%20` or `%3A`, whose digits are none of it.
_START = r"(?:%[0-9A-F]{2}|\b)"
_BETWEEN = r"(?:[ +-]|%20)"
# Numbers in groups as they are printed on cards; which groups make one is looked at after.
_NUMBERS = _compiled(rf"{_START}(\d{{3,}}(?:{_BETWEEN}\d{{3,}})*)")
_GROUP = re.compile(rb"\d{3,}")
_IBAN = _compiled(rf"{_START}([A-Z]{{2}}\d{{2}}(?:{_BETWEEN}?[0-9A-Z]){{11,30}})")
_EMAIL = _compiled(
    r"[0-9A-Za-z._%+\x80-\xff-]{1,64}(?:@|%40|\\u0040)"
    r"[0-9A-Za-z\x80-\xff-]{1,63}(?:\.[0-9A-Za-z\x80-\xff-]{1,63}){0,8}\.[A-Za-z\x80-\xff]{2,24}"
)
_FILLERS = frozenset(b" +-")

# Who issues cards, by how their numbers begin, and how long these are (ISO/IEC 7812; the networks' own tables).
_ISSUERS: tuple[tuple[int, int, frozenset[int]], ...] = (
    (4, 4, frozenset({13, 16, 19})),
    (51, 55, frozenset({16})),
    (2221, 2720, frozenset({16})),
    (34, 34, frozenset({15})),
    (37, 37, frozenset({15})),
    (300, 305, frozenset({14, 16})),
    (36, 36, frozenset({14})),
    (38, 39, frozenset({14})),
    (3528, 3589, frozenset({16, 17, 18, 19})),
    (6011, 6011, frozenset({16, 19})),
    (644, 659, frozenset({16, 19})),
    (62, 62, frozenset({16, 17, 18, 19})),
    (50, 50, frozenset({16, 18, 19})),
    (56, 58, frozenset({16, 18, 19})),
    (63, 63, frozenset({16, 18, 19})),
    (67, 67, frozenset({16, 18, 19})),
)
_CARD_LENGTHS = {
    b"%04d" % number: lengths
    for first, last, lengths in _ISSUERS
    for number in range(first * 10 ** (4 - len(str(first))), (last + 1) * 10 ** (4 - len(str(last))))
}
_SHORTEST_CARD = 13
# What a digit is worth twice: the sum of the digits of that (ISO/IEC 7812-1).
_TWICE = bytes(sum(divmod(2 * ((byte - 48) % 10), 10)) for byte in range(256))

# How long an IBAN is, by country (SWIFT, IBAN Registry).
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL FK SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip


def _secrets(data: bytes) -> list[Found]:
    found = []
    for start, end in credentials_in(data):
        if data.startswith(KEY_BEGINS, start):
            end = _end_of_key(data, start)  # noqa: PLW2901 - headers of a key hold dashes, too
        found.append(Found(start, end, "secret"))
    return found


def _end_of_key(data: bytes, start: int) -> int:
    """Return where a private key's last line begins, the end of the bytes when that is not there."""
    head = data.index(KEY_ENDS, start + len(KEY_BEGINS)) + len(KEY_ENDS)
    end = data.find(KEY_ENDS, head)
    return len(data) if end < 0 else end


def _cards(data: bytes) -> list[Found]:
    found = []
    for match in _NUMBERS.finditer(data):
        if match.end(1) - match.start(1) >= _SHORTEST_CARD:
            found += _cards_of(match[1].replace(b"%20", b"   "), match.start(1))
    return found


def _cards_of(written: bytes, offset: int) -> list[Found]:
    """Return the cards in groups of digits: each begins with a group and ends with one."""
    digits, ends, starts = written.translate(None, b" +-"), {}, {}
    count = 0
    for group in _GROUP.finditer(written):
        starts[count] = group.start()
        count += group.end() - group.start()
        ends[count] = group.end()
    found, after = [], 0
    for first, start in starts.items():
        for length in _lengths_of(digits[first : first + 4]) if first >= after else ():
            if first + length in ends and _luhn(digits[first : first + length]):
                after = first + length
                found.append(Found(offset + start, offset + ends[after], "card"))
                break
    return found


def _lengths_of(beginning: bytes) -> frozenset[int]:
    """Return how long cards are that begin so, none where nobody issues them."""
    return _CARD_LENGTHS.get(beginning[:4], frozenset())


def _luhn(digits: bytes) -> bool:
    """Whether the check digit is right (ISO/IEC 7812-1, annex B), and it is no row of one digit."""
    total = sum(digits[-1::-2]) - 48 * len(digits[-1::-2]) + sum(digits[-2::-2].translate(_TWICE))
    return total % 10 == 0 and len(set(digits)) > 1


def _ibans(data: bytes) -> list[Found]:
    found, place = [], 0
    while match := _IBAN.search(data, place):
        length = _end_of_iban(match[1])
        # What begins one of no country may hide the beginning of another.
        place = match.start(1) + (length or 2)
        if length:
            found.append(Found(match.start(1), place, "iban"))
    return found


def _end_of_iban(written: bytes) -> int:
    """Return where the IBAN ends that something begins with, 0 when it begins with none (ISO 13616, mod 97 is 1)."""
    wanted = _IBAN_LENGTHS.get(written[:2].decode(), 0)
    plain = written.replace(b"%20", b"   ")
    places = [place for place, byte in enumerate(plain) if byte not in _FILLERS]
    if not wanted or len(places) < wanted:
        return 0
    letters = "".join(chr(plain[place]) for place in places[:wanted])
    number = "".join(str(int(letter, 36)) for letter in letters[_IBAN_HEAD:] + letters[:_IBAN_HEAD])
    return places[wanted - 1] + 1 if int(number) % 97 == 1 else 0


def _emails(data: bytes) -> list[Found]:
    return [Found(match.start(), match.end(), "email") for match in _EMAIL.finditer(data)]


_FINDERS: dict[SensitiveKind, Callable[[bytes], list[Found]]] = {
    "secret": _secrets,
    "card": _cards,
    "iban": _ibans,
    "email": _emails,
}
