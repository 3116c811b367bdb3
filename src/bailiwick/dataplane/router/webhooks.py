"""Webhooks: a business system calls an app at a declared address, when its signature shows that it is that system."""

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.messages import IntegrationState, ServiceConnection, Webhook
from bailiwick.core.policy import Decision, PoliciesInForce, Resource
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.webhooks import Signed, WebhookError, verify
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.router.client import AnswerHead, Client
from bailiwick.dataplane.router.pages import Page
from bailiwick.dataplane.router.sites import Site
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import BadRequestError, RequestHead

WEBHOOK_PATH = "/.bailiwick/webhooks/"
_BODY_SECONDS = 20.0
_MOST_REMEMBERED = 50_000
# Where a scheme signs no time, what came is remembered for a day.
_REMEMBERED_SECONDS = 86_400.0
_TELL_SECONDS = 10.0
_TAKEN = range(200, 300)


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook of an app: the integration that sends, what it is called there, and the app's own path for it."""

    state: IntegrationState
    name: str
    webhook: Webhook
    path: str

    @property
    def sender(self) -> Identity:
        """Who calls, as the app is told. No service that somebody registered has such a name."""
        return Identity.of_service(Principal("service", f"webhook/{self.state.resource}/{self.name}"))


@dataclass(frozen=True, slots=True)
class Delivery:
    """A genuine message on its way to its app."""

    hook: Hook
    head: RequestHead
    client: "HeldClient"
    signed: Signed


@dataclass
class HeldClient:
    """The sender's side of a connection, with the body that was read already; it sees the status of the answer."""

    client: Client
    content: bytes
    status: int = 0

    @property
    def on_end(self) -> Callable[[], None] | None:
        """What is called when the sender goes away."""
        return self.client.on_end

    @on_end.setter
    def on_end(self, told: Callable[[], None] | None) -> None:
        self.client.on_end = told

    def carry_on(self) -> None:
        """The body was sent already."""

    def body_at_hand(self, length: int) -> bytes | None:
        """Return the body."""
        return self.content if length == len(self.content) else None

    async def body(self, length: int | None, most_bytes: int) -> AsyncIterator[bytes]:  # noqa: ARG002 - known already
        """Yield the body."""
        yield self.content

    def send(self, head: AnswerHead | None, piece: bytes, *, ends: bool) -> None:
        """Send the next of an answer."""
        if head is not None:
            self.status = head.status
        self.client.send(head, piece, ends=ends)

    async def drain(self) -> None:
        """Wait while the sender is slower than the app."""
        await self.client.drain()

    def upgrade(self) -> Channel:
        """No webhook becomes another protocol's."""
        raise BadRequestError("a webhook is no WebSocket")

    def abort(self) -> None:
        """Break off what is being answered."""
        self.client.abort()


@dataclass(slots=True)
class _Refused:
    hook: Hook
    app: str
    tenant: str
    count: int = 0
    words: str = ""


