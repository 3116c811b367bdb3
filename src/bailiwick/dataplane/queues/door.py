"""The door to an app's queues on its own loopback: whoever it serves puts messages in, its workers take them out.

A message is handled as the app itself, under a trace of its own, whoever's request made it: that person is remembered
with it, and named in the audit log, but lends the worker nothing.
"""

import asyncio
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bailiwick.core.errors import BailiwickError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.ids import new_trace_id
from bailiwick.core.manifest import Worker
from bailiwick.core.messages import AppState
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.core.traces import root_span
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.listening import Listener
from bailiwick.dataplane.queues.store import MOST_BODY_BYTES, Message, Place, QueueStore
from bailiwick.dataplane.router import CallRegistry
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import Headers, RequestHead, render_head
from bailiwick.dataplane.small_requests import UnreadRequestError, read_request, serve_requests

_POLL_SECONDS = 20.0
_MOST_DONE_BYTES = 4096
_LONGEST_WAIT_SECONDS = 3600.0
_TRACE_PARTS = 4


@dataclass
class Queues:
    """What the queues of a plane share. `emit` takes audit events."""

    store: QueueStore
    calls: CallRegistry
    emit: Callable[[AuditEvent], None]
    clock: Callable[[], datetime]
    plane: str
    _news: dict[Place, asyncio.Event] = field(default_factory=dict)

    def news(self, place: Place) -> asyncio.Event:
        """Return what is set when a queue has something new."""
        return self._news.setdefault(place, asyncio.Event())

    async def put(self, state: AppState, place: Place, body: bytes, queued_by: str, trace: str = "") -> str:
        """Keep a message for a worker, and say so in the audit log; return its id."""
        message = await asyncio.to_thread(self.store.put, place, body, queued_by, trace, time.time())
        self.tell(state, queued_by, "message.queued", trace, {"worker": place.worker, "message": message})
        self.news(place).set()
        return message

    def tell(
        self,
        state: AppState,
        actor: str,
        action: str,
        trace: str,
        context: dict[str, str | int],
        *,
        failed: str = "",
    ) -> None:
        """Tell the audit log what became of a message."""
        self.emit(
            AuditEvent(
                time=self.clock(),
                tenant=state.tenant,
                actor=actor,
                action=action,
                resource=f"app:{state.app}",
                outcome=Outcome.FAILED if failed else Outcome.SUCCESS,
                reason=failed,
                app=state.app,
                release=state.release,
                trace=trace,
                plane=self.plane,
                context={**context, "mode": state.mode, **({"branch": state.branch} if state.branch else {})},
            )
        )


@dataclass
class _Handled:
    """A message that the worker has now, under its own trace, until a time."""

    message: Message
    trace: str
    ends_at: float
    steps: int = 0


