"""HTTP/2 connections (RFC 9113): each stream is a request that goes the same way as one of HTTP/1.1.

The protocol is `h2`'s. Ours are the bounds: streams at a time, bytes that wait, heads, and how often a client may
cause work that brings no request (resets, pings, settings, empty frames; CVE-2023-44487 and its like).
"""

import asyncio
import contextlib
import logging
import time

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    PingReceived,
    PriorityUpdated,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import H2Error
from h2.settings import SettingCodes, Settings

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.guard import RateLimit
from bailiwick.dataplane.router.answering import Answering, wants_json
from bailiwick.dataplane.router.client import refuse
from bailiwick.dataplane.router.http2_client import Http2Client
from bailiwick.dataplane.router.pages import Page
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import MAX_HEAD_BYTES, BadRequestError, Headers, RequestHead, request_of

_LOG = logging.getLogger("bailiwick.router")
_STREAMS = 64
_STREAM_WINDOW = 64 * 1024
_IDLE_SECONDS = 60.0
_READER_SECONDS = 60.0
_CHORES_PER_SECOND = 100.0
_AT_ONCE_BYTES = 256 * 1024
_FIRST_WINDOW = 65_535  # RFC 9113 section 6.9.2
# What makes work and brings no request.
_CHORES = (StreamReset, PingReceived, PriorityUpdated, RemoteSettingsChanged)


class ImpatientError(Exception):
    """The client causes more work than requests."""


