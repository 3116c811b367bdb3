"""What an app's own code tells: exceptions without its doing, spans and records over OTLP, in the router's trace."""

import asyncio
from typing import Any

import pytest

from bailiwick.core.messages import SpansReport
from bailiwick.core.traces import root_span
from tests.dataplane.questions.test_logs import told
from tests.fixtures.plane import PlaneHouse

TELLS = """
import gzip, http.client, json, os, threading
from urllib.parse import urlsplit

def post(path, document, kind="application/json", encoding=""):
    parts = urlsplit(os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"])
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = {"content-type": kind} | ({"content-encoding": encoding} if encoding else {})
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()

def total(order):
    raise ValueError("the card 4111 1111 1111 1111 of ada@shop.example")

def tell(traceparent):
    _, trace, parent, _ = traceparent.split("-")
    span = {"traceId": trace, "spanId": "ab" * 8, "parentSpanId": parent, "name": "price /orders/1207 4711",
            "startTimeUnixNano": "1", "endTimeUnixNano": "2000001", "attributes": [
                {"key": "http.request.header.cookie", "value": {"stringValue": "a-secret"}},
                {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "7"}}]}
    wrong = {**span, "traceId": "", "spanId": "cd" * 8}
    spans = {"resourceSpans": [{"resource": {"attributes": [
        {"key": "service.name", "value": {"stringValue": "hr/payroll"}}]}, "scopeSpans": [{"spans": [span, wrong]}]}]}
    record = {"severityNumber": 17, "traceId": trace, "body": {"stringValue": "no <b>price</b> \\x1b[31mfor it"},
              "attributes": [{"key": "order", "value": {"intValue": "1207"}}]}
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    metric = {"name": "orders.priced", "unit": "1", "sum": {"isMonotonic": True, "aggregationTemporality": 1,
              "dataPoints": [{"asInt": "3", "attributes": [{"key": "customer", "value": {"stringValue": "ada"}}]}]}}
    metrics = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
    bomb = gzip.compress(bytes(60_000_000))
    return [post("/v1/traces", spans), post("/v1/logs", gzip.compress(json.dumps(logs).encode()), encoding="gzip"),
            post("/v1/traces", bomb, encoding="gzip"), post("/v1/logs", b"\\xff" * 99, "application/x-protobuf"),
            post("/v1/nothing", {}), post("/v1/metrics", metrics)]

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/fail":
        total(1)
    said = json.dumps(tell(dict(scope["headers"])[b"traceparent"].decode())).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said})
"""


def reports(house: PlaneHouse) -> list[SpansReport]:
    """Return what the plane tells of traces, all of it."""
    traces = house.plane._traces
    for report in traces._meter.take(all_of_it=True):
        traces.spool.add(report)
    traces.spool.flush()
    batch = traces.spool.next_batch()
    return [item.report for item in batch.reports if isinstance(item.report, SpansReport)] if batch else []


@pytest.mark.req("OB4", "DM2", "SE1")
async def test_an_apps_own_telemetry_joins_the_trace_of_its_request_and_its_text_stays_here(house: PlaneHouse) -> None:
    state = house.release({"app.py": TELLS})
    await house.until_running(state)
    answers: list[Any] = (await house.get("/prices/17")).json()
    assert [status for status, _ in answers] == [200, 200, 400, 400, 404, 200]
    assert '"rejectedSpans": "1"' in answers[0][1]
    assert (await house.get("/fail")).status_code == 500
    async with asyncio.timeout(20):
        while len(spans := {item.name: item for report in reports(house) for item in report.spans}) < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    served, priced, failed, raised = (
        spans[name] for name in ("GET /prices/{}", "price /orders/{} {}", "GET /fail", "a request")
    )
    assert served.person == priced.person == "user:user@example.com"
    assert priced.parent == served.span == root_span(served.trace) and priced.trace == served.trace
    assert (priced.facts, priced.milliseconds) == ({"skewed": True, "tokens_in": 7}, 2.0)
    assert raised.trace == failed.trace and raised.parent == failed.span and failed.outcome == "error"
    assert raised.facts["error_type"] == "ValueError"
    assert str(raised.facts["error_place"]).startswith("app.py:") and str(raised.facts["error_place"]).endswith("total")
    groups = {group.type: group.place for report in reports(house) for group in report.errors}
    assert groups["ValueError"] == raised.facts["error_place"]
    (metric,) = [item for report in reports(house) for item in report.metrics]
    assert (metric.name, metric.value, metric.labels) == ("orders.priced", 3.0, {})
    sent = "".join(report.model_dump_json() for report in reports(house))
    assert not any(word in sent for word in ("4111", "ada@", "a-secret", "payroll", "1207", "no <b>"))
    (line,) = (await told(house, severity="error")).lines
    assert line.text == 'no <b>price</b> \x1b[31mfor it {"order": 1207}'
    assert (line.severity, line.trace, line.release) == ("error", served.trace, state.release)
    assert (await told(house, severity="fatal")).lines == ()
