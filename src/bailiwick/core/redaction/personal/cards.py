"""Numbers of payment cards: by who issues them, how long they are, and their check digit."""

import re

from bailiwick.core.redaction.found import Found
from bailiwick.core.redaction.sieve import compiled

# A number may follow what a form writes as `%20` or `%3A`, whose digits are none of it.
_START = r"(?:%[0-9A-F]{2}|\b)"
_BETWEEN = r"(?:[ +-]|%20)"
# Numbers in groups as they are printed on cards; which groups make one is looked at after.
_NUMBERS = compiled(rf"{_START}(\d{{3,}}(?:{_BETWEEN}\d{{3,}})*)")
_GROUP = re.compile(rb"\d{3,}")


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


def cards(data: bytes) -> list[Found]:
    """Return the cards in a text, also with spaces or dashes, and as forms write these."""
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
