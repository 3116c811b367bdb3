"""What a client of HTTP/2 may not do: each flood ends its own connection, reaches no app, and others are served."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, Event, ResponseReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes
from hyperframe.frame import ContinuationFrame, DataFrame, HeadersFrame, PingFrame, SettingsFrame

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.router import exchange as exchange_module
from bailiwick.dataplane.router import http2 as http2_module
from bailiwick.dataplane.router.answering import Answering
from bailiwick.dataplane.router.http2 import Http2Connection
from tests.fixtures.routing import Served

pytestmark = pytest.mark.req("RT1", "RT6")


class Attacker:
    """A client that says whatever it wants, without TLS: what is underneath does not matter here."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self.reader, self.writer, self.token = reader, writer, token
        self.h2 = H2Connection(
            H2Configuration(
                header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False,
                validate_inbound_headers=False,
            )
        )  # fmt: skip
        self.h2.initiate_connection()
        self.seen: list[Event] = []
        self.flush()

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    def ask(self, path: str = "/hello", *more: tuple[str, str], method: str = "GET", ends: bool = True) -> int:
        stream = self.h2.get_next_available_stream_id()
        fields = [(":method", method), (":path", path), (":scheme", "https"), (":authority", "desk.localhost")]
        self.h2.send_headers(stream, [*fields, ("cookie", f"bailiwick_pass={self.token}"), *more], end_stream=ends)
        self.flush()
        return stream

    async def until(self, found: Callable[[Event], bool]) -> Event:
        """Read until an event; raise `EOFError` when the connection ends before."""
        async with asyncio.timeout(10):
            while True:
                for event in self.seen:
                    if found(event):
                        return event
                data = await self.reader.read(65536)
                if not data:
                    raise EOFError
                self.seen += self.h2.receive_data(data)
                self.flush()

    async def status(self, stream: int) -> int:
        event = await self.until(lambda item: isinstance(item, ResponseReceived) and item.stream_id == stream)
        assert isinstance(event, ResponseReceived)
        return int(dict(event.headers or ())[b":status"])

    async def ended_with(self) -> int:
        """Return the code with which the router ended the connection."""
        event = await self.until(lambda item: isinstance(item, ConnectionTerminated))
        assert isinstance(event, ConnectionTerminated)
        return int(event.error_code or 0)


Door = Callable[[], Awaitable[Attacker]]


