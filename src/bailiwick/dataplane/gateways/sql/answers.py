"""The database's answers, taken apart as they come: rows stay bytes and are counted, everything else is a message."""

import struct
from typing import NamedTuple

from bailiwick.dataplane.gateways.sql.messages import MAX_MESSAGE_BYTES, Message, ProtocolError, error, error_fields
from bailiwick.dataplane.gateways.sql.rewrite import ROW_CHECK_MARK

_ROW = ord("D")
_COPY = frozenset(b"GHWdc")
_HEAD_BYTES = 5
_ROW_CHECK = ROW_CHECK_MARK.encode()
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
            if kind == _ROW:
                rows += 1
                place = after
                continue
            if kind in _COPY:
                raise ProtocolError("the database begins a COPY, which is not passed on")
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


def softened(message: Message) -> bytes:
    """Return the bytes to pass on; an error of our own row check is told as what it means."""
    if message.kind == b"E" and _ROW_CHECK in message.body:
        fields = error_fields(message.body)
        column = fields.get("M", "").partition(f"{ROW_CHECK_MARK}:")[2].partition(":")[0]
        return error(f"a new row's {column} is not one that this person may write", "42501")
    return message.encode()
