"""Keys of rows as the audit log has them, where a grant logs rows: hashed with the organisation's key, or in the clear.

Both planes write them in the same way, so that a row is found by what somebody knows of it.
"""

import hmac
import struct
from collections.abc import Sequence
from contextlib import suppress
from itertools import product
from uuid import UUID

# What stands in the place of keys when a statement read or changed rows and did not tell which.
UNTOLD = "(untold)"
_PURPOSE = b"row:"
_HASH_CHARACTERS = 32
_SIZES = (("!h", 2**15), ("!i", 2**31), ("!q", 2**63))


def told(value: bytes, *, binary: bool) -> str:
    """Return a value of a key as it is kept, from what a database sent: its text, or the bytes of another form."""
    return f"hex:{value.hex()}" if binary else value.decode(errors="replace")


def token(table: str, values: Sequence[str], key: bytes | None) -> str:
    """Return how the key of a row is kept: hashed with `key`, or in the clear where there is none."""
    said = ",".join(values)
    if key is None:
        return f"={said}"
    digest = hmac.new(key, _PURPOSE + f"{table}:{said}".encode(), "sha256").hexdigest()
    return f"h:{digest[:_HASH_CHARACTERS]}"


def tokens(table: str, key_of_row: str, key: bytes) -> list[str]:
    """Return every way in which the key of a row may be kept; several columns are parted by commas, as in `17,EMEA`."""
    parts = [part.strip() for part in key_of_row.split(",")]
    # A text may hold a comma itself.
    ways = [*map(list, product(*map(_forms, parts))), [key_of_row.strip()], *([form] for form in _forms(key_of_row))]
    return list(dict.fromkeys(made for way in ways for made in (token(table, way, key), token(table, way, None))))


def _forms(value: str) -> list[str]:
    """Return a value as text, and as the binary forms that it may have (PostgreSQL's types of whole numbers, uuid, and
    text).
    """
    found = [value, f"hex:{value.encode().hex()}"]
    try:
        number = int(value)
    except ValueError:
        number = None
    if number is not None:
        found += [f"hex:{struct.pack(form, number).hex()}" for form, most in _SIZES if -most <= number < most]
    with suppress(ValueError):
        found.append(f"hex:{UUID(value).hex}")
    return found
