"""Packets of MySQL's protocol, and what is in them.

Source: MySQL Source Code Documentation, "Client/Server Protocol".
"""

import struct
from dataclasses import dataclass

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.sql.messages import ProtocolError

MOST_BYTES = 2**24 - 1
OK, EOF, ERROR = 0x00, 0xFE, 0xFF
_MOST_EOF_BYTES = 9
_LENGTHS = {0xFC: 2, 0xFD: 3, 0xFE: 8}


@dataclass(frozen=True, slots=True)
class DatabaseRefusalError(Exception):
    """An ERR packet: its number; the words stay here."""

    number: int


class Packets:
    """One connection's packets, numbered within each command."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._number = 0

    def begin(self) -> None:
        """Begin a command."""
        self._number = 0

    def write(self, body: bytes) -> None:
        """Send a packet."""
        if len(body) >= MOST_BYTES:
            raise ProtocolError("a statement is too long for the database")
        self.channel.write(struct.pack("<I", len(body))[:3] + bytes([self._number & 0xFF]) + body)
        self._number += 1

    async def read(self) -> bytes:
        """Return the next packet; raise `ProtocolError` when it is larger than 16 MiB, `EOFError` at the end."""
        head = await self.channel.exactly(4)
        length = int.from_bytes(head[:3], "little")
        if length >= MOST_BYTES:
            raise ProtocolError("a row is larger than 16 MiB")
        self._number = head[3] + 1
        return await self.channel.exactly(length)

    async def answer(self) -> bytes:
        """Return the next packet; raise `DatabaseRefusalError` when it is an error."""
        body = await self.read()
        if not body:
            raise ProtocolError("a packet is empty")
        if body[0] == ERROR:
            raise DatabaseRefusalError(int.from_bytes(body[1:3], "little"))
        return body

    async def skip(self, count: int) -> None:
        """Read definitions that are not needed, and the EOF behind them."""
        for _ in range(count + 1 if count else 0):
            await self.answer()


def is_end(body: bytes) -> bool:
    """Return whether a packet ends a list."""
    return body[0] == EOF and len(body) < _MOST_EOF_BYTES


def number(body: bytes, place: int) -> tuple[int, int]:
    """Return a length-encoded number, and the place after it."""
    first = body[place]
    size = _LENGTHS.get(first)
    if size is None:
        return first, place + 1
    return int.from_bytes(body[place + 1 : place + 1 + size], "little"), place + 1 + size


def counted(body: bytes, place: int) -> tuple[bytes, int]:
    """Return bytes that are led by their length, and the place after them."""
    length, place = number(body, place)
    if place + length > len(body):
        raise ProtocolError("a value is longer than its packet")
    return body[place : place + length], place + length


def terminated(body: bytes, place: int) -> tuple[bytes, int]:
    """Return bytes up to a null, and the place after it."""
    end = body.find(b"\0", place)
    end = len(body) if end < 0 else end
    return body[place:end], end + 1


def with_length(data: bytes) -> bytes:
    """Return bytes led by their length."""
    count = len(data)
    if count < 0xFB:  # noqa: PLR2004 - the first of the marks
        return bytes([count]) + data
    if count < 2**16:
        return b"\xfc" + struct.pack("<H", count) + data
    if count < 2**24:
        return b"\xfd" + struct.pack("<I", count)[:3] + data
    return b"\xfe" + struct.pack("<Q", count) + data
