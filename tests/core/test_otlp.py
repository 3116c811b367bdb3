"""What anybody may send as telemetry: read within bounds, and without what must not leave."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bailiwick.core.clock import utc_now
from bailiwick.core.otlp import MetricPoint, UnreadableError, answer_to, logs_of, metric_points, read_export, spans_of
from bailiwick.core.otlp.attributes import worded_name
from bailiwick.core.otlp.spans import place_of
from bailiwick.core.traces import Meter, Source

PYTHON = """Traceback (most recent call last):
  File "/layer/starlette/routing.py", line 76, in app
  File "/app/desk/refunds.py", line 12, in total
  File "/layer/decimal.py", line 3, in quantize
ValueError: 4111 1111 1111 1111
"""
NODE = """Error: ada@shop.example
    at parse (node:internal/x:1:2)
    at async total (file:///app/desk/refunds.mjs:12:9)
    at main (/app/server.js:3:1)"""


@pytest.mark.req("OB4", "DM2")
def test_a_place_is_the_innermost_of_the_apps_own_code() -> None:
    assert place_of(PYTHON) == "desk/refunds.py:12 in total"
    assert place_of(NODE) == "desk/refunds.mjs:12 in total"
    assert place_of("what is no stack") == ""
    assert place_of('File "/app/' + "a" * 1_000_000) == ""


@pytest.mark.req("OB4", "DM2")
@pytest.mark.parametrize(
    ("name", "worded"),
    [
        ("GET /orders/1207", "GET /orders/{}"),
        ("send mail to ada@shop.example", "send mail to {}"),
        ("card 4111 1111 1111 1111", "card {} {} {} {}"),
        ("SELECT orders", "SELECT orders"),
        ("<b>x</b>\x1b[31m", "{}"),
        ("desk.refunds.total", "desk.refunds.total"),
    ],
)
def test_a_span_that_an_app_names_holds_no_value(name: str, worded: str) -> None:
    assert worded_name(name) == worded


@pytest.mark.req("OB4")
@pytest.mark.parametrize(
    ("body", "kind", "encoding"),
    [
        (b"{", "application/json", ""),
        (b"[]", "application/json", ""),
        (b'{"resourceSpans": 3}', "application/json", ""),
        (b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}', "application/json", ""),
        (json.dumps({"a": 1}).replace("1", "[" * 5000 + "]" * 5000).encode(), "application/json", ""),
        (b"\xff\xff\xff", "application/x-protobuf", ""),
        (b"", "text/plain", ""),
        (gzip.compress(bytes(20 * 2**20)), "application/x-protobuf", "gzip"),
        (gzip.compress(b"x" * 1000)[:-9], "application/x-protobuf", "gzip"),
        (b"no gzip", "application/x-protobuf", "gzip"),
        (b"", "application/x-protobuf", "br"),
    ],
    ids=["no-json", "list", "number", "no-hex", "deep", "no-protobuf", "text", "bomb", "cut-off", "no-gzip", "brotli"],
)
def test_what_is_no_export_is_refused(body: bytes, kind: str, encoding: str) -> None:
    with pytest.raises(UnreadableError):
        read_export("traces", body, content_type=kind, encoding=encoding)


@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_be_refused(body: bytes) -> None:
    for signal in ("traces", "logs", "metrics"):
        for kind in ("application/json", "application/x-protobuf"):
            try:
                export: Any = read_export(signal, body, content_type=kind)  # type: ignore[arg-type]
            except UnreadableError:
                continue
            if signal == "traces":
                list(spans_of(export, lambda _: "user:a@example.com", utc_now()))
            elif signal == "logs":
                list(logs_of(export))
            else:
                list(metric_points(export))


@pytest.mark.req("OB4")
def test_spans_of_another_apps_trace_are_not_taken() -> None:
    export = ExportTraceServiceRequest()
    span = export.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = bytes.fromhex("ab" * 16), bytes.fromhex("cd" * 8), "x"
    assert list(spans_of(export, lambda _: None, utc_now())) == [None]
    assert answer_to("traces", 1, "why", as_json=True) == (
        b'{"partialSuccess": {"rejectedSpans": "1", "errorMessage": "why"}}', "application/json",
    )  # fmt: skip


@pytest.mark.req("OB4")
def test_a_record_of_ten_megabytes_is_one_short_line() -> None:
    records = [{"body": {"stringValue": "x\n" * 1_500_000}, "severityNumber": 9}, {"body": {"bytesValue": "AAEC"}}]
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()
    long, binary = logs_of(read_export("logs", body, content_type="application/json"))
    assert len(long.text) <= 4000 and "\n" not in long.text and long.severity == "info"
    assert binary.text == "3 bytes"


SOURCE = Source("finance/desk", "production", "", "rel_1")


def metric(name: str, shape: str, *points: dict[str, Any], **data: Any) -> list[MetricPoint | None]:
    told = {"name": name, "unit": "1", shape: {"dataPoints": list(points), **data}}
    body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [told]}]}]}).encode()
    return list(metric_points(read_export("metrics", body, content_type="application/json")))


def counted(value: float | str, since: int = 1, **labels: str) -> dict[str, Any]:
    attributes = [{"key": key, "value": {"stringValue": said}} for key, said in labels.items()]
    return {"asDouble": value, "startTimeUnixNano": str(since), "attributes": attributes}


@pytest.mark.req("OB4")
def test_a_counter_that_begins_anew_has_not_gone_back_and_the_first_number_is_no_increase() -> None:
    meter, now = Meter(), utc_now()
    sums: dict[str, Any] = {"isMonotonic": True, "aggregationTemporality": 2}
    for value, since in ((1000, 1), (1010, 1), (4, 1), (9, 1), (2, 7)):
        (point,) = metric("orders.priced", "sum", counted(value, since), **sums)
        assert point is not None and meter.measured(SOURCE, point, now)
    (delta,) = metric("orders.sent", "sum", counted(5), **{**sums, "aggregationTemporality": 1})
    (gauge,) = metric("queue.length", "gauge", counted(3))
    histogram = {"count": "4", "sum": 10.0, "startTimeUnixNano": str(int(now.timestamp() * 1e9)), "attributes": []}
    (spread,) = metric("took", "histogram", histogram, aggregationTemporality=2)
    for point in (delta, delta, gauge, gauge, spread):
        assert point is not None and meter.measured(SOURCE, point, now)
    found = {item.name: item for report in meter.take(all_of_it=True) for item in report.metrics}
    assert {name: (item.kind, item.value, item.count) for name, item in found.items()} == {
        "orders.priced": ("counter", 21.0, found["orders.priced"].count),
        "orders.sent": ("counter", 10.0, 2), "queue.length": ("gauge", 6.0, 2), "took": ("histogram", 10.0, 4),
    }  # fmt: skip


@pytest.mark.req("OB4", "DM2")
def test_labels_are_those_of_a_list_and_a_million_of_them_are_a_few() -> None:
    meter, now = Meter(), utc_now()
    told = metric("logins", "gauge", counted(1, customer="ada@shop.example", state="of 4711"), counted("Infinity"))
    assert told[1] is None and told[0] is not None and dict(told[0].labels) == {"state": "of {}"}
    letters = "abcdefghij"
    names = [f"made.{one}{two}{three}" for one in letters for two in letters for three in letters]
    points = [point for name in names for point in metric(name, "gauge", counted(1)) if point is not None]
    assert sum(meter.measured(SOURCE, point, now) for point in points) == 200