class QueueListener(Listener):
    """Serves one sandbox of an app; `own` is the worker that runs in it, empty where another part does."""

    def __init__(self, queues: Queues, state: AppState, app: str, workers: dict[str, Worker], own: str = "") -> None:
        super().__init__(self._requests)
        self._queues = queues
        self._state = state
        self._app = app
        self._workers = workers
        self._own = own
        self._handled: dict[str, _Handled] = {}
        self._held_since: float | None = None
        self._go_on = asyncio.Event()
        self._go_on.set()

    async def start(self, listener: socket.socket) -> None:
        """Begin to serve. What the worker had when its plane was killed is given out again."""
        self._give_back()
        await super().start(listener)

    # -- what the plane asks --------------------------------------------------------------------------------------

    def overdue(self) -> str:
        """Return which message is not done in its time, in words; empty when none is late."""
        if self._held_since is not None:
            return ""
        late = next((item for item in self._handled.values() if item.ends_at < time.monotonic()), None)
        if late is None:
            return ""
        return f"message {late.message.id} was not done within {self._workers[self._own].timeout_seconds} s"

    def step(self, trace: str) -> str:
        """Count one call of a model for a message; return why it may not be made, empty when it may."""
        most = self._workers[self._own].steps
        handled = next((item for item in self._handled.values() if item.trace == trace), None)
        if most is None:
            return ""
        if handled is None:
            return "the call carries the trace of no message; this worker has a limit of steps for each"
        handled.steps += 1
        return f"the {most} steps of message {handled.message.id} are used up" if handled.steps > most else ""

    async def hold(self) -> None:
        """Give nothing out, and let no time go by for what the worker has, until `go_on`; what that is, is kept."""
        if self._held_since is None:
            self._held_since = time.monotonic()
            self._go_on.clear()
            steps = {item.message.id: item.steps for item in self._handled.values()}
            await asyncio.to_thread(self._queues.store.hold, steps)

    async def go_on(self) -> None:
        """Give messages out again; what the worker has goes on where it was."""
        if self._held_since is None:
            return
        held_seconds, self._held_since = time.monotonic() - self._held_since, None
        for item in self._handled.values():
            item.ends_at += held_seconds
        await asyncio.to_thread(self._queues.store.let_go, list(self._handled))
        self._go_on.set()
        self._queues.news(self._place(self._own)).set()

    def close(self) -> None:
        """Stop serving; what the worker had is given out again, to the next."""
        super().close()
        for item in self._handled.values():
            self._queues.calls.end(item.trace)
        self._handled.clear()
        self._give_back()

    def _give_back(self) -> None:
        if self._own:
            self._queues.store.give_back(self._place(self._own), self._workers[self._own].retries, time.time())

    # -- what the sandbox asks -------------------------------------------------------------------------------------

    async def _requests(self, client: Channel) -> None:
        await serve_requests(client, self._serve_request)

    async def _serve_request(self, client: Channel, watch: Watch) -> bool:
        try:
            head, body = await read_request(client, watch, MOST_BODY_BYTES)
        except UnreadRequestError as fault:
            return await _say(client, fault.status, {"error": str(fault)})
        try:
            return await self._answer(client, head, body)
        except BailiwickError as fault:
            await _say(client, fault.status, {"error": fault.message, "hint": fault.hint}, keep_alive=head.keep_alive)
            return head.keep_alive

    async def _answer(self, client: Channel, head: RequestHead, body: bytes) -> bool:
        path = head.target.partition("?")[0]
        if head.method != "POST":
            raise NotFoundError("queues take POST only", hint="POST /NAME with a JSON message")
        if path == "/-/next":
            return await self._next(client, head)
        if path == "/-/done":
            await self._done(body)
            return await _say(client, 204, None, keep_alive=head.keep_alive)
        queued_by, trace = self._whose(head)
        name = path.removeprefix("/")
        if name not in self._workers:
            raise NotFoundError(f"there is no worker '{name[:40]}'", hint=f"there are: {', '.join(self._workers)}")
        _require_json(body)
        message = await self._queues.put(self._state, self._place(name), body, queued_by, trace)
        return await _say(client, 202, {"id": message}, keep_alive=head.keep_alive)

    def _whose(self, head: RequestHead) -> tuple[str, str]:
        """Return who a message is queued by, and the trace of their request."""
        parts = head.get(b"traceparent").split("-")
        if len(parts) != _TRACE_PARTS:
            return f"app:{self._state.app}", ""
        call = self._queues.calls.resolve(parts[1])
        if call is None or call.app != self._state.app:
            words = "is of another app" if call is not None else "belongs to no request in flight"
            raise ForbiddenError(f"the trace {parts[1][:32]} {words}", deciders=("trace-of-this-app",))
        return str(call.identity.principal), call.trace

    async def _next(self, client: Channel, head: RequestHead) -> bool:
        worker, place = self._require_own(), self._place(self._own)
        message = await self._take(place)
        if message is None:
            return await _say(client, 204, None, keep_alive=head.keep_alive)
        trace = new_trace_id()
        ends_at = time.monotonic() + worker.timeout_seconds
        self._handled[message.id] = _Handled(message, trace, ends_at, message.steps)
        if self._held_since is not None:
            # It was on its way out when its worker was held.
            await asyncio.to_thread(self._queues.store.hold, {message.id: message.steps})
        identity = Identity.of_service(Principal("app", self._state.app))
        self._queues.calls.begin(Call(identity, self._state.app, self._state.release, trace))
        told = {"id": message.id, "attempt": message.attempt, "queued_by": message.queued_by}
        said = {**told, "traceparent": f"00-{trace}-{root_span(trace)}-01", "message": json.loads(message.body)}
        return await _say(client, 200, said, keep_alive=head.keep_alive)

    async def _take(self, place: Place) -> Message | None:
        """Wait a while for a message; somebody who takes none asks again."""
        over = time.monotonic() + _POLL_SECONDS
        news = self._queues.news(place)
        while True:
            await self._go_on.wait()
            news.clear()
            message = await asyncio.to_thread(self._queues.store.take, place, time.time())
            left = over - time.monotonic()
            if message is not None or left <= 0:
                return message
            due = await asyncio.to_thread(self._queues.store.next_due, place)
            wait = left if due is None else min(left, max(0.01, due - time.time()))
            try:
                await asyncio.wait_for(news.wait(), wait)
            except TimeoutError:
                continue

    async def _done(self, body: bytes) -> None:
        worker = self._require_own()
        said = _require_json(body[:_MOST_DONE_BYTES])
        handled = self._handled.pop(str(said.get("id")) if isinstance(said, dict) else "", None)
        if handled is None or not isinstance(said, dict):
            raise NotFoundError("this worker has no such message")
        self._queues.calls.end(handled.trace)
        message, failed = handled.message, str(said.get("failed") or "")[:300]
        again_at = None
        if failed and message.attempt <= worker.retries:
            wait = min(worker.retry_seconds << (message.attempt - 1), _LONGEST_WAIT_SECONDS)
            again_at = time.time() + wait
        if failed:
            await asyncio.to_thread(self._queues.store.failed, message.id, failed, again_at)
        else:
            await asyncio.to_thread(self._queues.store.done, message.id)
        self._tell_handled(handled, failed, given_up=bool(failed) and again_at is None)

    def _tell_handled(self, handled: _Handled, failed: str, *, given_up: bool) -> None:
        message = handled.message
        context: dict[str, str | int] = {
            "worker": self._own,
            "message": message.id,
            "attempt": message.attempt,
            "queued_by": message.queued_by,
            "queued_trace": message.trace,
            "steps": handled.steps,
        }
        action = "message.given-up" if given_up else "message.handled"
        self._queues.tell(self._state, f"app:{self._state.app}", action, handled.trace, context, failed=failed)

    def _require_own(self) -> Worker:
        if not self._own:
            raise ForbiddenError("only a worker takes messages, in its own sandbox", deciders=("own-queue-only",))
        return self._workers[self._own]

    def _place(self, worker: str) -> Place:
        return Place(self._app, self._state.mode, worker)


def _require_json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInputError("a message is JSON", hint="POST /NAME with a JSON message") from None


async def _say(client: Channel, status: int, said: object, *, keep_alive: bool = False) -> bool:
    body = b"" if said is None else json.dumps(said).encode()
    headers: Headers = [(b"content-length", b"%d" % len(body))] if status != 204 else []  # noqa: PLR2004 - RFC 9110
    headers += [(b"content-type", b"application/json")] if body else []
    headers.append((b"connection", b"keep-alive" if keep_alive else b"close"))
    client.write(render_head(b"HTTP/1.1 %d Answered" % status, headers) + body)
    await client.drain()
    return keep_alive
