"""OTLP/HTTP on an app's own loopback: which socket it comes in on says whose it is, whatever it claims.

Spans become part of the trace that the router began. Records of logs join the lines that the app writes. An app that
sends more than its rate waits, and nobody else does.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bailiwick.core.errors import BailiwickError, NotFoundError
from bailiwick.core.messages import AppState, SpanSeen
from bailiwick.core.otlp import (
    MOST_BODY_BYTES,
    SIGNALS,
    LogSeen,
    MetricPoint,
    Signal,
    answer_to,
    logs_of,
    metric_points,
    read_export,
    spans_of,
)
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.guard import RateLimit
from bailiwick.dataplane.listening import Listener
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import RequestHead, render_head
from bailiwick.dataplane.small_requests import UnreadRequestError, read_request, serve_requests

_ITEMS_A_SECOND, _MOST_ITEMS = 2000, 20_000
_NOT_TAKEN = "they have no valid ids, or name a trace that is another app's"
_NO_ROOM = "they are no finite numbers, summaries, or more series than an app may have"
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 413: "Content Too Large"}


@dataclass
class Telemetry:
    """What the doors of a plane share: where spans and records go, and for whom the request of a trace is."""

    seen: Callable[[str, str, SpanSeen], None]
    measured: Callable[[str, str, MetricPoint], bool]
    whose: Callable[[str, str], str | None]
    clock: Callable[[], datetime]


class OtlpListener(Listener):
    """Serves one sandbox of an app; `write` takes records of its log."""

    def __init__(self, telemetry: Telemetry, state: AppState, write: Callable[[LogSeen], None]) -> None:
        super().__init__(self._requests)
        self._telemetry = telemetry
        self._state = state
        self._write = write
        self._rate = RateLimit(_ITEMS_A_SECOND)

    async def _requests(self, client: Channel) -> None:
        await serve_requests(client, self._serve_request)

    async def _serve_request(self, client: Channel, watch: Watch) -> bool:
        try:
            head, body = await read_request(client, watch, MOST_BODY_BYTES)
        except UnreadRequestError as fault:
            return await _say(client, fault.status, str(fault).encode(), "text/plain")
        try:
            content, kind = await self._taken(head, body)
        except BailiwickError as fault:
            await _say(client, fault.status, fault.message.encode(), "text/plain", keep_alive=head.keep_alive)
        else:
            await _say(client, 200, content, kind, keep_alive=head.keep_alive)
        return head.keep_alive

    async def _taken(self, head: RequestHead, body: bytes) -> tuple[bytes, str]:
        signal = SIGNALS.get(head.target.partition("?")[0])
        if signal is None or head.method != "POST":
            raise NotFoundError("telemetry is posted to /v1/traces, /v1/logs or /v1/metrics")
        kind = head.get(b"content-type")
        # To read some megabytes takes a while, in which all apps would wait.
        export = await asyncio.to_thread(
            read_export, signal, body, content_type=kind, encoding=head.get(b"content-encoding").strip().lower()
        )
        taken, rejected = await self._take(signal, export)
        await asyncio.sleep(self._rate.spend(time.monotonic(), taken + rejected))
        words = _NOT_TAKEN if signal == "traces" else _NO_ROOM
        return answer_to(signal, rejected, words, as_json="json" in kind)

    async def _take(self, signal: Signal, export: Any) -> tuple[int, int]:
        """Take what is exported; return how much was, and how much was not."""
        taken = rejected = 0
        items = self._items(signal, export)
        for item in items:
            if item is None or taken >= _MOST_ITEMS or not self._has_room(item):
                rejected += 1
                continue
            taken += 1
            if isinstance(item, MetricPoint):
                continue
            if isinstance(item, SpanSeen):
                self._telemetry.seen(self._state.app, self._state.release, item)
            else:
                self._write(item)
            if taken % 500 == 0:
                await asyncio.sleep(0)
        return taken, rejected

    def _has_room(self, item: SpanSeen | LogSeen | MetricPoint) -> bool:
        """Take a point of a metric; return whether there was room for its series. Others always have some."""
        whose = (self._state.app, self._state.release)
        return not isinstance(item, MetricPoint) or self._telemetry.measured(*whose, item)

    def _items(self, signal: Signal, export: Any) -> Iterable[SpanSeen | LogSeen | MetricPoint | None]:
        app = self._state.app
        if signal == "logs":
            return logs_of(export)
        if signal == "metrics":
            return metric_points(export)
        return spans_of(export, lambda trace: self._telemetry.whose(app, trace), self._telemetry.clock())


async def _say(client: Channel, status: int, body: bytes, kind: str, *, keep_alive: bool = False) -> bool:
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"keep-alive" if keep_alive else b"close"),
    ]
    client.write(render_head(f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}".encode(), headers) + body)
    await client.drain()
    return keep_alive