@dataclass
class Webhooks:
    """Takes webhooks in. `secret` fetches a secret of the vault; `emit` takes audit events and must not wait."""

    plane: str
    secret: Callable[[str], Awaitable[str]]
    engine: PoliciesInForce
    emit: Callable[[AuditEvent], None]
    clock: Clock
    _seen: OrderedDict[tuple[str, str], float] = field(default_factory=OrderedDict)
    _under_way: set[tuple[str, str]] = field(default_factory=set)
    _refused: dict[tuple[str, str, str], _Refused] = field(default_factory=dict)
    _told: float = field(default_factory=time.monotonic)

    async def take(self, site: Site, client: Client, watch: Watch, head: RequestHead) -> Delivery | Page:
        """Return what is to be delivered, or the page that says why nothing is."""
        hook = _hook_of(site, head.path)
        if hook is None:
            return Page(404, "There is no such webhook.", "The app's manifest and the integration name them.")
        if head.method != "POST":
            return Page(405, "A webhook is sent with POST.", headers=((b"allow", b"POST"),))
        most = hook.webhook.most_bytes
        if head.length is None:
            return Page(411, "A webhook says how long it is.")
        if head.length > most:
            return self._refuse(site, hook, 413, f"it is larger than {most} bytes")
        try:
            body = await _read(client, watch, head)
        except (EOFError, BadRequestError):
            return Page(400, "The body of this webhook did not come as it said.")
        return await self._judge(site, hook, client, head, body)

    def note(self, site: Site, delivery: Delivery, words: str) -> None:
        """Audit what became of a delivery; what the app took is remembered, so that it is not delivered twice.

        `words` say why nothing was, where the app was not asked.
        """
        self._under_way.discard(_key(site, delivery.hook, delivery.signed))
        status = delivery.client.status
        taken = status in _TAKEN
        if taken:
            self._remember(site, delivery)
        outcome = Outcome.SUCCESS if taken else Outcome.FAILED
        reason = "" if taken else (words or f"the app answered with status {status}")
        self._emit(site, delivery.hook, "webhook.delivered", outcome, reason, {"status": status})

    def roll_up(self) -> None:
        """Audit, each ten seconds, what was refused: anybody may knock, and the log is not theirs to fill."""
        if time.monotonic() < self._told + _TELL_SECONDS:
            return
        self._told = time.monotonic()
        refused, self._refused = self._refused, {}
        for (host, _, _), item in refused.items():
            facts: dict[str, str | int] = {"webhook": item.hook.name, "refused": item.count, "host": host}
            self.emit(
                AuditEvent(
                    time=self.clock(), tenant=item.tenant, actor=f"plane:{self.plane}", action="webhook.refused",
                    outcome=Outcome.REFUSED, resource=f"integration:{item.hook.state.resource}", reason=item.words,
                    app=item.app, plane=self.plane, context=facts,
                )
            )  # fmt: skip

    # -- inner steps ---------------------------------------------------------------------------------------------

    async def _judge(self, site: Site, hook: Hook, client: Client, head: RequestHead, body: bytes) -> Delivery | Page:
        try:
            secret = await self.secret(hook.webhook.secret)
        except BailiwickError:
            return self._refuse(site, hook, 503, "its secret cannot be had now")
        said = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.first.items()}
        now, tolerance = self.clock().timestamp(), hook.webhook.tolerance_seconds
        try:
            signed = verify(hook.webhook.scheme, secret, said, body, now=now, tolerance_seconds=tolerance)
        except WebhookError as fault:
            return self._refuse(site, hook, 401, str(fault))
        decision = self._decide(site, hook)
        if not decision.allowed:
            return self._refuse(site, hook, 403, decision.reason)
        key = _key(site, hook, signed)
        if time.monotonic() < self._seen.get(key, 0.0):
            # Whoever sends again because our answer was lost must not try for ever.
            return Page(200, "This was delivered already.", title="Nothing to do")
        if key in self._under_way:
            return Page(409, "This is being delivered just now.")
        self._under_way.add(key)
        onward = head._replace(method="POST", target=hook.path, path=hook.path, length=len(body), websocket=False)
        return Delivery(hook, onward, HeldClient(client, body), signed)

    def _decide(self, site: Site, hook: Hook) -> Decision:
        resource = Resource("App", f"app:{site.state.app}", site.state.roles, site.data_classes)
        facts = {"declared": True, "signed": True, "enabled": hook.state.enabled}
        return self.engine.decide(hook.sender, "webhook.deliver", resource, facts)

    def _refuse(self, site: Site, hook: Hook, status: int, words: str) -> Page:
        key = (site.host, hook.state.name, hook.name)
        refused = self._refused.setdefault(key, _Refused(hook, site.state.app, site.state.tenant))
        refused.count += 1
        refused.words = words
        return Page(status, f"This webhook was refused: {words}.")

    def _remember(self, site: Site, delivery: Delivery) -> None:
        hook = delivery.hook
        seconds = _REMEMBERED_SECONDS if hook.webhook.scheme == "github" else 2 * hook.webhook.tolerance_seconds
        while len(self._seen) >= _MOST_REMEMBERED:
            self._seen.popitem(last=False)
        self._seen[_key(site, hook, delivery.signed)] = time.monotonic() + seconds

    def _emit(
        self, site: Site, hook: Hook, action: str, outcome: Outcome, reason: str, context: dict[str, str | int]
    ) -> None:
        state = site.state
        self.emit(
            AuditEvent(
                time=self.clock(), tenant=state.tenant, actor=str(hook.sender.principal), action=action,
                resource=f"integration:{hook.state.resource}", outcome=outcome, reason=reason, app=state.app,
                release=state.release, plane=self.plane, context={"webhook": hook.name, **context},
            )
        )  # fmt: skip


def _key(site: Site, hook: Hook, signed: Signed) -> tuple[str, str]:
    return f"{site.host} {hook.state.name} {hook.name}", signed.mark


def _hook_of(site: Site, path: str) -> Hook | None:
    """Return the webhook at a path: one that the release declares and that the integration has at this plane."""
    name, _, hook = path.removeprefix(WEBHOOK_PATH).partition("/")
    for state in site.state.integrations:
        connection = state.connection
        if state.name == name and hook in state.webhooks and isinstance(connection, ServiceConnection):
            found = connection.webhooks.get(hook)
            return Hook(state, hook, found, state.webhooks[hook]) if found is not None else None
    return None


async def _read(client: Client, watch: Watch, head: RequestHead) -> bytes:
    """Return the whole body, which is as long as it said."""
    if head.get(b"expect").lower() == "100-continue":
        client.carry_on()
    at_hand = client.body_at_hand(head.length or 0) if head.length else b""
    if at_hand is not None:
        return at_hand
    watch.expect(client, _BODY_SECONDS)
    try:
        return b"".join([piece async for piece in client.body(head.length, head.length or 0)])
    finally:
        watch.rest()
