"""One request on its way to an app, and the answer on its way back, piece by piece and at the slower side's pace."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

import httptools

from bailiwick.dataplane.router.upstream import AppFaultError, Connection, Pool, ResponseReader
from bailiwick.dataplane.router.wire import MAX_BODY_BYTES, Headers, RequestHead, render_head

_ANSWER_SECONDS = 60.0
_PIECE_SECONDS = 60.0
_PIECE = 64 * 1024
_CHUNK_DIGITS = 8
# What may be asked again when the first try was lost with an idle connection (RFC 9110 section 9.2.2).
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_NO_BODY = frozenset({204, 304})


class BrowserGoneError(Exception):
    """The browser's side ended, stalled or sent nonsense: no fault of the app."""


@dataclass
class Relay:
    """One exchange. `own_cookies` are names that an app may not set; `trace` is told to the browser."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pool: Pool
    path: Path
    head: RequestHead
    headers: Headers
    own_cookies: frozenset[str]
    trace: str
    begun: bool = False
    _upstream: Connection | None = None
    _browser_gone: bool = False

    def cut(self) -> None:
        """End it now: the app was stopped."""
        if self._upstream is not None:
            self._upstream.close()
        if self.begun:
            self.writer.transport.abort()

    async def run(self) -> tuple[int, bool]:
        """Relay; return the app's status, and whether another request may follow on the browser's connection.

        Raises `AppFaultError` when the app fails and `BrowserGoneError` when the browser does.
        """
        connection, used = await self.pool.take(self.path)
        self._upstream = connection
        first_line = f"{self.head.method} {self.head.target} HTTP/1.1".encode()
        out = render_head(first_line, self.headers)
        answer = ResponseReader(self.head.method)
        connection.writer.write(out)
        body = asyncio.create_task(self._send_body(connection)) if self.head.length != 0 else None
        try:
            data = await self._first_bytes(connection, body)
            if not data and used and body is None and self.head.method in _IDEMPOTENT:
                # The app closed an idle connection just as we chose it: nothing was answered, so ask again.
                connection = self._upstream = await self.pool.dial(self.path)
                connection.writer.write(out)
                data = await self._first_bytes(connection, None)
            spliced = await self._receive(answer, data, connection)
            sent = body is None or await self._sent(body)
        except BaseException:
            connection.close()
            raise
        finally:
            if body is not None:
                body.cancel()
        if answer.reusable and sent and not spliced:
            self.pool.give_back(self.path, connection)
        else:
            connection.close()
        return answer.status, sent and not spliced and self.head.keep_alive

    # -- towards the app -----------------------------------------------------------------------------------------

    async def _send_body(self, connection: Connection) -> None:
        """Pass the body on as it comes. When the browser fails, the app's connection ends with it."""
        try:
            if self.head.expects_continue:
                self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if self.head.length is None:
                await self._send_chunks(connection)
            else:
                await self._send_length(connection, self.head.length)
        except (BrowserGoneError, ConnectionError, TimeoutError, asyncio.IncompleteReadError, ValueError):
            # Whichever side it was, the app cannot have the whole request: only its own answer may still come.
            self._browser_gone = not connection.writer.is_closing()
            connection.close()
            raise

    async def _send_length(self, connection: Connection, remaining: int) -> None:
        while remaining:
            async with asyncio.timeout(_PIECE_SECONDS):
                piece = await self.reader.read(min(_PIECE, remaining))
            if not piece:
                raise BrowserGoneError
            remaining -= len(piece)
            connection.writer.write(piece)
            await connection.writer.drain()

    async def _send_chunks(self, connection: Connection) -> None:
        """Check each chunk and write it anew, without extensions and trailers (RFC 9112 section 7.1)."""
        total = 0
        while True:
            async with asyncio.timeout(_PIECE_SECONDS):
                size = _chunk_size(await self.reader.readuntil(b"\r\n"))
                total += size
                if total > MAX_BODY_BYTES:
                    raise BrowserGoneError
                data = await self.reader.readexactly(size + 2)
            if data[-2:] != b"\r\n":
                raise BrowserGoneError
            connection.writer.write(f"{size:x}\r\n".encode() + data)
            await connection.writer.drain()
            if size == 0:
                return

    @staticmethod
    async def _sent(body: asyncio.Task[None]) -> bool:
        """Return whether the whole body was sent; an app may answer before it has read all of it."""
        done, _ = await asyncio.wait([body], timeout=0)
        return bool(done) and body.exception() is None

    # -- towards the browser -------------------------------------------------------------------------------------

    async def _read(self, connection: Connection) -> bytes:
        try:
            return await connection.reader.read(_PIECE)
        except ConnectionError as fault:
            raise self._blame("the app closed the connection") from fault

    def _blame(self, words: str) -> AppFaultError | BrowserGoneError:
        return BrowserGoneError() if self._browser_gone else AppFaultError(words)

    async def _first_bytes(self, connection: Connection, body: asyncio.Task[None] | None) -> bytes:
        """Wait for the answer to begin; the app's time runs only once it has the whole request."""
        if body is not None:
            reading = asyncio.create_task(self._read(connection))
            try:
                await asyncio.wait([reading, body], return_when=asyncio.FIRST_COMPLETED)
                async with asyncio.timeout(_ANSWER_SECONDS):
                    return await reading
            except TimeoutError as fault:
                raise AppFaultError("the app did not answer in time", 504) from fault
            finally:
                reading.cancel()
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await self._read(connection)
        except TimeoutError as fault:
            raise AppFaultError("the app did not answer in time", 504) from fault

    async def _receive(self, answer: ResponseReader, data: bytes, connection: Connection) -> bool:
        """Pass the answer on; return whether the connection was joined for a WebSocket and has now ended."""
        framed = False
        while True:
            if not data:
                if not answer.head_done or answer.chunked or answer.has_length:
                    raise self._blame("the app closed the connection early")
                break
            try:
                answer.feed(data)
            except httptools.HttpParserUpgrade:
                if not self.head.is_websocket:
                    raise AppFaultError("the app changed to a protocol that was not asked for") from None
                await self._splice(data, connection)
                return True
            if answer.head_done and not self.begun:
                framed = answer.has_length or answer.status in _NO_BODY or self.head.method == "HEAD"
                framed = framed or not self.head.http11
                self._begin(answer, framed=framed)
            piece = answer.take_body()
            if piece:
                await self._write(piece if framed else b"%x\r\n%b\r\n" % (len(piece), piece))
            if answer.done:
                break
            data = await self._read(connection)
        await self._write(b"" if framed else b"0\r\n\r\n")
        return False

    async def _write(self, data: bytes) -> None:
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError as fault:
            raise BrowserGoneError from fault

    def _begin(self, answer: ResponseReader, *, framed: bool) -> None:
        headers = [item for item in answer.headers if not self._sets_our_cookie(*item)]
        if not framed:
            headers.append((b"transfer-encoding", b"chunked"))
        headers.append((b"connection", b"keep-alive" if self.head.keep_alive else b"close"))
        headers.append((b"x-bailiwick-trace", self.trace.encode()))
        first_line = b"HTTP/1.1 %d %b" % (answer.status, answer.reason)
        self.writer.write(render_head(first_line, headers))
        self.begun = True

    def _sets_our_cookie(self, name: bytes, value: bytes) -> bool:
        own = value.partition(b"=")[0].strip().decode("latin-1") in self.own_cookies
        return own and name.lower() == b"set-cookie"

    async def _splice(self, first: bytes, connection: Connection) -> None:
        """Join both sides until either ends."""
        self.begun = True
        self.writer.write(first)
        ways = [
            asyncio.create_task(_copy(self.reader, connection.writer)),
            asyncio.create_task(_copy(connection.reader, self.writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()


def _chunk_size(line: bytes) -> int:
    digits = line[:-2].partition(b";")[0].rstrip(b" \t")
    if not 0 < len(digits) <= _CHUNK_DIGITS or any(digit not in b"0123456789abcdefABCDEF" for digit in digits):
        raise BrowserGoneError
    return int(digits, 16)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(_PIECE):
            target.write(data)
            await target.drain()
