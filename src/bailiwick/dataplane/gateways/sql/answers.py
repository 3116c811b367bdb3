"""The database's answers, taken apart as they come: rows stay bytes and are counted, everything else is marked.

This is walked for every row that anybody reads, so it makes nothing for a row, and copies nothing that is passed on.
"""

import struct
from typing import NamedTuple

from bailiwick.dataplane.gateways.sql.messages import MAX_MESSAGE_BYTES, ProtocolError

_DATA_ROW, _COPY_DATA = ord("D"), ord("d")
# An app may read by COPY, not write.
_COPY_IN = frozenset(b"GW")
_HEAD_BYTES = 5
_LONGEST = MAX_MESSAGE_BYTES + 4
_head = struct.Struct("!BI").unpack_from


class Mark(NamedTuple):
    """Where in some bytes a message stands that is no row, and how many rows began in these bytes before it."""

    kind: int
    begin: int
    end: int
    rows: int


class Answers(NamedTuple):
    """Bytes to pass on, the messages in them, and how many rows begin in them; rows may begin before and end behind."""

    data: bytes
    marks: list[Mark]
    rows: int


class AnswerScanner:
    """Finds the messages in a stream of chunks. A row is never held back or copied for being longer than a chunk."""

    def __init__(self) -> None:
        self._row_left = 0
        self._held: list[bytes] = []
        self._missing = 0

    @property
    def row_left(self) -> int:
        """How many bytes of a row that was passed on in part are still to come."""
        return self._row_left

    @property
    def is_within(self) -> bool:
        """Whether a row was passed on in part, so that nothing else can be said before its end."""
        return self._row_left > 0

    @property
    def is_busy(self) -> bool:
        """Whether the end of a row or a message is still to come."""
        return self._row_left > 0 or bool(self._held)

    def feed(self, chunk: bytes) -> Answers:
        """Return what a chunk holds; the beginning of a message that is no row waits for its end."""
        if len(chunk) < self._missing:
            self._held.append(chunk)
            self._missing -= len(chunk)
            return Answers(b"", [], 0)
        if self._held:
            chunk = b"".join([*self._held, chunk])
            self._held, self._missing = [], 0
        return self._take_apart(chunk)

    def _take_apart(self, chunk: bytes) -> Answers:
        marks: list[Mark] = []
        last = len(chunk) - _HEAD_BYTES
        place, rows = self._row_left, 0
        while place <= last:
            kind, length = _head(chunk, place)
            if (kind == _DATA_ROW or kind == _COPY_DATA) and 4 <= length <= _LONGEST:  # noqa: PLR1714, PLR2004, SIM109
                rows += 1
                place += 1 + length
                continue
            after = place + 1 + length
            _check(kind, length)
            if after > len(chunk):
                break
            marks.append(Mark(kind, place, after, rows))
            place = after
        return self._keep_rest(chunk, marks, place, rows)

    def _keep_rest(self, chunk: bytes, marks: list[Mark], place: int, rows: int) -> Answers:
        """Remember what of the last message is still to come, and hold it back unless it is a row."""
        end = len(chunk)
        if place >= end:
            self._row_left = place - end
            return Answers(chunk, marks, rows)
        self._row_left = 0
        rest = chunk[place:]
        self._held = [rest]
        whole = _HEAD_BYTES if len(rest) < _HEAD_BYTES else 1 + _head(rest)[1]
        self._missing = whole - len(rest)
        return Answers(chunk[:place], marks, rows)


def _check(kind: int, length: int) -> None:
    if not 4 <= length <= _LONGEST:  # noqa: PLR2004 - the length counts itself
        raise ProtocolError("an answer of the database is larger than 16 MiB")
    if kind in _COPY_IN:
        raise ProtocolError("the database begins a COPY of rows that come in, which is not passed on")
