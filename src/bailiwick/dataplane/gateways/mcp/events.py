"""Server-sent events as MCP uses them: one message in each (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from collections.abc import Iterator

# One message is held in memory; the whole stream is bounded by what a connection lets through.
MOST_EVENT_BYTES = 8 * 2**20


class EventTooLargeError(Exception):
    """An event is larger than is held in memory."""


class EventReader:
    """Takes the bytes of a stream, and gives the data of each event that is whole."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the data of events, those without any left out; raise `EventTooLargeError`."""
        self._pieces.append(data)
        self._waiting += len(data)
        if self._size + self._waiting > MOST_EVENT_BYTES:
            raise EventTooLargeError
        if b"\n" not in data and b"\r" not in data:
            return
        whole = b"".join(self._pieces)
        # A carriage return at the end may be the first half of a line's end.
        held = b"\r" if whole.endswith(b"\r") else b""
        whole = whole[: len(whole) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = whole.split(b"\n")
        self._pieces = [rest + held]
        self._waiting = len(rest) + len(held)
        for line in lines:
            yield from self._line(line)

    def _line(self, line: bytes) -> Iterator[bytes]:
        if not line:
            made = b"\n".join(self._data)
            self._data, self._size = [], 0
            if made:
                yield made
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(value) + 1


def event(data: bytes) -> bytes:
    """Return a message as an event; it holds no line feed, as JSON escapes them."""
    return b"event: message\ndata: " + data + b"\n\n"
