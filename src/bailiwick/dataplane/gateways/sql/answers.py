"""The database's answers, taken apart as they come: rows stay bytes and are counted, everything else is a message."""

import struct
from typing import NamedTuple

from bailiwick.dataplane.gateways.sql.messages import MAX_MESSAGE_BYTES, Message, ProtocolError

_ROWS = frozenset(b"Dd")
# An app may read by COPY, not write.
_COPY_IN = frozenset(b"GW")
_HEAD_BYTES = 5
_head = struct.Struct("!BI").unpack_from


class Rows(NamedTuple):
    """Bytes of rows, as they came, and how many rows begin in them; a chunk may end within a row."""

    data: bytes
    begun: int


class AnswerScanner:
    """Finds the messages in a stream of chunks. A row is never held back or copied for being longer than a chunk."""

    def __init__(self) -> None:
        self._row_left = 0
        self._held: list[bytes] = []
        self._missing = 0

    @property
    def is_within(self) -> bool:
        """Whether a row was passed on in part, so that nothing else can be said before its end."""
        return self._row_left > 0

    def feed(self, chunk: bytes) -> list[Rows | Message]:
        """Return what a chunk holds, in order; the beginning of a message that is no row waits for its end."""
        if len(chunk) < self._missing:
            self._held.append(chunk)
            self._missing -= len(chunk)
            return []
        if self._held:
            chunk = b"".join([*self._held, chunk])
            self._held, self._missing = [], 0
        return self._take_apart(chunk)

    def _take_apart(self, chunk: bytes) -> list[Rows | Message]:
        found: list[Rows | Message] = []
        end = len(chunk)
        begin, place, rows = 0, self._row_left, 0
        while place + _HEAD_BYTES <= end:
            kind, length = _head(chunk, place)
            after = place + 1 + length
            if not 4 <= length <= MAX_MESSAGE_BYTES + 4:  # noqa: PLR2004 - the length counts itself
                raise ProtocolError("an answer of the database is larger than 16 MiB")
            if kind in _ROWS:
                rows += 1
                place = after
                continue
            if kind in _COPY_IN:
                raise ProtocolError("the database begins a COPY of rows that come in, which is not passed on")
            if after > end:
                break
            if begin < place:
                found.append(Rows(chunk[begin:place], rows))
            found.append(Message(chunk[place : place + 1], chunk[place + _HEAD_BYTES : after]))
            begin, place, rows = after, after, 0
        return self._keep_rest(found, chunk, begin, place, rows)

    def _keep_rest(
        self, found: list[Rows | Message], chunk: bytes, begin: int, place: int, rows: int
    ) -> list[Rows | Message]:
        """Add the rows at the end of a chunk, and remember what of the last message is still to come."""
        end = len(chunk)
        self._row_left = max(0, place - end)
        if begin < min(place, end):
            found.append(Rows(chunk[begin:place], rows))
        if place < end:
            rest = chunk[place:]
            self._held = [rest]
            whole = _HEAD_BYTES if len(rest) < _HEAD_BYTES else 1 + _head(rest)[1]
            self._missing = whole - len(rest)
        return found
