"""Tells the plane of exceptions that the app's code raised: of which type, and where, as spans in OTLP.

It runs beside the launcher, from the sandbox, and can import nothing of Bailiwick. What an exception says stays in the
app's own lines. Nothing waits for what is sent here, and what cannot be sent is dropped.
"""

import http.client
import importlib
import json
import logging
import os
import queue
import secrets
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

_ENDPOINT = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
_MOST_WAITING, _AT_ONCE, _SECONDS = 200, 50, 5.0
_MOST_STACK = 20_000
_STATUS_ERROR, _INTERNAL = 2, 1
_WAITING: "queue.Queue[dict[str, Any]]" = queue.Queue(_MOST_WAITING)
_TOLD = "__bailiwick_told__"
_SENDER = threading.Lock()


def tell(fault: BaseException, traceparent: str, name: str) -> None:
    """Tell of an exception, once, in the trace of a request where there is one; never raises anything itself."""
    try:
        if not _ENDPOINT or getattr(fault, _TOLD, False):
            return
        setattr(fault, _TOLD, True)
        _WAITING.put_nowait(_span(fault, traceparent.split("-"), name))
    except Exception:  # the app goes on, whatever is wrong here
        return
    if _SENDER.acquire(blocking=False):
        threading.Thread(target=_send_on, name="faults", daemon=True).start()


def tell_of_logged(traceparent: Callable[[], str]) -> None:
    """Tell of exceptions that frameworks catch and log as errors, too."""
    original = logging.getLogRecordFactory()

    def record(*arguments: Any, **options: Any) -> logging.LogRecord:
        made = original(*arguments, **options)
        if made.levelno >= logging.ERROR and made.exc_info and made.exc_info[1] is not None:
            tell(made.exc_info[1], traceparent(), "the app's code")
        return made

    logging.setLogRecordFactory(record)


def wait() -> None:
    """Wait a moment for what is to be sent: of a process that ends nothing else would be."""
    for _ in range(20):
        if _WAITING.empty():
            break
        time.sleep(0.05)
    time.sleep(0.2)


def _span(fault: BaseException, parts: list[str], name: str) -> dict[str, Any]:
    now, kind = str(time.time_ns()), type(fault)
    within = len(parts) == 4  # noqa: PLR2004 - version, trace, parent, flags
    stack = "".join(traceback.format_exception(kind, fault, fault.__traceback__))[-_MOST_STACK:]
    about = {"exception.type": kind.__qualname__, "exception.stacktrace": stack}
    event = {
        "name": "exception", "timeUnixNano": now,
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in about.items()],
    }  # fmt: skip
    return {
        "traceId": parts[1] if within else secrets.token_hex(16), "spanId": secrets.token_hex(8),
        "parentSpanId": parts[2] if within else "", "name": name, "kind": _INTERNAL, "startTimeUnixNano": now,
        "endTimeUnixNano": now, "status": {"code": _STATUS_ERROR}, "events": [event],
    }  # fmt: skip


def _send_on() -> None:
    """Send what waits until nothing does; the next fault begins anew."""
    # The app may have put other things in the place of these; what was imported here was there before its code.
    try:
        while True:
            spans = [_WAITING.get(timeout=_SECONDS)]
            while len(spans) < _AT_ONCE and not _WAITING.empty():
                spans.append(_WAITING.get_nowait())
            _post(spans)
    except queue.Empty:
        return
    finally:
        _SENDER.release()


def _post(spans: list[dict[str, Any]]) -> None:
    parts = urlsplit(_ENDPOINT)
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        connection.request("POST", "/v1/traces", body, {"content-type": "application/json"})
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


def start_exporters() -> None:
    """Begin with the auto-instrumentation of OpenTelemetry where the app's own packages have it."""
    try:
        found = importlib.import_module("opentelemetry.instrumentation.auto_instrumentation")
        found.initialize()
    except ImportError:
        return
    except Exception:
        traceback.print_exc()
