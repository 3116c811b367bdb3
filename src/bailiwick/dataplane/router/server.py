"""The router's server: one connection of a browser, request after request."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httptools

from bailiwick.core.ids import new_span_id, new_trace_id
from bailiwick.core.messages import RequestTrace
from bailiwick.core.principals import Call, Identity
from bailiwick.dataplane.router.calls import CallRegistry
from bailiwick.dataplane.router.gate import Gate, SignInNeeded, closed_page
from bailiwick.dataplane.router.pages import Page, render
from bailiwick.dataplane.router.sign_in import ATTEMPT_COOKIE, CALLBACK_PATH, PASS_COOKIE, SIGN_OUT_PATH, SignIn
from bailiwick.dataplane.router.sites import Site, Sites
from bailiwick.dataplane.router.upstream import Connection, Pool, ResponseReader
from bailiwick.dataplane.router.wire import (
    HOP_BY_HOP,
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    BadRequestError,
    Headers,
    RequestHead,
    parse_request,
    render_head,
    without_cookies,
)

_HEAD_SECONDS = 30.0
_ANSWER_SECONDS = 60.0
_PIECE = 64 * 1024
_OWN_COOKIES = frozenset({PASS_COOKIE, ATTEMPT_COOKIE})
# What only the router may say to an app: whose request it is, and under which trace.
_RESERVED = frozenset({b"traceparent", b"tracestate", b"baggage", b"forwarded", b"x-forwarded-for", b"authorization"})
Observer = Callable[[Site, RequestTrace], None]


class AppFaultError(Exception):
    """The app closed, stalled or answered nonsense."""


@dataclass(frozen=True)
class RouterParts:
    """What the router works with."""

    sites: Sites
    gate: Gate
    sign_in: SignIn
    sign_in_url: Callable[[], str]
    calls: CallRegistry
    pool: Pool
    observe: Observer


class Router:
    """Serves browsers: `handle` is given to `asyncio.start_server`."""

    def __init__(self, parts: RouterParts) -> None:
        self._parts = parts

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            while await Exchange(self._parts, reader, writer).run():
                pass
        writer.close()


class Exchange:
    """One request and its answer."""

    def __init__(self, parts: RouterParts, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._parts = parts
        self._reader = reader
        self._writer = writer
        self._upstream: Connection | None = None
        self._answer_begun = False

    def cut(self) -> None:
        """End this request now: the app was stopped."""
        if self._upstream is not None:
            self._upstream.close()
        if self._answer_begun:
            self._writer.transport.abort()

    async def run(self) -> bool:
        """Serve one request; return whether another may follow on this connection."""
        try:
            raw = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), _HEAD_SECONDS)
            head = parse_request(raw)
        except asyncio.LimitOverrunError:
            return await self._refuse(Page(400, "The head of the request is too large."), as_json=False)
        except BadRequestError as fault:
            return await self._refuse(Page(400, f"{fault}.".capitalize()), as_json=False)
        as_json = "text/html" not in head.get(b"accept")
        site = self._parts.sites.find(head.host)
        if site is None:
            words = "Check the address; apps are listed in the console."
            return await self._refuse(Page(421, f"No app is served here as {head.host}.", words), as_json=as_json)
        own = await self._own_answer(site, head)
        if own is not None:
            return await self._refuse(own, as_json=as_json)
        return await self._decide(site, head, as_json=as_json)

    async def _own_answer(self, site: Site, head: RequestHead) -> Page | None:
        if head.path == CALLBACK_PATH and head.method == "GET":
            return await self._parts.sign_in.finish(site, head)
        if head.path == SIGN_OUT_PATH and head.method in {"GET", "POST"}:
            return self._parts.sign_in.sign_out()
        return None

    async def _decide(self, site: Site, head: RequestHead, *, as_json: bool) -> bool:
        who = self._parts.gate.check(site, head)
        if isinstance(who, SignInNeeded):
            if head.method == "GET" and not as_json:
                return await self._refuse(
                    self._parts.sign_in.begin(site, head, self._parts.sign_in_url()), as_json=False
                )
            page = Page(401, "Nobody is signed in.", "Open the app in a browser, or send a pass as a bearer token.")
            return await self._refuse(page, as_json=as_json)
        if isinstance(who, Page):
            return await self._refuse(who, as_json=as_json)
        return await self._forward(site, head, who, as_json=as_json)

    async def _forward(self, site: Site, head: RequestHead, who: Identity, *, as_json: bool) -> bool:
        trace = new_trace_id()
        began = time.monotonic()
        status = 502
        self._parts.calls.begin(Call(who, site.state.app, site.state.release, trace))
        site.in_flight.add(self)
        try:
            status, keep = await self._relay(site, head, who, trace)
            return keep
        except (AppFaultError, ConnectionError, httptools.HttpParserError, OSError):
            page = closed_page(site) or Page(502, "The app did not answer this request.", "Try again.", trace)
            status = page.status
            if self._answer_begun:
                self._writer.transport.abort()
                return False
            return await self._refuse(page, as_json=as_json)
        finally:
            site.in_flight.discard(self)
            self._parts.calls.end(trace)
            seen = RequestTrace(
                trace=trace,
                time=datetime.now(UTC),
                method=head.method,
                path=head.path[:200],
                status=status,
                milliseconds=round((time.monotonic() - began) * 1000, 2),
                principal=str(who.principal),
            )
            self._parts.observe(site, seen)

    async def _relay(self, site: Site, head: RequestHead, who: Identity, trace: str) -> tuple[int, bool]:
        assert site.upstream is not None  # noqa: S101 - the gate let only running sites through
        path = site.upstream
        connection, used = await self._parts.pool.take(path)
        self._upstream = connection
        out = render_head(f"{head.method} {head.target} HTTP/1.1".encode(), self._request_headers(head, who, trace))
        reader = ResponseReader(head.method)
        connection.writer.write(out)
        body = asyncio.create_task(self._send_body(head, connection)) if head.length != 0 else None
        try:
            first = await self._first_bytes(connection)
            if not first and used and body is None:
                # The app closed an idle connection just as we chose it: nothing of the answer is lost, ask again.
                connection = self._upstream = await self._fresh(path)
                connection.writer.write(out)
                first = await self._first_bytes(connection)
            keep = await self._receive(reader, first, head, connection)
            if body is not None:
                await body
        except BaseException:
            connection.close()
            raise
        finally:
            if body is not None and not body.done():
                body.cancel()
        if reader.reusable and site.upstream == path:
            self._parts.pool.give_back(path, connection)
        else:
            connection.close()
        return reader.status, keep

    async def _fresh(self, path: Path) -> Connection:
        self._parts.pool.drop(path)
        return (await self._parts.pool.take(path))[0]

    async def _first_bytes(self, connection: Connection) -> bytes:
        try:
            return await asyncio.wait_for(connection.reader.read(_PIECE), _ANSWER_SECONDS)
        except TimeoutError as fault:
            raise AppFaultError("no answer in time") from fault

    def _request_headers(self, head: RequestHead, who: Identity, trace: str) -> Headers:
        headers: Headers = []
        for name, value in head.headers:
            if name in _RESERVED or name.startswith(b"x-bailiwick-") or (name in HOP_BY_HOP and not head.upgrade):
                continue
            kept = without_cookies(value, _OWN_COOKIES) if name == b"cookie" else value
            if name != b"cookie" or kept:
                headers.append((name, kept))
        if head.length is None:
            headers.append((b"transfer-encoding", b"chunked"))
        headers.append((b"traceparent", f"00-{trace}-{new_span_id()}-01".encode()))
        headers.append((b"x-bailiwick-user", who.principal.name.encode("ascii", "replace")))
        return headers

    async def _send_body(self, head: RequestHead, connection: Connection) -> None:
        """Pass the request's body on as it comes: by its length, or chunk by chunk, checked."""
        if head.length is not None:
            remaining = head.length
            while remaining:
                piece = await self._reader.read(min(_PIECE, remaining))
                if not piece:
                    raise ConnectionResetError
                remaining -= len(piece)
                connection.writer.write(piece)
                await connection.writer.drain()
            return
        total = 0
        while True:
            size = await self._chunk_size()
            total += size
            if total > MAX_BODY_BYTES:
                raise ConnectionResetError
            data = await self._reader.readexactly(size + 2)
            if data[-2:] != b"\r\n":
                raise ConnectionResetError
            connection.writer.write(f"{size:x}\r\n".encode() + data)
            await connection.writer.drain()
            if size == 0:
                return

    async def _chunk_size(self) -> int:
        line = (await self._reader.readuntil(b"\r\n"))[:-2]
        if not line or len(line) > 8 or any(digit not in b"0123456789abcdefABCDEF" for digit in line):  # noqa: PLR2004
            raise ConnectionResetError
        return int(line, 16)

    async def _receive(self, reader: ResponseReader, data: bytes, head: RequestHead, connection: Connection) -> bool:
        """Pass the answer on piece by piece; return whether the browser's connection can go on."""
        framed = False
        while True:
            if not data:
                if not reader.head_done or reader.chunked or reader.has_length:
                    raise AppFaultError("the app closed the connection early")
                break
            try:
                reader.feed(data)
            except httptools.HttpParserUpgrade:
                if head.upgrade:
                    return await self._splice(data, connection)
                raise AppFaultError("the app upgraded what was not asked for") from None
            if reader.head_done and not self._answer_begun:
                framed = reader.has_length or reader.status in {204, 304} or head.method == "HEAD"
                self._start_answer(reader, framed=framed, keep=head.keep_alive)
            piece = reader.take_body()
            if piece:
                self._writer.write(piece if framed else b"%x\r\n%b\r\n" % (len(piece), piece))
                await self._writer.drain()
            if reader.done:
                break
            data = await connection.reader.read(_PIECE)
        if not framed:
            self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()
        return head.keep_alive

    def _start_answer(self, reader: ResponseReader, *, framed: bool, keep: bool) -> None:
        headers = list(reader.headers)
        if not framed:
            headers.append((b"transfer-encoding", b"chunked"))
        headers.append((b"connection", b"keep-alive" if keep else b"close"))
        first = b"HTTP/1.1 %d %b" % (reader.status, reader.reason)
        self._writer.write(render_head(first, headers))
        self._answer_begun = True

    async def _splice(self, first: bytes, connection: Connection) -> bool:
        """Join both sides after an upgrade (WebSocket) until either ends."""
        self._answer_begun = True
        self._writer.write(first)
        await asyncio.wait(
            [
                asyncio.create_task(_copy(self._reader, connection.writer)),
                asyncio.create_task(_copy(connection.reader, self._writer)),
            ],
            return_when=asyncio.FIRST_COMPLETED,
        )
        connection.close()
        return False

    async def _refuse(self, page: Page, *, as_json: bool) -> bool:
        headers, body = render(page, as_json=as_json)
        # The request's body was not read, so nothing may follow on this connection.
        first = b"HTTP/1.1 %d %b" % (page.status, b"See Other" if page.status in {302, 303} else b"Refused")
        self._writer.write(render_head(first, [*headers, (b"connection", b"close")]) + body)
        await self._writer.drain()
        return False


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(_PIECE):
            target.write(data)
            await target.drain()


async def serve(router: Router, host: str, port: int) -> asyncio.Server:
    """Listen for browsers."""
    return await asyncio.start_server(router.handle, host, port, limit=MAX_HEAD_BYTES)