class Http2Connection:
    """One connection of a browser, and the streams that are open on it."""

    def __init__(self, channel: Channel, address: str, answering: Answering) -> None:
        self._channel = channel
        self._address = address
        self._answering = answering
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        self._streams: dict[int, Http2Client] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._to_send = asyncio.Event()
        self._chores = RateLimit(_CHORES_PER_SECOND)
        self._watch = Watch()

    async def run(self) -> None:
        """Serve until either side ends the connection."""
        self._begin()
        writing = asyncio.create_task(self._write())
        try:
            with contextlib.suppress(ConnectionError, EOFError):
                await self._read()
        finally:
            self._watch.stop()
            for client in list(self._streams.values()):
                client.end()
            writing.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)

    def _begin(self) -> None:
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: _STREAMS,
                SettingCodes.INITIAL_WINDOW_SIZE: _STREAM_WINDOW,
                SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEAD_BYTES,
            },
        )
        self._h2.initiate_connection()
        # A body that its app does not read holds up no other stream.
        self._h2.increment_flow_control_window(_STREAMS * _STREAM_WINDOW - _FIRST_WINDOW)
        self._to_send.set()
        self._watch.expect(self._channel, _IDLE_SECONDS)

    async def _read(self) -> None:
        try:
            while True:
                for event in self._h2.receive_data(await self._channel.receive()):
                    self._take(event)
                self._to_send.set()
        except ImpatientError:
            self._h2.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
        except H2Error:
            pass  # what is wrong, h2 has already put into words for the client
        with contextlib.suppress(ConnectionError):
            self._channel.write(self._h2.data_to_send())

    def _take(self, event: Event) -> None:
        if isinstance(event, _CHORES):
            self._count_chore()
        if isinstance(event, RequestReceived):
            self._open(event)
        elif isinstance(event, DataReceived):
            self._take_data(event)
        elif isinstance(event, StreamEnded) and event.stream_id in self._streams:
            self._streams[event.stream_id].receive_end()
        elif isinstance(event, StreamReset) and event.stream_id in self._streams:
            self._streams.pop(event.stream_id).end()
            self._rest_or_wait()
        elif isinstance(event, TrailersReceived) and event.stream_id in self._streams:
            # As in HTTP/1.1: nobody sends trailers but who hopes that they are read in two ways.
            self._streams[event.stream_id].abort()

    def _count_chore(self) -> None:
        if self._chores.wait_seconds(time.monotonic()) > 0:
            raise ImpatientError

    def _take_data(self, event: DataReceived) -> None:
        data, whole = event.data or b"", event.flow_controlled_length or 0
        client = self._streams.get(event.stream_id or 0)
        if not data and event.stream_ended is None:
            self._count_chore()
        if client is not None:
            client.receive(data)
        # Padding is nobody's to read, and what comes after an answer neither.
        unread = whole - len(data) if client is not None else whole
        self.taken(event.stream_id or 0, unread)

    def _open(self, event: RequestReceived) -> None:
        number = event.stream_id or 0
        client = self._streams[number] = Http2Client(self, number)
        self._watch.rest()
        if event.stream_ended is not None:
            client.receive_end()
        task = asyncio.create_task(self._serve(client, list(event.headers or ())))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, client: Http2Client, fields: Headers) -> None:
        if client.is_gone:
            return
        watch = Watch()
        as_json = False
        try:
            head = _head_of(fields, whole=client.has_all)
            as_json = wants_json(head)
            answer = await self._answering.answer(client, watch, head, self._address)
            if isinstance(answer, Page):
                await refuse(client, answer, as_json=as_json)
            # A client that opens no window keeps no answer waiting for ever.
            watch.expect(client, _READER_SECONDS)
            await client.finished()
        except BadRequestError as fault:
            with contextlib.suppress(ConnectionError):
                await refuse(client, Page(fault.status, f"{fault}.".capitalize()), as_json=as_json)
        except (ConnectionError, EOFError, H2Error):
            client.abort()
        finally:
            watch.stop()

    # -- for streams ---------------------------------------------------------------------------------------------

    def headers(self, stream: int, headers: Headers, *, ends: bool) -> None:
        """Send a head."""
        self._h2.send_headers(stream, headers, end_stream=ends)
        if ends:
            self._finish(stream)
        self._to_send.set()

    def taken(self, stream: int, count: int) -> None:
        """Say that bytes of a body were read, so that the client may send as many more."""
        if count:
            self._h2.acknowledge_received_data(count, stream)
            self._to_send.set()

    def flush(self) -> None:
        """Send what can be sent, soon."""
        self._to_send.set()

    def reset(self, stream: int) -> None:
        """Break a stream off."""
        with contextlib.suppress(H2Error):
            self._h2.reset_stream(stream, ErrorCodes.CANCEL)
        self._streams.pop(stream, None)
        self._rest_or_wait()
        self._to_send.set()

    # -- writing -------------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        """Write as fast as the client reads: one task, so that streams take turns. When it ends, all ends."""
        try:
            with contextlib.suppress(ConnectionError):
                while True:
                    await self._to_send.wait()
                    self._to_send.clear()
                    self._move()
                    self._channel.write(self._h2.data_to_send())
                    await self._channel.drain()
        except H2Error as fault:
            _LOG.warning("a connection was ended: %s", fault)
        self._channel.abort()

    def _move(self) -> None:
        """Give each stream's bytes to h2, a frame of each in turn, as far as windows allow and one write should be."""
        left = _AT_ONCE_BYTES
        waiting = dict(self._streams)
        while waiting and left > 0:
            for stream, client in list(waiting.items()):
                moved = self._move_frame(stream, client)
                left -= moved
                if not moved or stream not in self._streams:
                    del waiting[stream]
        if left <= 0:
            self._to_send.set()

    def _move_frame(self, stream: int, client: Http2Client) -> int:
        window = self._h2.local_flow_control_window(stream)
        size = min(window, self._h2.max_outbound_frame_size, len(client.pending))
        last = client.ends and size == len(client.pending)
        if size > 0 or last:
            self._h2.send_data(stream, bytes(client.pending[: max(0, size)]), end_stream=last)
            del client.pending[: max(0, size)]
            client.sent()
        if last:
            self._finish(stream)
        return max(0, size)

    def _finish(self, stream: int) -> None:
        """Let a stream go whose answer is whole; of a body that still comes nothing more is wanted."""
        client = self._streams.pop(stream, None)
        if client is not None and not client.has_all:
            with contextlib.suppress(H2Error):
                self._h2.reset_stream(stream, ErrorCodes.NO_ERROR)
        self._rest_or_wait()

    def _rest_or_wait(self) -> None:
        if not self._streams:
            self._watch.expect(self._channel, _IDLE_SECONDS)


def _head_of(fields: Headers, *, whole: bool) -> RequestHead:
    """Return the head of a stream, read as strictly as one of HTTP/1.1; raise `BadRequestError` where in doubt."""
    said = {name: value for name, value in fields if name.startswith(b":")}
    first = b" ".join([said.get(b":method", b""), said.get(b":path", b""), b"HTTP/1.1"])
    plain = [(name, value) for name, value in fields if not name.startswith(b":")]
    # Crumbs of a cookie are one header in HTTP/1.1 (RFC 9113 section 8.2.3).
    crumbs = [value for name, value in plain if name == b"cookie"]
    own = [item for item in plain if item[0] != b"cookie" and not (item[0] == b"host" and b":authority" in said)]
    own += [(b"host", said[b":authority"])] if b":authority" in said else []
    own += [(b"cookie", b"; ".join(crumbs))] if crumbs else []
    size = sum(len(name) + len(value) + 4 for name, value in own)
    head = request_of(first, [name + b": " + value for name, value in own], size)
    if head.length is None or (whole and head.length):
        raise BadRequestError("the length of the body can be read in two ways")
    return head if whole or b"content-length" in head.first else head._replace(length=None)
