"""The keys of rows that pass, where a grant logs rows: read from the answer as it goes through, and kept a while."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bailiwick.core.row_log import UNTOLD, token, told
from bailiwick.dataplane.gateways.sql.messages import ProtocolError
from bailiwick.dataplane.gateways.sql.shown_keys import ShownKeys

# An event is found by a few hundred words at most.
_KEYS_OF_EVENT = 100
_DATA_ROW, _HEAD_BYTES = ord("D"), 5
_head = struct.Struct("!BI").unpack_from


@dataclass
class RowKeys:
    """The keys of one statement's rows. `formats` are those that were bound, True for binary; `note` is told the table
    and the keys that came.
    """

    shown: Sequence[ShownKeys]
    formats: Sequence[bool]
    key: bytes
    note: Callable[[str, tuple[str, ...]], None]
    _held: bytes = b""
    _found: dict[str, dict[str, None]] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def feed(self, data: bytes) -> None:
        """Take bytes of the answer: rows, of which the last may go on with the next bytes."""
        if not any(item.places for item in self.shown):
            return
        data, place = self._held + data, 0
        while place + _HEAD_BYTES <= len(data):
            kind, length = _head(data, place)
            after = place + 1 + length
            if after > len(data):
                break
            if kind == _DATA_ROW:
                self._row(data[place + _HEAD_BYTES : after])
            place = after
        self._held = data[place:]

    def end(self, *, rows: int) -> None:
        """Tell what is left, and of which tables rows were read or changed without their keys."""
        for item in self.shown:
            if item.places:
                self._tell(item.table)
            if rows and not (item.places and item.table in self._told):
                self.note(item.table, (UNTOLD,))

    def _row(self, body: bytes) -> None:
        values = _values(body)
        for item in self.shown:
            parts = [values[place] if place < len(values) else None for place in item.places]
            if not parts or any(part is None for part in parts):
                continue  # a row of an outer join that has none of this table
            said = [
                told(part, binary=self._is_binary(place))
                for place, part in zip(item.places, parts, strict=True)
                if part is not None
            ]
            found = self._found.setdefault(item.table, {})
            found[token(item.table, said, None if item.clear else self.key)] = None
            self._told.add(item.table)
            if len(found) >= _KEYS_OF_EVENT:
                self._tell(item.table)

    def _is_binary(self, place: int) -> bool:
        formats = self.formats
        return bool(formats) and (formats[0] if len(formats) == 1 else place < len(formats) and formats[place])

    def _tell(self, table: str) -> None:
        found = self._found.pop(table, None)
        if found:
            self.note(table, tuple(found))


def read_formats(body: bytes) -> tuple[bool, ...]:
    """Return the formats of an answer that a Bind message asks for (PostgreSQL documentation, 54.7)."""
    place = body.index(b"\0", body.index(b"\0") + 1) + 1
    try:
        (count,) = struct.unpack_from("!H", body, place)
        place += 2 + 2 * count
        (count,) = struct.unpack_from("!H", body, place)
        place += 2
        for _ in range(count):
            (length,) = struct.unpack_from("!i", body, place)
            place += 4 + max(0, length)
        (count,) = struct.unpack_from("!H", body, place)
        return tuple(format_ != 0 for format_ in struct.unpack_from(f"!{count}H", body, place + 2))
    except struct.error:
        raise ProtocolError("what is bound does not end where it should") from None


def _values(body: bytes) -> list[bytes | None]:
    values: list[bytes | None] = []
    place = 2
    for _ in range(int.from_bytes(body[:2])):
        length = int.from_bytes(body[place : place + 4], signed=True)
        values.append(None if length < 0 else body[place + 4 : place + 4 + length])
        place += 4 + max(0, length)
    return values
