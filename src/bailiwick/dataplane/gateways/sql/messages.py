"""PostgreSQL's wire protocol, version 3: framing, and the few messages that a gateway must make or read.

Source: PostgreSQL documentation, chapter 54, "Frontend/Backend Protocol".
"""

import struct
from typing import NamedTuple

from bailiwick.dataplane.channel import Channel

PROTOCOL_3 = 196608
SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
MAX_MESSAGE_BYTES = 16 * 2**20
_MAX_STARTUP_BYTES = 10_000
_HEAD_BYTES = 5


class ProtocolError(Exception):
    """The other side does not speak the protocol, or says too much at once."""


class Message(NamedTuple):
    """One message: its type byte and what follows the length."""

    kind: bytes
    body: bytes

    def encode(self) -> bytes:
        """Return the message as it goes over the wire."""
        return self.kind + (len(self.body) + 4).to_bytes(4) + self.body


async def read_startup(channel: Channel) -> tuple[int, bytes]:
    """Return the code and the rest of the first message of a connection."""
    (length,) = struct.unpack("!I", await channel.exactly(4))
    if not 8 <= length <= _MAX_STARTUP_BYTES:  # noqa: PLR2004 - the length and the code
        raise ProtocolError("the first message has no sensible length")
    body = await channel.exactly(length - 4)
    return struct.unpack("!I", body[:4])[0], body[4:]


async def read_message(channel: Channel) -> Message:
    """Return the next message; raise `ProtocolError` when it is larger than 16 MiB."""
    # What has come already is taken without the cost of an await.
    head = channel.take(_HEAD_BYTES) if channel.waiting >= _HEAD_BYTES else await channel.exactly(_HEAD_BYTES)
    length = int.from_bytes(head[1:]) - 4
    if not 0 <= length <= MAX_MESSAGE_BYTES:
        raise ProtocolError("a message is larger than 16 MiB")
    return Message(head[:1], channel.take(length) if channel.waiting >= length else await channel.exactly(length))


def text(value: str) -> bytes:
    """Return a string as the protocol writes it."""
    return value.encode() + b"\0"


def take_text(body: bytes, place: int = 0) -> tuple[str, int]:
    """Return the string at a place of a body, and the place after it."""
    end = body.find(b"\0", place)
    if end < 0:
        raise ProtocolError("a string does not end")
    try:
        return body[place:end].decode(), end + 1
    except UnicodeDecodeError as fault:
        raise ProtocolError("a string is not UTF-8") from fault


def error(message: str, sqlstate: str, *, hint: str = "", severity: str = "ERROR") -> bytes:
    """Return an ErrorResponse."""
    fields = {"S": severity, "V": severity, "C": sqlstate, "M": message, "H": hint}
    body = b"".join(key.encode() + text(value) for key, value in fields.items() if value) + b"\0"
    return Message(b"E", body).encode()


def error_fields(body: bytes) -> dict[str, str]:
    """Return the fields of an ErrorResponse by their letter."""
    fields = {}
    for part in body.split(b"\0"):
        if part:
            fields[chr(part[0])] = part[1:].decode(errors="replace")
    return fields


def ready(status: bytes) -> bytes:
    """Return a ReadyForQuery: I idle, T in a transaction, E in a failed one."""
    return Message(b"Z", status).encode()
