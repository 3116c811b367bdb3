"""The router's server: connections of browsers, request after request, each let through, sent away or answered."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from bailiwick.core.principals import Identity
from bailiwick.dataplane.channel import Channel, TooLongError, linger
from bailiwick.dataplane.router.calls import CallRegistry
from bailiwick.dataplane.router.exchange import Exchange, Observer
from bailiwick.dataplane.router.gate import Gate, SignInNeeded
from bailiwick.dataplane.router.origin import Proxies
from bailiwick.dataplane.router.pages import Page, render
from bailiwick.dataplane.router.sign_in import CALLBACK_PATH, SIGN_OUT_PATH, SignIn
from bailiwick.dataplane.router.sites import Site, Sites
from bailiwick.dataplane.router.upstream import Pool
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import MAX_HEAD_BYTES, BadRequestError, RequestHead, parse_request, render_head
from bailiwick.dataplane.turns import Turns

_HEAD_SECONDS = 30.0


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
    proxies: Proxies = field(default_factory=Proxies)


class Router:
    """Serves browsers."""

    def __init__(self, parts: RouterParts) -> None:
        self._parts = parts
        self._turns = Turns()
        self._tasks: set[asyncio.Task[None]] = set()

    def opened(self, browser: Channel) -> None:
        """Begin to serve a connection."""
        task = asyncio.create_task(self._serve(browser))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, browser: Channel) -> None:
        """Serve one connection until either side ends it."""
        watch = Watch()
        try:
            with contextlib.suppress(ConnectionError, EOFError):
                address = await self._client_of(browser, watch)
                while address is not None and await self._serve_request(browser, watch, address):
                    pass
                await linger(browser)
        finally:
            watch.stop()
            browser.close()

    async def _client_of(self, browser: Channel, watch: Watch) -> str | None:
        """Return where the client is, or None after a refusal."""
        watch.expect(browser, _HEAD_SECONDS)
        try:
            return await self._parts.proxies.client_of(browser)
        except (TooLongError, BadRequestError):
            await _refuse(browser, Page(400, "The proxy does not say for whom it connects."), as_json=False)
            return None
        finally:
            watch.rest()

    async def _serve_request(self, browser: Channel, watch: Watch, address: str) -> bool:
        """Serve one request; return whether another may follow on this connection."""
        watch.expect(browser, _HEAD_SECONDS)
        try:
            head = parse_request(await browser.until(b"\r\n\r\n", MAX_HEAD_BYTES))
        except TooLongError:
            return await _refuse(browser, Page(400, "The head of the request is too large."), as_json=False)
        except BadRequestError as fault:
            return await _refuse(browser, Page(400, f"{fault}.".capitalize()), as_json=False)
        finally:
            watch.rest()
        as_json = "text/html" not in head.get(b"accept")
        answer = await self._answer(browser, watch, head, address, as_json=as_json)
        return await _refuse(browser, answer, as_json=as_json) if isinstance(answer, Page) else answer

    async def _answer(
        self, browser: Channel, watch: Watch, head: RequestHead, address: str, *, as_json: bool
    ) -> bool | Page:
        """Return a page of our own, or, once the app has answered, whether another request may follow."""
        site = self._parts.sites.find(head.host)
        await self._turns.take(site.state.app if site is not None else "")
        if site is None:
            return self._nothing_at(head.host)
        own = await self._own_answer(site, head)
        if own is not None:
            return own
        who = self._parts.gate.check(site, head, address)
        side = self._parts.sites.side_of(site, who) if isinstance(who, Identity) else site
        if side is not site:
            # The candidate may declare more: policy is asked about what serves.
            site, who = side, self._parts.gate.check(side, head, address)
        if isinstance(who, Identity):
            exchange = Exchange(browser, watch, site, head, who)
            return await exchange.run(self._parts.pool, self._parts.calls, self._parts.observe)
        if isinstance(who, SignInNeeded):
            if head.method == "GET" and not as_json and not self._parts.sign_in.was_in_vain(head, who.wanted):
                return self._parts.sign_in.begin(site, head, self._parts.sign_in_url(), who.wanted)
            return who.refused or Page(
                401, "Nobody is signed in.", "Open the app in a browser, or send a pass as a bearer token."
            )
        return who

    def _nothing_at(self, host: str) -> Page:
        ended = self._parts.sites.ended(host)
        if ended is not None:
            return Page(410, ended.words, ended.hint)
        words = "Check the address; apps are listed in the console."
        return Page(421, f"No app is served here as {host}.", words)

    async def _own_answer(self, site: Site, head: RequestHead) -> Page | None:
        if head.path == CALLBACK_PATH and head.method == "GET":
            return await self._parts.sign_in.finish(site, head)
        if head.path == SIGN_OUT_PATH and head.method in {"GET", "POST"}:
            return self._parts.sign_in.sign_out()
        return None


async def _refuse(browser: Channel, page: Page, *, as_json: bool) -> bool:
    headers, body = render(page, as_json=as_json)
    # The request's body was not read, so nothing may follow on this connection.
    first = b"HTTP/1.1 %d %b" % (page.status, b"See Other" if page.status in {302, 303} else b"Refused")
    browser.write(render_head(first, [*headers, (b"connection", b"close")]) + body)
    await browser.drain()
    return False


async def serve(router: Router, host: str, port: int) -> asyncio.Server:
    """Listen for browsers."""
    return await asyncio.get_running_loop().create_server(lambda: Channel(router.opened), host, port)
