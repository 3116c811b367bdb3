"""The way from the router to an app: its Unix socket, kept connections, one answer at a time."""

import asyncio
from collections import defaultdict
from pathlib import Path

import httptools

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.router.wire import HOP_BY_HOP, Headers

_IDLE_A_SITE = 16
_MOST_HEAD_BYTES = 256 * 1024


class Pool:
    """Idle connections by socket path."""

    def __init__(self) -> None:
        self._idle: dict[Path, list[Channel]] = defaultdict(list)

    def take_idle(self, path: Path) -> Channel | None:
        """Return a connection that was used before and is still good: the app has not closed it nor said a word."""
        idle = self._idle[path]
        while idle:
            channel = idle.pop()
            if not channel.is_over and not channel.waiting:
                return channel
            channel.abort()
        return None

    async def connect(self, path: Path) -> Channel:
        """Return a new connection."""
        return (await asyncio.get_running_loop().create_unix_connection(Channel, str(path)))[1]

    def give_back(self, path: Path, channel: Channel) -> None:
        """Keep a connection for the next request."""
        if len(self._idle[path]) < _IDLE_A_SITE:
            self._idle[path].append(channel)
        else:
            channel.abort()

    def drop(self, path: Path | None) -> None:
        """Close every idle connection of a site that is gone, where it had any."""
        for channel in self._idle.pop(path, []) if path is not None else ():
            channel.abort()


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
        self._kept = False
        self._head_bytes = 0
        self._parser = httptools.HttpResponseParser(self)

    @property
    def reusable(self) -> bool:
        """Whether another request may follow on the same connection."""
        return self.done and not self._bodiless and self._kept

    def feed(self, data: bytes) -> None:
        """Take bytes; raises httptools' parser error when they are no answer."""
        self._parser.feed_data(data)

    def take_body(self) -> bytes:
        """Return the body's bytes that came since the last time."""
        taken, self.body = b"".join(self.body), []
        return taken

    def on_message_begin(self) -> None:
        """Refuse a second answer: it would be taken for that to the browser's next request."""
        if self.done:
            raise ValueError("one request was answered twice")

    def on_status(self, status: bytes) -> None:
        """Collect the reason phrase."""
        self.reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header, leaving out what is between the app and us only."""
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > _MOST_HEAD_BYTES:
            raise ValueError("the head of the answer is too large")
        lower = name.lower()
        self.chunked |= lower == b"transfer-encoding"
        self.has_length |= lower == b"content-length"
        if lower not in HOP_BY_HOP:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Note the status; answers to HEAD, and some statuses, have no body (RFC 9112 section 6.3)."""
        self.status = self._parser.get_status_code()
        # The parser knows it only until the answer is over.
        self._kept = bool(self._parser.should_keep_alive())
        self.head_done = True
        if self._bodiless or self.status in {204, 304}:
            self.done = True

    def on_body(self, body: bytes) -> None:
        """Collect a piece of the body, where there may be one."""
        if not self.done:
            self.body.append(body)

    def on_message_complete(self) -> None:
        """Note the end, unless this was only an interim answer (1xx)."""
        if self.head_done and self.status < 200:  # noqa: PLR2004 - RFC 9110 section 15.2
            self.head_done, self.headers, self.reason = False, [], b""
            return
        self.done = True
