"""Names of spans, durations in buckets, spans of events, and which spans are kept."""

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.clock import utc_now
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.ids import new_trace_id
from bailiwick.core.traces import (
    Budget,
    Meter,
    Source,
    bucket_of,
    fingerprint_of,
    milliseconds_at,
    quantile,
    root_span,
    route_of,
    said_name,
    span_of,
    summed,
)
from tests.fixtures.spans import request, under

SOURCE = Source("finance/desk", "production", "", "rel_1")


@pytest.mark.req("OB4", "DM2")
@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/orders", "/orders"),
        ("/orders/1207", "/orders/{}"),
        ("/orders/1207/lines?who=ada", "/orders/{}/lines"),
        ("/customers/ada@example.com", "/customers/{}"),
        ("/customers/ada%40example.com", "/customers/{}"),
        ("/api/v2/things", "/api/v2/things"),
        ("/static/site.css", "/static/site.css"),
        ("/f/6f1d7c1e-0b0e-4c0d-9a55-0d5a8a4b8f11", "/f/{}"),
        ("/iban/DE89370400440532013000", "/iban/{}"),
        ("/<script>alert(1)</script>", "/{}/{}"),
        ("/a\x1b[31mred", "/{}"),
        ("/" + "x" * 500, "/{}"),
        ("/a" * 40, "/a" * 12 + "/…"),
    ],
)
def test_a_route_holds_no_value_of_a_request(path: str, route: str) -> None:
    assert route_of(path) == route


@pytest.mark.req("OB4")
def test_a_name_has_no_control_characters_and_an_end() -> None:
    assert said_name("a\x1b[31m\u202eb\x00\nc") == "a[31mb c"
    assert len(said_name("x" * 10_000_000)) == 200
    assert said_name("<b>bold</b>") == "<b>bold</b>"


@given(st.integers(min_value=51, max_value=3_600_000_000))
def test_a_bucket_is_within_a_tenth_of_what_fell_into_it(microseconds: int) -> None:
    told = milliseconds_at(bucket_of(microseconds)) * 1000
    assert abs(told - microseconds) / microseconds < 0.1


@given(st.lists(st.lists(st.integers(0, 9), max_size=119), max_size=4))
def test_sums_of_buckets_lose_nothing(several: list[list[int]]) -> None:
    assert sum(summed(several)) == sum(map(sum, several))


def test_quantiles_are_those_of_what_was_counted() -> None:
    drawn = random.Random(1)
    found = sorted(int(drawn.lognormvariate(10, 1)) for _ in range(5000))
    buckets = [0] * 120
    for item in found:
        buckets[bucket_of(item)] += 1
    for part in (0.5, 0.95, 0.99):
        exact = found[int(len(found) * part)] / 1000
        assert abs(quantile(buckets, part) - exact) / exact < 0.12
    assert quantile([], 0.5) == 0


def event(action: str, context: dict[str, object], **more: object) -> AuditEvent:
    return AuditEvent.model_validate(
        {"time": utc_now(), "actor": "user:ada@example.com", "action": action, "resource": "integration:orders-db",
         "app": "finance/desk", "release": "rel_1", "trace": "ab" * 16, "context": context, **more}
    )  # fmt: skip


@pytest.mark.req("OB4", "OB1", "AI2", "DM2")
def test_what_a_plane_audits_is_one_trace_with_the_person_and_without_values() -> None:
    served = event("request.served", {"method": "GET", "path": "/orders/7", "status": 500, "milliseconds": 90.0},
                   outcome=Outcome.FAILED)  # fmt: skip
    query = event("query.executed", {"statement": "SELECT * FROM orders WHERE id = $1", "milliseconds": 4.5, "rows": 1,
                                     "tables": ("orders",), "keys": ("7",), "tag": "SELECT 1"})  # fmt: skip
    model = event("model.called", {"model": "m-1", "endpoint": "/v1/chat/completions", "status": 200, "tokens_in": 9,
                                   "milliseconds": 30.0, "redacted.email": 2}, resource="model:support")  # fmt: skip
    spans = [span for told in (served, query, model) if (span := span_of(told)) is not None]
    root = spans[0]
    assert [(span.kind, span.name, span.target) for span in spans] == [
        ("request", "GET /orders/{}", ""),
        ("query", "SELECT * FROM orders WHERE id = $1", "orders-db"),
        ("model", "support /v1/chat/completions", "support"),
    ]
    assert {span.trace for span in spans} == {"ab" * 16} and {span.person for span in spans} == {"user:ada@example.com"}
    assert root.span == root_span("ab" * 16) and root.parent == "" and root.outcome == "error"
    assert {span.parent for span in spans[1:]} == {root.span}
    assert spans[1].facts == {"rows": 1, "tables": "orders"}
    assert spans[2].facts == {"model": "m-1", "tokens_in": 9}
    assert served.time - root.start == timedelta(milliseconds=90)
    assert span_of(event("query.rows", {})) is None and span_of(event("request.served", {}, app="")) is None


