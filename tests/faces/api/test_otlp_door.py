"""OTLP at the front door: of builders only, for apps of theirs only, and nothing but spans."""

import gzip

import httpx2
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from bailiwick.control.traces import TraceQuery
from bailiwick.core.clock import utc_now
from bailiwick.faces.server import Faces
from tests.faces.api.test_api import bearer
from tests.fixtures.company import APP, Company

PROTOBUF = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}


def export(app: str, name: str = "deploy step 17", trace: str = "ab") -> bytes:
    made = ExportTraceServiceRequest()
    resource = made.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = app
    resource.resource.attributes.add(key="deployment.environment.name").value.string_value = "production"
    span = resource.scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = bytes.fromhex(trace * 16), bytes.fromhex("cd" * 8), name
    span.start_time_unix_nano = int(utc_now().timestamp() * 1e9)
    span.end_time_unix_nano = span.start_time_unix_nano + 5_000_000
    span.attributes.add(key="password").value.string_value = "a-secret-value"
    return gzip.compress(made.SerializeToString())


@pytest.mark.req("OB4", "DM2", "ID4")
async def test_builders_send_spans_of_their_apps_from_outside_and_nothing_else(company: Company) -> None:
    api = httpx2.AsyncClient(transport=httpx2.ASGITransport(Faces(company.control)), base_url="http://127.0.0.1:8400")

    async def send(who: str, body: bytes, path: str = "traces", **headers: str) -> httpx2.Response:
        return await api.post(f"/otlp/v1/{path}", content=body, headers={**PROTOBUF, **headers, **bearer(company, who)})

    taken = await send("builder", export(APP))
    assert (taken.status_code, taken.headers["content-type"]) == (200, "application/x-protobuf")
    assert ExportTraceServiceResponse.FromString(taken.content).partial_success.rejected_spans == 0
    again = await send("builder", export("whatever", trace="0b"), **{"x-bailiwick-app": APP})
    assert again.status_code == 200
    wrong = ExportTraceServiceResponse.FromString((await send("builder", export(APP, trace="00"))).content)
    assert wrong.partial_success.rejected_spans == 1
    spans = company.control.traces.traces(company.people["builder"], APP, TraceQuery())
    assert {(span.kind, span.name, span.plane, span.person) for span in spans} == {
        ("app", "deploy step {}", "outside", "user:builder@example.com")
    }
    assert {span.trace for span in spans} == {"ab" * 16, "0b" * 16} and {str(span.facts) for span in spans} == {"{}"}

    assert (await send("approver", export(APP))).status_code == 403
    assert (await send("user", export(APP))).status_code == 404
    assert (await send("builder", export("hr/desk"))).status_code == 404
    assert (await api.post("/otlp/v1/traces", content=export(APP), headers=PROTOBUF)).status_code == 401
    assert (await send("builder", b"no gzip")).status_code == 400
    assert (await send("builder", bytes(5 * 2**20))).status_code == 413
    logs = ExportLogsServiceRequest()
    logs.resource_logs.add().scope_logs.add().log_records.add().body.string_value = "a word of the app"
    answer = await send("builder", gzip.compress(logs.SerializeToString()), "logs")
    assert ExportLogsServiceResponse.FromString(answer.content).partial_success.rejected_log_records == 1
