"""How the plane and the process of a file talk: frames of a length in four bytes, a kind in one, and what it holds.

Questions are JSON. Answers are rows as the protocol's DataRow messages (`R`), the end of a statement (`E`), what was
asked for (`J`) or a fault (`F`). Nothing of the process is ever run by the plane.
"""

import json
import struct
from typing import IO, Any

ROWS, END, SAID, FAULT, ASKED = b"R", b"E", b"J", b"F", b"Q"
MOST_BYTES = 64 * 2**20
HEAD = struct.Struct("!I1s")


def frame(kind: bytes, data: bytes) -> bytes:
    """Return a frame."""
    return HEAD.pack(len(data), kind) + data


def said(kind: bytes, content: object) -> bytes:
    """Return a frame of JSON."""
    return frame(kind, json.dumps(content).encode())


def read(pipe: IO[bytes]) -> dict[str, Any]:
    """Return the next question; raise `EOFError` when nobody asks any more."""
    head = pipe.read(HEAD.size)
    if len(head) < HEAD.size:
        raise EOFError
    length, _ = HEAD.unpack(head)
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return dict(json.loads(data))
