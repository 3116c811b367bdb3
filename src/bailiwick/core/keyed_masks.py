"""Masks that are made with the organisation's key, as a database makes them, for whoever checks one: the plane itself
writes them as SQL.

The same value comes to the same under one key, wherever it is. Without the key nobody can try values.
"""

import hmac
import re
from collections.abc import Iterator

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
_BLOCK = 64


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
