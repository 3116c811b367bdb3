"""DNS messages: as much of RFC 1035 as a resolver needs that knows a handful of names."""

import struct
from dataclasses import dataclass

_HEADER = struct.Struct("!6H")
_MAX_NAME = 255
TYPE_A = 1
_CLASS_IN = 1
_TTL_SECONDS = 5
NO_ERROR, FORMAT_ERROR, NAME_ERROR = 0, 1, 3


class DnsError(ValueError):
    """The bytes are not a query with one question."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question: its id, the name in lower case, the record type, and the question's own bytes."""

    number: int
    name: str
    kind: int
    question: bytes


def parse_query(data: bytes) -> Query:
    """Read a query; raise `DnsError` for anything that is not exactly one question."""
    if len(data) < _HEADER.size:
        raise DnsError("too short")
    number, flags, questions, *_ = _HEADER.unpack_from(data)
    if flags & 0x8000 or flags & 0x7800 or questions != 1:
        raise DnsError("not one plain question")
    labels, place = [], _HEADER.size
    while True:
        if place >= len(data):
            raise DnsError("the name does not end")
        length = data[place]
        place += 1
        if length == 0:
            break
        if length > 63 or place + length > len(data) or place - _HEADER.size > _MAX_NAME:  # noqa: PLR2004 - RFC 1035 2.3.4
            raise DnsError("a label is malformed")
        labels.append(data[place : place + length].decode("latin-1").lower())
        place += length
    if place + 4 > len(data):
        raise DnsError("the question does not end")
    kind, _ = struct.unpack_from("!2H", data, place)
    return Query(number, ".".join(labels), kind, data[_HEADER.size : place + 4])


def answer(query: Query, *, address: str = "", code: int = NO_ERROR) -> bytes:
    """Return the answer: one A record when there is an address and the question asks for one, else none."""
    record = b""
    if address and query.kind == TYPE_A:
        octets = bytes(int(part) for part in address.split("."))
        record = struct.pack("!HHHIH", 0xC00C, TYPE_A, _CLASS_IN, _TTL_SECONDS, 4) + octets
    # QR, AA, RD and RA are set: a stub resolver must not look for another server.
    return _HEADER.pack(query.number, 0x8580 | code, 1, int(bool(record)), 0, 0) + query.question + record
