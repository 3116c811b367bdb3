"""Masks that are made with the organisation's key, as PostgreSQL makes them: there the plane writes them as SQL, of
what other databases answer it makes them itself.

The same value comes to the same under one key, wherever it is. Without the key nobody can try values.
"""

import hmac
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, localcontext
from math import isfinite

from bailiwick.core import ff1
from bailiwick.core.masks import HIDDEN

KEY_BYTES = 32
# Under which name planes fetch the key: no secret of the vault can have it.
MASK_KEY = "bailiwick.mask-key"
# What messages begin with, so that no mask tells anything of another.
HASH_PURPOSE, DIGITS_PURPOSE, NOISE_PURPOSE = b"hash:", b"digits:", b"noise:"
HASH_CHARACTERS = 32
LONGEST_FORM = 100
# Of what a text may be made whose digits are replaced: what it says beside them is no secret.
FORM = r"^[A-Za-z0-9 +./()_#:,-]*$"
# Beyond them a number of floating point has no digits left that noise could move.
MOST_MOVED = Decimal(10) ** 15
NOISE_BITS = 48
_BLOCK = 64
# Digits that hold any number and its product exactly; those that PostgreSQL counts in, and gives a quotient at least.
_PRECISION, _GROUP, _LEAST_DIGITS, _DIGITS_OF_FLOAT = 2000, 4, 16, 15


def pads(key: bytes) -> bytes:
    """Return the two blocks that HMAC-SHA-256 under a key begins with (RFC 2104), inner before outer."""
    filled = key.ljust(_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in filled) + bytes(byte ^ 0x5C for byte in filled)


def hashed(text: str, key: bytes) -> str:
    """Return 32 hex digits that stand for a text."""
    return hmac.new(key, HASH_PURPOSE + text.encode(), "sha256").hexdigest()[:HASH_CHARACTERS]


def other_digits(text: str, key: bytes) -> str:
    """Return a text of the same form with other digits, and x for letters; hidden where it has too few digits for that,
    or holds anything else.
    """
    digits, letters = (re.sub(f"[^{kept}]", "", text) for kept in ("0-9", "A-Za-z"))
    usable = ff1.LEAST_DIGITS <= len(digits) <= ff1.MOST_DIGITS and len(text) <= LONGEST_FORM
    if not usable or not re.fullmatch(FORM.strip("^$"), text):
        return HIDDEN
    replaced = iter(ff1.encrypt(digits, letters.upper().encode(), ff1.hmac_sha256(key, DIGITS_PURPOSE)))
    return "".join(_other(character, replaced) for character in text)


def _other(character: str, digits: Iterator[str]) -> str:
    if character.isdigit():
        return next(digits)
    if character.isalpha():
        return "X" if character.isupper() else "x"
    return character


def moved(value: Decimal, percent: int, key: bytes) -> Decimal | None:
    """Return a number that is moved by a share of itself, up to so many percent, as PostgreSQL's `numeric` counts it;
    None for one that is too large.
    """
    with localcontext(prec=_PRECISION, rounding=ROUND_HALF_UP):
        if abs(value) > MOST_MOVED:
            return None
        value += 0  # no number is less than nothing and nothing
        text = f"{value.normalize():f}"
        drawn = int(hmac.new(key, NOISE_PURPOSE + text.encode(), "sha256").hexdigest()[: NOISE_BITS // 4], 16)
        share = Decimal(percent) / 100 * (_part(drawn) - 1)
        places = max(0, -int(value.as_tuple().exponent))
        return (value * (1 + share)).quantize(Decimal(1).scaleb(-places))


def moved_float(value: float, percent: int, key: bytes) -> float | None:
    """Return a number of floating point that is moved in the same way, None for one that is too large or no number.

    PostgreSQL makes a decimal of it by its first 15 digits (float8_numeric in backend/utils/adt/numeric.c).
    """
    if not isfinite(value) or abs(value) > MOST_MOVED:
        return None
    found = moved(Decimal(f"{value:.{_DIGITS_OF_FLOAT}g}"), percent, key)
    return float(found) if found is not None else None


def _part(drawn: int) -> Decimal:
    """Return a number of 48 bits as a share of half of them, to the digits that PostgreSQL gives a quotient.

    These are 16 or more, by four for each group of four digits that it is expected to be smaller (select_div_scale in
    backend/utils/adt/numeric.c).
    """
    half: int = 2 ** (NOISE_BITS - 1)
    (first, weight), (other, most) = _leading(drawn), _leading(half)
    groups = weight - most - (first <= other)
    places = max(1, _LEAST_DIGITS - groups * _GROUP)
    return (Decimal(drawn) / half).quantize(Decimal(1).scaleb(-places))


def _leading(number: int) -> tuple[int, int]:
    """Return the first group of four digits of a number, and how many follow it."""
    weight = (len(str(number)) - 1) // _GROUP
    return int(number // 10 ** (_GROUP * weight)), weight
