"""OTLP/HTTP at the front door: spans of what works for an app outside of planes, such as CI, agents and collectors.

Whoever sends shows a token of the API and names the app, and must be one of its builders. Text stays where it
is: records of logs and metrics are not taken here, which the answer says.
"""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from bailiwick.control.app import ControlPlane
from bailiwick.core.errors import BailiwickError, InvalidInputError
from bailiwick.core.messages import SpanSeen
from bailiwick.core.modes import PREVIEW, PRODUCTION, Mode
from bailiwick.core.otlp import MOST_BODY_BYTES, SIGNALS, Signal, answer_to, read_export, spans_of
from bailiwick.core.principals import Identity
from bailiwick.faces.api import bearer
from bailiwick.faces.api.problems import add_problem_handlers
from bailiwick.faces.origin import seen_from

PATH = "/otlp"
APP_HEADER = "x-bailiwick-app"
_MOST_SPANS = 20_000
_LIVE = frozenset({"production", "prod", "live"})
_ENVIRONMENTS = ("deployment.environment.name", "deployment.environment")
_NOT_VALID, _NOT_HERE = "they have no valid ids", "records of logs and metrics of apps are taken at their planes only"


class TooMuchError(BailiwickError):
    """An export is larger than is read."""

    code = "otlp.too-large"
    status = 413


def build_otlp(control: ControlPlane) -> FastAPI:
    """Return the door as an application, to be mounted under `/otlp`."""
    door = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    add_problem_handlers(door)

    @door.post("/v1/{name}")
    async def take(request: Request, name: str) -> Response:
        header = request.headers.get("authorization", "")
        identity = seen_from(await run_in_threadpool(bearer, control, header), request.scope)
        signal = SIGNALS.get(f"/v1/{name}")
        if signal is None:
            raise InvalidInputError("telemetry is posted to /v1/traces, /v1/logs or /v1/metrics")
        body, headers = await _body(request), request.headers
        content, kind = await run_in_threadpool(_taken, control, identity, signal, body, dict(headers))
        return Response(content, media_type=kind)

    return door


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BODY_BYTES:
            raise TooMuchError(f"an export is {MOST_BODY_BYTES // 2**20} MiB at most")
        parts.append(part)
    return b"".join(parts)


def _taken(
    control: ControlPlane, identity: Identity, signal: Signal, body: bytes, headers: dict[str, str]
) -> tuple[bytes, str]:
    kind = headers.get("content-type", "")
    export: Any = read_export(
        signal, body, content_type=kind, encoding=headers.get("content-encoding", "").strip().lower()
    )
    rejected, words = (_rejected_of(signal, export), _NOT_HERE) if signal != "traces" else (0, _NOT_VALID)
    if signal == "traces":
        person = str(identity.principal)
        for app, mode, part in _parts(export, headers.get(APP_HEADER, "")):
            found = list(spans_of(part, lambda _: person, control.clock()))
            spans = [span for span in found if isinstance(span, SpanSeen)][:_MOST_SPANS]
            rejected += len(found) - len(spans)
            control.traces.take_outside(identity, app, mode, spans)
    return answer_to(signal, rejected, words, as_json="json" in kind)


def _parts(export: Any, named: str) -> "list[tuple[str, Mode, Any]]":
    """Return exports by the app and the mode that each resource names, unless a header names the app."""
    found: dict[tuple[str, Mode], Any] = {}
    for resource in export.resource_spans:
        told = {item.key: item.value.string_value for item in resource.resource.attributes}
        environment = next((told[name] for name in _ENVIRONMENTS if name in told), "")
        mode: Mode = PRODUCTION if environment.lower() in _LIVE else PREVIEW
        app = named or told.get("service.name", "")
        part = found.setdefault((app, mode), type(export)())
        part.resource_spans.append(resource)
    return [(app, mode, part) for (app, mode), part in found.items()]


def _rejected_of(signal: Signal, export: Any) -> int:
    if signal == "logs":
        return sum(len(scope.log_records) for item in export.resource_logs for scope in item.scope_logs)
    return sum(len(scope.metrics) for item in export.resource_metrics for scope in item.scope_metrics)
