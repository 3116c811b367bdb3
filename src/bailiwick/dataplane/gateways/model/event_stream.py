"""Streams of Bedrock: frames of AWS's event stream, read as events of Anthropic's wire, which are in them, and written.

https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html has the frame,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html what is in it. In
between, a stream is lines of server-sent events, as all other streams are: what reads along and what puts values back
needs to know of those only. A frame that is no event (an exception) goes by as it came.
"""

import base64
import binascii
import json
import struct
from zlib import crc32

from bailiwick.dataplane.gateways.refusals import CallRefusedError

CONTENT_TYPE = b"application/vnd.amazon.eventstream"
# A frame may have 16 MiB, as clients of AWS hold it.
_MOST_BYTES = 16 * 2**20
_PRELUDE, _LEAST = 12, 16
_STRING = 7
_AS_IT_CAME = b"event: frame\n"


class Frames:
    """Reads frames of a server as lines, and writes lines as frames."""

    def __init__(self) -> None:
        self._came = bytearray()
        self._lines = bytearray()

    @property
    def is_whole(self) -> bool:
        """Whether nothing was begun and not ended."""
        return not self._came

    def lines(self, data: bytes) -> bytes:
        """Return the events in the frames that are whole by now; raise `CallRefusedError` for what is no frame."""
        self._came += data
        out = b""
        while len(self._came) >= _PRELUDE:
            length, _ = _prelude(self._came)
            if len(self._came) < length:
                break
            frame = bytes(self._came[:length])
            del self._came[:length]
            out += _event(frame)
        return out

    def frames(self, lines: bytes) -> bytes:
        """Return events as frames; what of an event is not there yet is waited for."""
        self._lines += lines
        *events, rest = bytes(self._lines).split(b"\n\n")
        self._lines = bytearray(rest)
        return b"".join(map(_framed, events))


def exception(fault: CallRefusedError) -> bytes:
    """Return the frame that tells of a fault in the midst of a stream."""
    headers = {
        ":message-type": "exception",
        ":exception-type": "modelStreamErrorException",
        ":content-type": "application/json",
    }
    return frame(headers, json.dumps({"message": fault.message}).encode())


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """Return a frame with headers that are strings."""
    packed = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING, len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", _LEAST + len(packed) + len(payload), len(packed))
    begun = prelude + struct.pack("!I", crc32(prelude)) + packed + payload
    return begun + struct.pack("!I", crc32(begun))


def chunk(event: bytes) -> bytes:
    """Return the frame of an event of the model (JSON)."""
    headers = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, json.dumps({"bytes": base64.b64encode(event).decode()}).encode())


def _prelude(came: bytearray) -> tuple[int, int]:
    length, headers, checked = struct.unpack_from("!III", came)
    if crc32(bytes(came[:8])) != checked or not _LEAST + headers <= length <= _MOST_BYTES:
        raise _broken()
    return length, headers


def _event(whole: bytes) -> bytes:
    """Return the lines that stand for a frame."""
    (checked,) = struct.unpack_from("!I", whole, len(whole) - 4)
    if crc32(whole[:-4]) != checked:
        raise _broken()
    _, headers, _ = struct.unpack_from("!III", whole)
    payload = whole[_PRELUDE + headers : -4]
    if b":event-type" in whole[_PRELUDE : _PRELUDE + headers]:
        try:
            inside = base64.b64decode(json.loads(payload)["bytes"], validate=True)
        except (ValueError, KeyError, TypeError, binascii.Error):
            raise _broken() from None
        # JSON needs no line breaks, and one would end the line here.
        return b"data: " + inside.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n\n"
    return _AS_IT_CAME + b"data: " + base64.b64encode(whole) + b"\n\n"


def _framed(event: bytes) -> bytes:
    data = event.partition(b"data: ")[2]
    return base64.b64decode(data) if event.startswith(_AS_IT_CAME) else chunk(data)


def _broken() -> CallRefusedError:
    return CallRefusedError(502, "the model's server broke off its answer, or it is none")
