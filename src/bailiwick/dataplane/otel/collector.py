"""Sends calls of models and spans of apps to the collector: in a thread of its own, bounded; nothing waits for it.

What cannot be sent is tried again twice and is lost then; what is lost is counted and in the audit log.
"""

import gzip
import logging
import queue
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import httpx2

from bailiwick.core.clock import Clock
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.messages import SpanSeen, SpansReport
from bailiwick.core.telemetry import Gate
from bailiwick.dataplane.otel.attributes import Value, app_span_attributes, measures, span_attributes
from bailiwick.dataplane.otel.model import ModelCall
from bailiwick.dataplane.otel.series import Series
from bailiwick.dataplane.otel.settings import OtlpCollector
from bailiwick.dataplane.otel.wire import app_span_of, metrics, span_of, traces

_LOG = logging.getLogger("bailiwick.plane.otel")
_AT_ONCE = 512
_Item = TypeVar("_Item")
_TRIES = 3
_SECONDS = 10.0
_LONGEST_PAUSE = 30.0
_TELL_SECONDS = 60.0
# The protocol's own list (OTLP/HTTP, retryable response codes).
_AGAIN = frozenset({429, 502, 503, 504})


class Collector:
    """`gate` says which fields leave now; `emit` takes audit events."""

    def __init__(
        self,
        settings: OtlpCollector,
        plane: str,
        gate: Callable[[], Gate],
        emit: Callable[[AuditEvent], None],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._plane = plane
        self._gate = gate
        self._emit = emit
        self._clock = clock
        self._queue: queue.Queue[ModelCall] = queue.Queue(settings.queue)
        self._of_apps: queue.Queue[tuple[SpansReport, SpanSeen]] = queue.Queue(settings.queue)
        self._series = Series()
        self._began = time.time_ns()
        self._stop = threading.Event()
        self._client = _client(settings)
        self._untold = 0
        self._told = -_TELL_SECONDS
        self._metrics_sent = time.monotonic()
        self.lost = 0
        self._thread = threading.Thread(target=self._run, name="otel", daemon=True)
        self._thread.start()

    def observe(self, call: ModelCall) -> None:
        """Take a call that is over; never waits, and never fails it."""
        try:
            for name, value, attributes in measures(call, self._gate()):
                self._series.add(name, value, attributes)
            self._queue.put_nowait(call)
        except queue.Full:
            self._lose(1)
        except Exception:
            _LOG.exception("a call was not told to the collector by a fault of ours")

    def take(self, report: SpansReport) -> None:
        """Take the spans of apps that a report has; calls of models are told by `observe`, with more of them."""
        for span in report.spans:
            if span.kind != "model":
                try:
                    self._of_apps.put_nowait((report, span))
                except queue.Full:
                    self._lose(1)

    def close(self) -> None:
        """Send what waits, once, and stop."""
        self._stop.set()
        self._thread.join(_SECONDS)
        self._client.close()

    def _run(self) -> None:
        while not self._stop.wait(self._settings.every_seconds):
            self._send_all()
        self._metrics_sent = 0.0
        self._send_all()

    def _send_all(self) -> None:
        """Send what waits; a fault of ours loses that, and no more."""
        try:
            while calls := _next(self._queue):
                self._send_spans(calls)
            while spans := _next(self._of_apps):
                self._send_of_apps(spans)
            if time.monotonic() >= self._metrics_sent + self._settings.metrics_seconds or self._stop.is_set():
                self._metrics_sent = time.monotonic()
                self._send_metrics()
        except Exception:
            _LOG.exception("the collector was not told by a fault of ours")
        self._tell_lost()

    def _send_spans(self, calls: Sequence[ModelCall]) -> None:
        gate = self._gate()
        spans = [span_of(call, span_attributes(call, gate)) for call in calls]
        if not self._sent("/v1/traces", traces(spans, self._resource(gate))):
            self._lose(len(calls))

    def _send_of_apps(self, found: Sequence[tuple[SpansReport, SpanSeen]]) -> None:
        gate = self._gate()
        spans = [app_span_of(span, app_span_attributes(report, span, gate)) for report, span in found]
        if not self._sent("/v1/traces", traces(spans, self._resource(gate), of_apps=True)):
            self._lose(len(found))

    def _send_metrics(self) -> None:
        series = self._series.take()
        if series:
            self._sent("/v1/metrics", metrics(series, self._resource(self._gate()), self._began, time.time_ns()))

    def _resource(self, gate: Gate) -> dict[str, Value]:
        told: dict[str, Value] = {"service.name": "bailiwick", "service.instance.id": self._plane}
        return {name: value for name, value in told.items() if gate.passes(f"otel.{name}")}

    def _sent(self, path: str, body: bytes) -> bool:
        """Post a body, again where that may help; return whether it was taken."""
        packed = gzip.compress(body, 1)
        for attempt in range(_TRIES):
            pause = min(2.0**attempt, _LONGEST_PAUSE)
            try:
                answer = self._client.post(self._settings.url + path, content=packed)
            except httpx2.HTTPError as fault:
                _LOG.warning("the collector of telemetry does not answer: %s", type(fault).__name__)
            else:
                if answer.is_success:
                    return True
                _LOG.warning("the collector of telemetry answered %d", answer.status_code)
                if answer.status_code not in _AGAIN:
                    return False
                pause = _asked_pause(answer, pause)
            if attempt + 1 < _TRIES and self._stop.wait(pause):
                break
        return False

    def _lose(self, number: int) -> None:
        self.lost += number
        self._untold += number

    def _tell_lost(self) -> None:
        """Say in the audit log how many calls the collector did not hear of, once in a while."""
        if not self._untold or (time.monotonic() < self._told + _TELL_SECONDS and not self._stop.is_set()):
            return
        number, self._untold, self._told = self._untold, 0, time.monotonic()
        self._emit(
            AuditEvent(
                time=self._clock(),
                actor=f"plane:{self._plane}",
                action="telemetry.lost",
                resource=f"plane:{self._plane}",
                outcome=Outcome.FAILED,
                reason=f"the collector did not take {number} of the calls and spans that it should be told",
                plane=self._plane,
                context={"count": number},
            )
        )


def _next(waiting: "queue.Queue[_Item]") -> list[_Item]:
    items: list[_Item] = []
    with suppress(queue.Empty):
        while len(items) < _AT_ONCE:
            items.append(waiting.get_nowait())
    return items


def _client(settings: OtlpCollector) -> httpx2.Client:
    """Return what posts: it follows nothing, and takes nothing from the environment."""
    trusted = ssl.create_default_context(cafile=str(settings.ca) if settings.ca is not None else None)
    headers = {
        **settings.headers, "content-type": "application/x-protobuf", "content-encoding": "gzip",
        "user-agent": "bailiwick",
    }  # fmt: skip
    return httpx2.Client(
        headers=headers, verify=trusted, trust_env=False, follow_redirects=False, timeout=_SECONDS
    )  # fmt: skip


def _asked_pause(answer: httpx2.Response, otherwise: float) -> float:
    asked = answer.headers.get("retry-after", "")
    return min(float(asked), _LONGEST_PAUSE) if asked.isascii() and asked.isdecimal() else otherwise