def test_work_for_no_request_is_a_trace_of_its_own() -> None:
    one, other = (span_of(event("query.executed", {"statement": "SELECT $1"}, trace="")) for _ in range(2))
    assert one is not None and other is not None
    assert one.trace != other.trace and one.parent == ""


class Now:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.req("OB4")
def test_a_flood_is_counted_whole_and_kept_in_part_with_all_that_failed_or_was_slow() -> None:
    meter, quiet = Meter(Budget(ordinary=5), Now()), Source("finance/quiet", "production", "", "rel_2")
    for number in range(3000):
        meter.observe(SOURCE, request(f"GET /{'ab'[number % 2]}"))
    failed, slow = request("GET /a", outcome="error", status=500), request("GET /b", ms=1500)
    for span in (failed, slow):
        meter.observe(SOURCE, span)
    meter.observe(quiet, request("GET /quiet"))
    told = meter.take(all_of_it=True)
    kept = [span for report in told if report.app == SOURCE.app for span in report.spans]
    counts = [count for report in told if report.app == SOURCE.app for count in report.counts]
    assert {failed.trace, slow.trace} <= {span.trace for span in kept}
    assert len(kept) == 15 + 2
    assert sum(count.count for count in counts) == 3002 and sum(count.errors for count in counts) == 1
    assert sum(report.left_out for report in told) == 3002 - 17
    assert [span.name for report in told if report.app == quiet.app for span in report.spans] == ["GET /quiet"]


@pytest.mark.req("OB4")
def test_a_million_names_are_a_few_and_others() -> None:
    meter = Meter(Budget(names=50, ordinary=1), Now())
    span = request()
    for number in range(20_000):
        meter.observe(SOURCE, span.model_copy(update={"name": f"GET /{number}", "trace": new_trace_id()}))
    counts = {count.name: count.count for report in meter.take(all_of_it=True) for count in report.counts}
    assert len(counts) == 51 and counts["other"] == 19_950


@pytest.mark.req("OB4")
def test_a_trace_is_kept_whole_or_not_at_all_also_what_comes_late() -> None:
    clock = Now()
    meter = Meter(Budget(ordinary=1), clock)
    for _ in range(20):
        meter.observe(SOURCE, request())
    meter.take(all_of_it=True)
    root = request("GET /late")
    meter.observe(SOURCE, under(root, outcome="error"))
    meter.observe(SOURCE, root)
    meter.observe(SOURCE, under(root, name="SELECT 2"))
    dropped = request("GET /dropped")
    meter.observe(SOURCE, dropped)
    meter.observe(SOURCE, under(dropped, name="SELECT 3"))
    kept = [span.name for report in meter.take(all_of_it=True) for span in report.spans]
    assert kept == ["SELECT 1", "GET /late", "SELECT 2"]


@pytest.mark.req("OB4")
def test_errors_are_groups_by_type_and_place_whatever_their_number() -> None:
    meter = Meter(clock=Now())
    told = {"error_type": "ValueError", "error_place": "app.py:12 in total"}
    for number in range(1000):
        meter.observe(SOURCE, request(f"GET /{number % 7}", outcome="error", facts=told))
    for number in range(1000):
        meter.observe(SOURCE, request("GET /", outcome="error", facts={"error_type": f"E{number}"}))
    groups = {group.fingerprint: group for report in meter.take(all_of_it=True) for group in report.errors}
    assert groups[fingerprint_of("ValueError", "app.py:12 in total")].count == 1000
    assert len(groups) == 200 and groups[fingerprint_of("other", "other")].count == 1000 - 198
