"""The way from the router to an app: its Unix socket, kept connections, one answer at a time."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import httptools

from bailiwick.dataplane.router.wire import HOP_BY_HOP, Headers

_IDLE_A_SITE = 16
_LIMIT = 256 * 1024


@dataclass
class Connection:
    """A connection to an app."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def close(self) -> None:
        """End it at once."""
        self.writer.transport.abort()


class Pool:
    """Idle connections by socket path."""

    def __init__(self) -> None:
        self._idle: dict[Path, list[Connection]] = defaultdict(list)

    async def take(self, path: Path) -> tuple[Connection, bool]:
        """Return a connection, and whether it was used before (then the app may have closed it meanwhile)."""
        idle = self._idle[path]
        while idle:
            connection = idle.pop()
            if not connection.writer.is_closing() and not connection.reader.at_eof():
                return connection, True
            connection.close()
        reader, writer = await asyncio.open_unix_connection(str(path), limit=_LIMIT)
        return Connection(reader, writer), False

    def give_back(self, path: Path, connection: Connection) -> None:
        """Keep a connection for the next request."""
        if len(self._idle[path]) < _IDLE_A_SITE:
            self._idle[path].append(connection)
        else:
            connection.close()

    def drop(self, path: Path) -> None:
        """Close every idle connection of a site that is gone."""
        for connection in self._idle.pop(path, []):
            connection.close()


class ResponseReader:
    """Takes the bytes of one answer: callbacks of httptools fill in what was seen so far."""

    def __init__(self, method: str) -> None:
        self.headers: Headers = []
        self.status = 0
        self.reason = b""
        self.body: list[bytes] = []
        self.head_done = False
        self.done = False
        self.chunked = False
        self.has_length = False
        self._bodiless = method == "HEAD"
        self._parser = httptools.HttpResponseParser(self)

    @property
    def reusable(self) -> bool:
        """Whether another request may follow on the same connection."""
        return self.done and not self._bodiless and bool(self._parser.should_keep_alive())

    def feed(self, data: bytes) -> None:
        """Take bytes; raises httptools' parser error when they are no answer."""
        self._parser.feed_data(data)

    def take_body(self) -> bytes:
        """Return the body's bytes that came since the last time."""
        taken, self.body = b"".join(self.body), []
        return taken

    def on_status(self, status: bytes) -> None:
        """Collect the reason phrase."""
        self.reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header, leaving out what is between the app and us only."""
        lower = name.lower()
        self.chunked |= lower == b"transfer-encoding"
        self.has_length |= lower == b"content-length"
        if lower not in HOP_BY_HOP:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Note the status; answers to HEAD, and some statuses, have no body (RFC 9112 section 6.3)."""
        self.status = self._parser.get_status_code()
        self.head_done = True
        if self._bodiless or self.status in {204, 304}:
            self.done = True

    def on_body(self, body: bytes) -> None:
        """Collect a piece of the body."""
        self.body.append(body)

    def on_message_complete(self) -> None:
        """Note the end, unless this was only an interim answer (1xx)."""
        if self.head_done and self.status < 200:  # noqa: PLR2004 - RFC 9110 section 15.2
            self.head_done, self.headers, self.reason = False, [], b""
            return
        self.done = True