@pytest.fixture
async def door(served: Served) -> AsyncIterator[Door]:
    answering = Answering(served.parts())
    tasks: set[asyncio.Task[None]] = set()

    async def serve(channel: Channel) -> None:
        await Http2Connection(channel, "127.0.0.1", answering).run()
        channel.close()

    def opened(channel: Channel) -> None:
        task = asyncio.create_task(serve(channel))
        tasks.add(task)

    server = await asyncio.get_running_loop().create_server(lambda: Channel(opened), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def attacker() -> Attacker:
        return Attacker(*await asyncio.open_connection("127.0.0.1", port), served.token)

    yield attacker
    async with asyncio.timeout(10):
        other = await attacker()
        assert await other.status(other.ask()) == 200
        other.writer.close()
    server.close()
    for task in tasks:
        task.cancel()


async def test_streams_that_are_opened_and_reset_without_end_end_the_connection(served: Served, door: Door) -> None:
    attacker = await door()
    for _ in range(300):
        stream = attacker.ask("/wait")
        attacker.h2.reset_stream(stream)
    attacker.flush()
    assert await attacker.ended_with() == ErrorCodes.ENHANCE_YOUR_CALM
    async with asyncio.timeout(5):
        while served.site.in_flight:  # noqa: ASYNC110 - the end of many requests
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("frame", ["ping", "settings", "empty"])
async def test_frames_that_bring_nothing_end_the_connection(served: Served, door: Door, frame: str) -> None:
    attacker = await door()
    stream = attacker.ask("/digest", method="POST", ends=False)
    raw = {"ping": PingFrame(0, b"12345678"), "settings": SettingsFrame(0), "empty": DataFrame(stream)}[frame]
    attacker.writer.write(raw.serialize() * 300)
    assert await attacker.ended_with() == ErrorCodes.ENHANCE_YOUR_CALM


async def test_a_head_without_end_is_not_collected(served: Served, door: Door) -> None:
    attacker = await door()
    attacker.writer.write(HeadersFrame(1, b"\x82").serialize())
    for _ in range(200):
        attacker.writer.write(ContinuationFrame(1, b"\x00\x01a\x01b" * 2000).serialize())
    with pytest.raises((EOFError, ConnectionError)):
        await attacker.until(lambda event: False)
    assert served.app.headers == []


async def test_a_small_head_that_unpacks_to_a_large_one_is_refused(served: Served, door: Door) -> None:
    attacker = await door()
    attacker.ask("/hello", *[("x-bomb", "x" * 3000)] * 200)
    with pytest.raises((EOFError, ConnectionError)):
        await attacker.until(lambda event: isinstance(event, ResponseReceived))
    assert served.app.headers == []


async def test_more_streams_than_agreed_end_the_connection(served: Served, door: Door) -> None:
    attacker = await door()
    attacker.h2.remote_settings.max_concurrent_streams = 1000
    for _ in range(80):
        attacker.ask("/wait")
    with pytest.raises((EOFError, ConnectionError)):
        await attacker.until(lambda event: isinstance(event, ResponseReceived))


HEADS = [
    [("x-evil", "a\r\nx-bailiwick-user: root")],
    [("transfer-encoding", "chunked")],
    [("connection", "upgrade")],
    [("upgrade", "websocket")],
    [("content-length", "5")],
    [("content-length", "1"), ("content-length", "2")],
    [("host", "other.localhost")],
    [("Upper", "case")],
    [(":path", "/second")],
    [("x evil", "a")],
    [("x-nul", "a\x00b")],
]


async def test_a_head_that_would_mean_something_else_in_http_1_is_refused(served: Served, door: Door) -> None:
    for fields in HEADS:
        await refused(await door(), "/hello", *fields)
    assert served.app.headers == []


async def test_a_path_that_is_no_path_is_refused(served: Served, door: Door) -> None:
    for path in ("http://other/", "*", "/a b", "/a\r\nHost: other", ""):
        await refused(await door(), path)
    assert served.app.headers == []


async def test_a_method_that_is_none_is_refused(served: Served, door: Door) -> None:
    for method in ("CONNECT", "TRACE", "G ET", "GET /x HTTP/1.1\r\nx:"):
        await refused(await door(), "/hello", method=method)
    assert served.app.headers == []


async def refused(attacker: Attacker, path: str, *fields: tuple[str, str], method: str = "GET") -> None:
    """See that a request is answered with 400 or 405, or ends the connection where the protocol itself is broken."""
    stream = attacker.ask(path, *fields, method=method)
    try:
        assert await attacker.status(stream) in {400, 405}
    except EOFError:
        assert any(isinstance(event, ConnectionTerminated) for event in attacker.seen)


async def test_a_reader_that_is_slow_holds_up_the_app_and_nobody_else(served: Served, door: Door) -> None:
    attacker = await door()
    slow = attacker.ask("/endless")
    await attacker.until(lambda event: isinstance(event, DataReceived) and event.stream_id == slow)
    still, before = 0, -1
    while still < 5:
        await asyncio.sleep(0.02)
        still, before = (still + 1, before) if served.app.sent == before else (0, served.app.sent)
    assert served.app.sent < 30 * 2**20
    attacker.h2.increment_flow_control_window(2**20)
    quick = attacker.ask("/hello")
    await attacker.until(lambda event: isinstance(event, StreamEnded) and event.stream_id == quick)
    attacker.h2.reset_stream(slow)
    attacker.flush()
    await asyncio.wait_for(served.app.left.wait(), 10)


async def test_a_body_that_is_longer_than_it_said_or_has_trailers_is_broken_off(served: Served, door: Door) -> None:
    attacker = await door()
    stream = attacker.ask("/digest", method="POST", ends=False)
    attacker.h2.send_data(stream, b"body")
    attacker.h2.send_headers(stream, [("x-late", "1")], end_stream=True)
    attacker.flush()
    reset = await attacker.until(lambda event: isinstance(event, StreamReset))
    assert isinstance(reset, StreamReset)
    assert reset.stream_id == stream
    long = attacker.ask("/digest", ("content-length", "2"), method="POST", ends=False)
    attacker.h2.send_data(long, b"body", end_stream=True)
    attacker.flush()
    with pytest.raises((EOFError, ConnectionError)):
        await attacker.status(long)


# -- slow on purpose: each client holds what it has for a bounded time ---------------------------------------------


async def closed(attacker: Attacker) -> bool:
    """Whether the router ends the connection."""
    with contextlib.suppress(EOFError, ConnectionError):
        await attacker.until(lambda _: False)
    return True


async def test_a_head_that_drips_by_continuations_is_not_waited_for(
    served: Served, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2_module, "_IDLE_SECONDS", 0.5)
    attacker = await door()
    attacker.writer.write(HeadersFrame(1, b"\x82").serialize())

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                attacker.writer.write(ContinuationFrame(1, b"").serialize())
                await attacker.writer.drain()
                await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drip())
    assert await asyncio.wait_for(closed(attacker), 5)
    dripping.cancel()
    assert served.app.headers == []


