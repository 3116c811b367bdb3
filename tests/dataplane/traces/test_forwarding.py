"""Traces of apps at a collector of the company's own: as they are here, with what the register lets leave."""

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from bailiwick.core.clock import utc_now
from bailiwick.core.events import AuditEvent
from bailiwick.core.telemetry import Gate, own_register
from bailiwick.dataplane.otel import Collector, OtlpCollector
from tests.fixtures.otlp_receiver import otlp_receiver, told
from tests.fixtures.spans import reports, request, under


@pytest.mark.req("OB4", "OB3")
def test_a_trace_reaches_the_collector_once_it_answers_without_its_person_and_without_models_twice() -> None:
    names, events = own_register(), list[AuditEvent]()
    gate = Gate(names.on(1, {}), frozenset(names.fields), lambda name: pytest.fail(f"{name} is not declared"))
    root = request("GET /orders/{}", ms=40, outcome="error", status=500, facts={"error_type": "ValueError"})
    query = under(root, name="SELECT * FROM orders WHERE id = $1", facts={"rows": 3, "tables": "orders"})
    with otlp_receiver() as receiver:
        receiver.answers = [503]
        settings = OtlpCollector(url=receiver.url, every_seconds=0.05)
        collector = Collector(settings, "production", lambda: gate, events.append, utc_now)
        for report in reports(query, under(root, kind="model", name="support"), root):
            collector.take(report)
        receiver.wait(lambda: len(receiver.spans) >= 2)
        collector.close()
        found = {span.name: span for span in receiver.spans}
        wire = b"".join(receiver.seen)
    assert set(found) == {root.name, query.name}
    served, asked = found[root.name], found[query.name]
    assert (served.trace_id.hex(), served.span_id.hex(), served.parent_span_id) == (root.trace, root.span, b"")
    assert asked.parent_span_id == served.span_id and asked.kind == Span.SPAN_KIND_CLIENT
    assert (served.kind, served.status.code) == (Span.SPAN_KIND_SERVER, Status.STATUS_CODE_ERROR)
    assert served.end_time_unix_nano - served.start_time_unix_nano == 40_000_000
    assert told(served.attributes)["error.type"] == "ValueError"
    assert told(asked.attributes) == {
        "bailiwick.app": "finance/desk", "bailiwick.release": "rel_1", "bailiwick.mode": "production",
        "bailiwick.kind": "query", "bailiwick.target": "orders-db", "bailiwick.outcome": "ok",
        "db.query.text": query.name, "db.collection.name": "orders", "db.response.returned_rows": 3,
    }  # fmt: skip
    assert b"ada@example.com" not in wire and events == []
