"""Masks with the organisation's key where the database has no way to make them: made of what it answers, row by row.

The values are those that PostgreSQL shows of the same value under the same key. The key is in the plane's memory, and
in nothing that a database is sent.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bailiwick.core.grants import NOISE_PERCENT, Mask
from bailiwick.core.keyed_masks import hashed, moved, moved_float, other_digits
from bailiwick.dataplane.database_files.kinds import NUMBERS, encode
from bailiwick.dataplane.gateways.sql.engines.model import Batch, Column, Masked

_HEAD = struct.Struct("!ciH")
_LENGTH = struct.Struct("!i")
_BYTES_OF_HEAD = _HEAD.size
# Types whose values PostgreSQL writes as texts in one way, whatever database they are in and whatever a session set.
_AS_TEXT: dict[str, Callable[[str], str]] = {
    "text": str,
    "int4": str,
    "int8": str,
    "numeric": str,
    "uuid": str,
    "date": str,
    "bytea": str,
    "bool": lambda value: {"t": "true", "f": "false"}[value],
    "timestamp": lambda value: value.rstrip("0").rstrip(".") if "." in value else value,
}


def shown_kind(mask: Mask, kind: str) -> str | None:
    """Return the type of what a mask with the key shows of values of a type, None where it shows nothing of these."""
    if mask in NOISE_PERCENT:
        return ("float8" if kind == "float8" else "numeric") if kind in NUMBERS else None
    return "text" if kind in _AS_TEXT else None


@dataclass(frozen=True, slots=True)
class Masking:
    """Masks columns of answers; `key` is the organisation's."""

    key: bytes = field(repr=False)

    def asked(self, columns: Sequence[Column], formats: Sequence[bool]) -> tuple[list[str], list[bool]]:
        """Return as what the database's values are taken: those that are masked of their own type, as texts."""
        kinds = [found.masked.kind if found.masked is not None else found.kind for found in columns]
        binary = [
            found.masked is None and place < len(formats) and formats[place] for place, found in enumerate(columns)
        ]
        return kinds, binary

    def batch(self, batch: Batch, columns: Sequence[Column], formats: Sequence[bool]) -> Batch:
        """Return rows as the app gets them."""
        made: list[bytes] = []
        place = 0
        for _ in range(batch.rows):
            row, place = self._row(batch.data, place, columns, formats)
            made.append(row)
        return Batch(b"".join(made), batch.rows)

    def _row(self, data: bytes, place: int, columns: Sequence[Column], formats: Sequence[bool]) -> tuple[bytes, int]:
        _, _, count = _HEAD.unpack_from(data, place)
        place += _BYTES_OF_HEAD
        parts: list[bytes] = []
        for number in range(count):
            (length,) = _LENGTH.unpack_from(data, place)
            place += _LENGTH.size
            value = None if length < 0 else data[place : place + length]
            place += max(0, length)
            found = columns[number]
            if found.masked is not None and value is not None:
                shown = self._shown(value.decode(), found.masked)
                binary = number < len(formats) and formats[number]
                value = None if shown is None else encode(found.kind, shown, binary=binary)
            parts.append(_LENGTH.pack(-1) if value is None else _LENGTH.pack(len(value)) + value)
        body = b"".join(parts)
        return _HEAD.pack(b"D", _BYTES_OF_HEAD - 1 + len(body), count) + body, place

    def _shown(self, value: str, masked: Masked) -> object:
        if masked.mask in NOISE_PERCENT:
            percent = NOISE_PERCENT[masked.mask]
            if masked.kind == "float8":
                return moved_float(float(value), percent, self.key)
            return moved(Decimal(value), percent, self.key)
        text = _AS_TEXT[masked.kind](value)
        return hashed(text, self.key) if masked.mask is Mask.HASH else other_digits(text, self.key)