async def test_a_body_that_drips_frees_the_apps_place_and_the_connection_goes_on(
    served: Served, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_module, "_BODY_SECONDS", 0.5)
    attacker = await door()
    stream = attacker.ask("/digest", method="POST", ends=False)
    resets: list[Event] = []
    async with asyncio.timeout(8):
        while not resets:
            attacker.h2.send_data(stream, b"x")
            attacker.flush()
            with contextlib.suppress(TimeoutError):
                data = await asyncio.wait_for(attacker.reader.read(65536), 0.05)
                resets += [item for item in attacker.h2.receive_data(data) if isinstance(item, StreamReset)]
    assert not served.site.in_flight
    assert (await served.trace()).status == 499
    assert await attacker.status(attacker.ask()) == 200


async def test_a_body_that_keeps_coming_is_waited_for(
    served: Served, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_module, "_BODY_SECONDS", 0.3)
    attacker = await door()
    stream = attacker.ask("/digest", method="POST", ends=False)
    for _ in range(10):
        attacker.h2.send_data(stream, b"x" * 1000)
        attacker.flush()
        await asyncio.sleep(0.08)
    attacker.h2.send_data(stream, b"", end_stream=True)
    attacker.flush()
    assert await attacker.status(stream) == 200


@pytest.mark.parametrize("path", ["/endless", "/large", "/nowhere-to-be-found"])
async def test_a_client_that_opens_no_window_holds_no_answer_for_ever(
    served: Served, door: Door, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    for module in (exchange_module, http2_module):
        monkeypatch.setattr(module, "_READER_SECONDS", 0.5)
    attacker = await door()
    attacker.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})
    if path == "/nowhere-to-be-found":
        attacker.token = "forged"
    stream = attacker.ask(path if attacker.token != "forged" else "/hello")
    reset = await attacker.until(lambda item: isinstance(item, StreamReset))
    assert isinstance(reset, StreamReset)
    assert reset.stream_id == stream
    async with asyncio.timeout(5):
        while served.site.in_flight:  # noqa: ASYNC110 - the end of the request
            await asyncio.sleep(0.01)


async def test_a_client_that_opens_its_window_byte_by_byte_is_not_served_for_ever(
    served: Served, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (exchange_module, http2_module):
        monkeypatch.setattr(module, "_READER_SECONDS", 0.5)
    attacker = await door()
    attacker.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 1})
    stream = attacker.ask("/endless")
    seen: list[Event] = []
    async with asyncio.timeout(8):
        while not any(isinstance(item, StreamReset) for item in seen):
            seen = attacker.h2.receive_data(await attacker.reader.read(65536))
            with contextlib.suppress(ProtocolError):
                attacker.h2.increment_flow_control_window(1, stream)
            attacker.flush()
            await asyncio.sleep(0.01)
    await asyncio.wait_for(served.app.left.wait(), 5)
