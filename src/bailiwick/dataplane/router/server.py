"""The router's server: connections of browsers, in clear or over TLS, HTTP/1.1 or HTTP/2."""

import asyncio
import contextlib
import functools
import logging
import socket
import time
from collections.abc import Coroutine
from typing import Any, Protocol

from bailiwick.dataplane.channel import Channel, TooLongError, linger
from bailiwick.dataplane.router.answering import Answering, RouterParts
from bailiwick.dataplane.router.client import refuse
from bailiwick.dataplane.router.http1 import Http1Client, serve_http1
from bailiwick.dataplane.router.http2 import Http2Connection
from bailiwick.dataplane.router.pages import Page, render
from bailiwick.dataplane.router.tls import HTTP2, Certificate, spoken
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import BadRequestError, render_head

_LOG = logging.getLogger("bailiwick.router")
_FIRST_SECONDS = 30.0
_AGAIN_SECONDS = 0.1
_BACKLOG = 1024
_NOTE_SECONDS = 60.0
_FULL = "This data plane has as many connections open as it may."
_FULL_FOR_ONE = "As many connections are open from this address as one may have."
_FULL_STEP = "Close some, or try again in a moment. Whoever runs it sets how many there may be (docs: operations)."
# So many are told at a time why they are turned away; it takes each until it has read that, two seconds at most.
_MOST_TOLD = 200


class Listening(Protocol):
    """What listens until it is closed."""

    @property
    def sockets(self) -> tuple[Any, ...]:
        """The sockets that are listened on."""

    def close(self) -> None:
        """Take no more connections."""


class Router:
    """Serves browsers."""

    def __init__(self, parts: RouterParts) -> None:
        self._proxies = parts.proxies
        self._crowd = parts.crowd
        self._answering = Answering(parts)
        self._tasks: set[asyncio.Task[None]] = set()
        self._told = 0
        self._turned_away = 0
        self._noted_at = -_NOTE_SECONDS

    def opened(self, browser: Channel) -> None:
        """Begin to serve a connection in clear."""
        if not self._crowd.arrive():
            self._begin(self._turn_away(browser, _FULL))
            return
        self._begin(self._serve_clear(browser))

    async def _serve_clear(self, browser: Channel) -> None:
        watch = Watch()
        try:
            with contextlib.suppress(ConnectionError, EOFError):
                address = await self._client_of(browser, watch)
                with self._crowd.place(address or "") as welcome:
                    if address is not None and welcome:
                        await self._serve(browser, watch, address)
                    elif address is not None:
                        await self._turn_away(browser, _FULL_FOR_ONE)
        finally:
            watch.stop()
            browser.close()
            self._crowd.leave()

    async def _client_of(self, browser: Channel, watch: Watch) -> str | None:
        """Return where the client is, or None after a refusal."""
        watch.expect(browser, _FIRST_SECONDS)
        try:
            return await self._proxies.client_of(browser)
        except (TooLongError, BadRequestError):
            page = Page(400, "The proxy does not say for whom it connects.")
            await refuse(Http1Client(browser), page, as_json=False)
            await linger(browser)
            return None
        finally:
            watch.rest()

    async def _serve(self, browser: Channel, watch: Watch, address: str) -> None:
        """Serve what one address asks on a connection, in the protocol that was agreed on."""
        if spoken(browser.transport.get_extra_info("ssl_object")) == HTTP2:
            await Http2Connection(browser, address, self._answering).run()
        else:
            await serve_http1(browser, watch, address, self._answering)

    # -- over TLS ------------------------------------------------------------------------------------------------

    async def accept(self, listener: socket.socket, certificate: Certificate) -> None:
        """Take connections over TLS until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                near, _ = await loop.sock_accept(listener)
            except OSError as fault:
                # No more files can be opened just now: some will be closed.
                _LOG.warning("a connection could not be taken: %s", fault)
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            if self._crowd.arrive():
                self._begin(self._serve_tls(near, certificate))
            else:
                # Words would take a handshake, which is what there is no room for.
                near.close()
                self._note(_FULL)

    async def _serve_tls(self, near: socket.socket, certificate: Certificate) -> None:
        watch = Watch()
        browser: Channel | None = None
        try:
            with contextlib.suppress(OSError, EOFError, BadRequestError):
                async with asyncio.timeout(_FIRST_SECONDS):
                    address = await self._proxies.client_of_socket(near)
                with self._crowd.place(address) as welcome:
                    if welcome:
                        async with asyncio.timeout(_FIRST_SECONDS):
                            browser = await _secured(near, certificate)
                        await self._serve(browser, watch, address)
                    else:
                        self._note(_FULL_FOR_ONE)
        finally:
            watch.stop()
            if browser is None:
                near.close()
            else:
                browser.close()
            self._crowd.leave()

    async def _turn_away(self, browser: Channel, words: str) -> None:
        """Close a connection, and say why to as many at a time as that is affordable for."""
        self._note(words)
        if self._told >= _MOST_TOLD:
            browser.abort()
            return
        self._told += 1
        try:
            with contextlib.suppress(ConnectionError, EOFError):
                browser.write(_answer_of(words))
                await linger(browser)
        finally:
            self._told -= 1
            browser.close()

    def _note(self, words: str) -> None:
        """Log that somebody was turned away: at once, and then how many at most once a minute."""
        self._turned_away += 1
        if time.monotonic() >= self._noted_at + _NOTE_SECONDS:
            _LOG.warning("%s %d connections were turned away since this was last said.", words, self._turned_away)
            self._noted_at, self._turned_away = time.monotonic(), 0

    def _begin(self, serving: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(serving)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _secured(near: socket.socket, certificate: Certificate) -> Channel:
    loop = asyncio.get_running_loop()
    near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    channel = Channel()
    # What is returned beside the transport is, on uvloop, not ours.
    await loop.connect_accepted_socket(lambda: channel, near, ssl=certificate.context)
    return channel


@functools.cache
def _answer_of(words: str) -> bytes:
    """Return the whole answer for whoever there is no room for; it does not wait for a request."""
    headers, body = render(Page(503, words, _FULL_STEP, title="There is no room for this connection"), as_json=False)
    said = [*headers, (b"retry-after", b"5"), (b"connection", b"close")]
    return render_head(b"HTTP/1.1 503 Refused", said) + body


class TlsServer:
    """Listens for browsers over TLS."""

    def __init__(self, router: Router, listener: socket.socket, certificate: Certificate) -> None:
        self.sockets = (listener,)
        self._accepting = asyncio.create_task(router.accept(listener, certificate))

    def close(self) -> None:
        """Take no more connections."""
        self._accepting.cancel()
        self.sockets[0].close()


async def serve(router: Router, host: str, port: int, certificate: Certificate | None = None) -> Listening:
    """Listen for browsers, over TLS where there is a certificate."""
    if certificate is None:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: Channel(router.opened), host, port, backlog=_BACKLOG)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    listener.setblocking(False)
    return TlsServer(router, listener, certificate)
