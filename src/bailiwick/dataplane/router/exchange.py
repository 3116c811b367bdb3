"""One request that was let through: on to the app under its trace, and the app's answer back."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import httptools

from bailiwick.core.ids import new_trace_id
from bailiwick.core.messages import RequestTrace
from bailiwick.core.principals import Call, Identity
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.router.admission import too_large_body
from bailiwick.dataplane.router.calls import CallRegistry
from bailiwick.dataplane.router.client import AnswerHead, Client
from bailiwick.dataplane.router.gate import closed_page
from bailiwick.dataplane.router.headers import headers_for_app, headers_for_browser
from bailiwick.dataplane.router.pages import LimitReached, Page
from bailiwick.dataplane.router.seen import GONE, seen_of, what_of
from bailiwick.dataplane.router.sites import Site
from bailiwick.dataplane.router.upstream import Pool, ResponseReader
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import BadRequestError, RequestHead, TooLargeError, render_head

# How long a client is waited for while its body comes, and how much longer for what has come: one that drips holds a
# place of the app's for no longer than one that sends nothing.
_BODY_SECONDS, _LEAST_BODY_BYTES_PER_SECOND = 60.0, 500
# How long a client may take for a piece of an answer before it is taken for one that does not read.
_READER_SECONDS = 60.0
# Asking these twice is asking once (RFC 9110 section 9.2.1).
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
Observer = Callable[[Site, RequestTrace], None]


class AppFaultError(Exception):
    """The app closed, stalled or answered nonsense."""


class Exchange:
    """One request and its answer. `run` returns whether another request may follow, or the page that explains why."""

    def __init__(
        self, client: Client, watch: Watch, site: Site, head: RequestHead, who: Identity, proof: bytes
    ) -> None:
        self._client = client
        self._watch = watch
        self._site = site
        self._head = head
        self._who = who
        self._proof = proof
        self._trace = new_trace_id()
        self._app: Channel | None = None
        self._reader = ResponseReader(head.method)
        self._answer_begun = False
        self._body_passed = head.length == 0
        self._bad_body: Page | None = None
        self._answered = False
        self._status = 502
        self._cut = False
        self._withdrawn = False
        self._gone = False
        self._waits_for_app = False

    @property
    def identity(self) -> Identity:
        """Whose request this is."""
        return self._who

    @property
    def what(self) -> str:
        """What is asked for."""
        return what_of(self._head)

    def withdraw(self) -> None:
        """End this request now: whoever it is of has lost their access."""
        self._withdrawn = True
        self.cut()

    def cut(self) -> None:
        """End this request now: the app was stopped."""
        self._cut = True
        if self._app is not None:
            self._app.abort()
        if self._answer_begun:
            self._client.abort()

    def _client_ended(self) -> None:
        """End the request at the app: nobody waits for the answer."""
        self._gone = not self._cut
        if self._app is not None:
            self._app.abort()

    async def run(self, pool: Pool, calls: CallRegistry, observe: Observer) -> bool | Page:
        """Serve the request under its trace, and tell what became of it."""
        began = time.monotonic()
        site, head = self._site, self._head
        calls.begin(Call(self._who, site.state.app, site.state.release, self._trace))
        site.in_flight.add(self)
        self._client.on_end = self._client_ended
        result: bool | Page = False
        try:
            result = await self._relay(pool)
            self._status = self._reader.status
        except (AppFaultError, OSError, EOFError, httptools.HttpParserError):
            result = self._fault()
        finally:
            self._client.on_end = None
            site.in_flight.discard(self)
            site.used = time.monotonic()
            calls.end(self._trace)
            limit = "request-time" if self._took_too_long else ""
            observe(site, seen_of(self._trace, head, self._who, self._status, began, limit))
        return result

    @property
    def _took_too_long(self) -> bool:
        """Whether the app was waited for as long as a request of it may take."""
        return self._watch.ran_out and self._waits_for_app and not self._cut

    def _fault(self) -> bool | Page:
        """Return the page for what went wrong; when an answer has begun, all that is left is to break it off."""
        page = closed_page(self._site) or Page(502, "The app did not answer this request.", "Try again.", self._trace)
        if self._took_too_long:
            most = f"{self._site.limits.seconds:g} s"
            words = f"The app did not answer within {most}, the most that a request of it may take."
            limit = LimitReached("request-time", f"{most} for a request")
            page = Page(504, words, "Its builders see it in the console.", self._trace, limit=limit)
        if self._bad_body is not None and not self._cut:
            page = self._bad_body
        if self._withdrawn:
            page = Page(401, "Your access was withdrawn while this request ran.", "Sign in again, or ask who gave it.")
        self._status = GONE if self._gone else page.status
        if self._answer_begun or self._gone:
            self._client.abort()
            return False
        return page

    # -- the request ---------------------------------------------------------------------------------------------

    async def _relay(self, pool: Pool) -> bool:
        path = self._site.upstream
        assert path is not None  # noqa: S101 - the gate let only running sites through, and what slept was woken
        if self._gone:
            raise AppFaultError("nobody waits for the answer")
        out = self._request()
        known = pool.take_idle(path)
        app = self._begin(known or await self._connect(pool, path), out)
        body = None if self._body_passed else asyncio.create_task(self._send_body(app))
        try:
            first = await self._first_bytes(app)
            if not first and known is not None and self._may_ask_again():
                # The app closed an idle connection just as we chose it: nothing of the answer is lost, ask again.
                pool.drop(path)
                self._answered = False
                app = self._begin(await self._connect(pool, path), out)
                first = await self._first_bytes(app)
            keep = await self._receive(first, app)
        except BaseException:
            app.abort()
            raise
        finally:
            if body is not None:
                body.cancel()
        if self._reader.reusable and self._body_passed and self._site.upstream == path:
            pool.give_back(path, app)
        else:
            app.abort()
        return keep and self._body_passed

    def _begin(self, app: Channel, out: bytes) -> Channel:
        self._app = app
        self._expect(app)
        app.write(out)
        return app

    def _expect(self, side: Channel | Client, body_seconds: float = _BODY_SECONDS) -> None:
        """Wait for one side only so long, until the answer begins: it may take as long as it takes."""
        if not self._answered:
            self._waits_for_app = side is self._app
            self._watch.expect(side, self._site.limits.seconds if self._waits_for_app else body_seconds)

    async def _connect(self, pool: Pool, path: Path) -> Channel:
        app = await pool.connect(path)
        if self._cut or self._gone:
            app.abort()
            raise AppFaultError("the request was cut")
        return app

    def _may_ask_again(self) -> bool:
        waited_for = not (self._cut or self._gone or self._watch.ran_out)
        return waited_for and self._head.method in _SAFE and self._head.length == 0

    def _request(self) -> bytes:
        """Return the head for the app, with the body when all of it has come already."""
        head = self._head
        headers = headers_for_app(head, self._who, self._proof, self._trace)
        out = render_head(f"{head.method} {head.target} HTTP/1.1".encode(), headers)
        if head.get(b"expect").lower() == "100-continue":
            # Whoever asked was let through, so it may go on.
            self._client.carry_on()
        body = self._client.body_at_hand(head.length) if head.length else None
        if body is None:
            return out
        self._body_passed = True
        return out + body

    async def _send_body(self, app: Channel) -> None:
        """Pass the body on; when that fails, end the connection to the app, for which somebody waits."""
        waited, came = 0.0, 0
        try:
            self._expect(self._client, _BODY_SECONDS)
            since = time.monotonic()
            async for piece in self._client.body(self._head.length, self._site.limits.body_bytes):
                waited += time.monotonic() - since
                came += len(piece)
                app.write(piece)
                self._expect(app)
                await app.drain()
                left = _BODY_SECONDS + came / _LEAST_BODY_BYTES_PER_SECOND - waited
                self._expect(self._client, max(0.0, min(_BODY_SECONDS, left)))
                since = time.monotonic()
            self._body_passed = True
            self._expect(app)
        except TooLargeError:
            self._bad_body = too_large_body(self._site.limits.body_bytes)
            app.abort()
        except (BadRequestError, EOFError) as fault:
            self._bad_body = Page(400, f"{fault}.".capitalize())
            app.abort()
        except ConnectionError:
            app.abort()

    # -- the answer ----------------------------------------------------------------------------------------------

    async def _first_bytes(self, app: Channel) -> bytes:
        """Return the beginning of the answer, empty when the app closed instead."""
        try:
            return await app.receive()
        except EOFError:
            return b""
        finally:
            self._answered = True
            self._watch.rest()

    async def _receive(self, data: bytes, app: Channel) -> bool:
        """Pass the answer on as it comes; return whether the browser's connection can go on."""
        reader, head, heads = self._reader, self._head, b""
        while data:
            try:
                reader.feed(data)
            except httptools.HttpParserUpgrade:
                if head.websocket:
                    return await self._splice(heads + data, app)
                raise AppFaultError("the app upgraded what was not asked for") from None
            begins = None
            if not reader.head_done:
                heads = heads + data if head.websocket else b""
            elif not self._answer_begun:
                begins = self._answer_head()
                self._answer_begun = True
            piece = reader.take_body()
            if begins is not None or piece or reader.done:
                self._client.send(begins, piece, ends=reader.done)
                await self._drained()
            if reader.done:
                return head.keep_alive
            data = await self._more(app)
        if not reader.head_done or reader.chunked or reader.has_length:
            raise AppFaultError("the app closed the connection early")
        # An answer without a length ends with its connection (RFC 9112 section 6.3).
        self._client.send(None, b"", ends=True)
        await self._drained()
        return head.keep_alive

    async def _drained(self) -> None:
        """Wait while the client is slower than the app, and no longer than one that reads at all would take."""
        self._watch.expect(self._client, _READER_SECONDS)
        await self._client.drain()
        self._watch.rest()

    async def _more(self, app: Channel) -> bytes:
        try:
            return await app.receive()
        except EOFError:
            return b""

    def _answer_head(self) -> AnswerHead:
        reader = self._reader
        framed = reader.has_length or reader.status in {204, 304} or self._head.method == "HEAD"
        return AnswerHead(reader.status, reader.reason, headers_for_browser(reader.headers), framed)

    async def _splice(self, first: bytes, app: Channel) -> bool:
        """Join both sides after an upgrade until either ends."""
        self._answer_begun = True
        browser = self._client.upgrade()
        browser.write(first)
        ways = [asyncio.create_task(_copy(browser, app)), asyncio.create_task(_copy(app, browser))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
        return False


async def _copy(source: Channel, target: Channel) -> None:
    with contextlib.suppress(ConnectionError, EOFError):
        while True:
            target.write(await source.receive())
            await target.drain()
