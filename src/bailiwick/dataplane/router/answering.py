"""What becomes of a request, whichever way it came: let through to its app, sent away to sign in, or refused."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bailiwick.core.policy import StepUp
from bailiwick.core.principals import Identity
from bailiwick.dataplane.router.calls import CallRegistry
from bailiwick.dataplane.router.client import AnswerHead, Client
from bailiwick.dataplane.router.crowd import Crowd
from bailiwick.dataplane.router.exchange import Exchange, Observer
from bailiwick.dataplane.router.file_exchange import FileExchange
from bailiwick.dataplane.router.files import FileAnswer
from bailiwick.dataplane.router.gate import Gate, SignInNeeded, closed_page, held_back
from bailiwick.dataplane.router.identity_tokens import IdentityTokens
from bailiwick.dataplane.router.origin import Proxies
from bailiwick.dataplane.router.own_pages import OwnAnswer, OwnPages
from bailiwick.dataplane.router.pages import LimitReached, Page
from bailiwick.dataplane.router.seen import what_of
from bailiwick.dataplane.router.sign_in import CALLBACK_PATH, SIGN_IN_PATH, SIGN_OUT_PATH, SignIn
from bailiwick.dataplane.router.sites import Site, Sites
from bailiwick.dataplane.router.upstream import Pool
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.webhooks import WEBHOOK_PATH, Delivery, Webhooks
from bailiwick.dataplane.router.wire import RequestHead
from bailiwick.dataplane.turns import Turns

# How long a request waits for an app that it woke, and how often it looks whether that is up.
_WAKE_SECONDS, _LOOK_SECONDS = 30.0, 0.01


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
    limited: Callable[[Site, LimitReached, str], None] = lambda _site, _limit, _what: None
    proxies: Proxies = field(default_factory=Proxies)
    identities: IdentityTokens = field(default_factory=IdentityTokens)
    crowd: Crowd = field(default_factory=Crowd)
    own_pages: OwnPages | None = None
    webhooks: Webhooks | None = None


class Answering:
    """Answers requests. There is one way for all of them."""

    def __init__(self, parts: RouterParts) -> None:
        self._parts = parts
        self._turns = Turns()

    async def answer(self, client: Client, watch: Watch, head: RequestHead, address: str) -> bool | Page:
        """Return a page of our own, or, once the app has answered, whether another request may follow."""
        own_pages = self._parts.own_pages
        if own_pages is not None and head.host == own_pages.host:
            # Before any site is looked for: no app, and no name of an organisation's own, can stand here.
            return await _own(client, head, await own_pages.answer(head, address))
        return await self._answer_for_site(client, watch, head, address)

    async def _answer_for_site(self, client: Client, watch: Watch, head: RequestHead, address: str) -> bool | Page:
        site = self._parts.sites.find(head.host)
        await self._turns.take(site.state.app if site is not None else "")
        if site is None:
            return self._nothing_at(head.host)
        if head.path.startswith(WEBHOOK_PATH):
            return await self._webhook(client, watch, site, head)
        own = await self._own_answer(site, head)
        return own if own is not None else await self._for_whoever(client, watch, site, head, address)

    async def _for_whoever(
        self, client: Client, watch: Watch, site: Site, head: RequestHead, address: str
    ) -> bool | Page:
        """Answer what an app is asked, by whoever asks."""
        who = self._parts.gate.check(site, head, address)
        side = self._parts.sites.side_of(site, who) if isinstance(who, Identity) else site
        if side is not site:
            # The candidate may declare more: policy is asked about what serves.
            site, who = side, self._parts.gate.check(side, head, address)
        if isinstance(who, SignInNeeded):
            return self._sign_in(site, head, who)
        if isinstance(who, Page):
            return who
        # What is a file needs no app that is awake.
        file = site.files.answer(head) if site.files is not None else None
        if file is None and site.wakes:
            # Anything may have changed meanwhile, the site too: ask from the start.
            return await self._woken(site) or await self._answer_for_site(client, watch, head, address)
        return await self._let_in(client, watch, site, head, who, file)

    async def _webhook(self, client: Client, watch: Watch, site: Site, head: RequestHead) -> bool | Page:
        """Deliver what a business system sends, signed, to the app that declared it; wake the app for it."""
        webhooks = self._parts.webhooks
        if webhooks is None:
            return Page(404, "There is no such webhook.")
        delivery = await webhooks.take(site, client, watch, head)
        if isinstance(delivery, Page):
            return delivery
        answer: bool | Page = Page(503, "The sender went away, or the plane ends.")
        try:
            answer = await self._deliver(watch, site, delivery)
        finally:
            if isinstance(answer, Page):
                delivery.client.status = answer.status
            webhooks.note(site, delivery, answer.message if isinstance(answer, Page) else "")
        return answer

    async def _deliver(self, watch: Watch, site: Site, delivery: Delivery) -> bool | Page:
        closed = await self._woken(site) if site.wakes else None
        now = self._parts.sites.find(site.host)
        if now is None:
            return self._nothing_at(site.host)
        closed = closed or closed_page(now)
        if closed is None and delivery.hook.state not in now.state.integrations:
            # What was declared may have gone while the app woke.
            closed = Page(503, "The app changed just now.", "Send it again.")
        if closed is not None:
            return closed
        return await self._let_in(delivery.client, watch, now, delivery.head, delivery.hook.sender, None)

    def _sign_in(self, site: Site, head: RequestHead, needed: SignInNeeded) -> Page:
        in_browser = head.method == "GET" and not wants_json(head)
        if in_browser and not self._parts.sign_in.was_in_vain(head, needed.wanted):
            return self._parts.sign_in.begin(site, head, self._parts.sign_in_url(), needed.wanted)
        return needed.refused or Page(
            401, "Nobody is signed in.", "Open the app in a browser, or send a pass as a bearer token."
        )

    async def _woken(self, site: Site) -> Page | None:
        """Wake a site and wait a while until it serves; return the page that says what it does instead."""
        if site.wake is not None:
            await site.wake()
        over = time.monotonic() + _WAKE_SECONDS
        now: Site | None = site
        while now is not None and now.condition == "starting" and time.monotonic() < over:
            await asyncio.sleep(_LOOK_SECONDS)
            now = self._parts.sites.find(site.host)
        return closed_page(now) if now is not None and now.condition != "asleep" else None

    async def _let_in(
        self,
        client: Client,
        watch: Watch,
        site: Site,
        head: RequestHead,
        who: Identity,
        file: FileAnswer | Page | None,
    ) -> bool | Page:
        """Answer somebody who may with a file, or pass their request on, unless the app does not take it now; tell of
        limits that it met.
        """
        answer: bool | Page | None = held_back(site, head, who)
        if answer is None and file is not None:
            answer = await FileExchange(client, site, head, who).run(file, self._parts.observe)
        elif answer is None:
            exchange = Exchange(client, watch, site, head, who, self._parts.identities.token(site.state, who))
            answer = await exchange.run(self._parts.pool, self._parts.calls, self._parts.observe)
        if isinstance(answer, Page) and answer.limit is not None:
            self._parts.limited(site, answer.limit, what_of(head))
        return answer

    def _nothing_at(self, host: str) -> Page:
        ended = self._parts.sites.ended(host)
        if ended is not None:
            return Page(410, ended.words, ended.hint)
        words = "Check the address; apps are listed in the console."
        return Page(421, f"No app is served here as {host}.", words)

    async def _own_answer(self, site: Site, head: RequestHead) -> Page | None:
        if head.path == CALLBACK_PATH and head.method == "GET":
            return await self._parts.sign_in.finish(site, head)
        if head.path == SIGN_IN_PATH and head.method == "GET":
            return self._parts.sign_in.begin(site, head, self._parts.sign_in_url(), StepUp())
        if head.path == SIGN_OUT_PATH and head.method in {"GET", "POST"}:
            return self._parts.sign_in.sign_out()
        return None


async def _own(client: Client, head: RequestHead, answer: OwnAnswer | Page) -> bool | Page:
    """Send an answer of the plane's own; return the page instead where it is one, or whether the client may go on."""
    if isinstance(answer, Page):
        return answer
    client.send(AnswerHead(200, b"OK", answer.headers, framed=True), answer.body, ends=True)
    await client.drain()
    # A body that nobody reads would be taken for the next request.
    return head.keep_alive and head.length == 0


def wants_json(head: RequestHead) -> bool:
    """Return whether a page is for a program rather than for a person."""
    return "text/html" not in head.get(b"accept")
