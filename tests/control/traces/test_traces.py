"""What planes tell of traces, as it is kept, forgotten, and shown to builders only."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bailiwick.control.identity import Claims
from bailiwick.control.traces import TraceQuery
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError, NotFoundError
from bailiwick.core.messages import MetricSeen, SpansReport
from bailiwick.core.principals import Identity
from tests.fixtures.company import APP, Company
from tests.fixtures.spans import reports, request, tell, under


def builder_of_another_folder(company: Company) -> Identity:
    """Return somebody who builds in another folder, where an app of theirs is."""
    control = company.control
    control.catalog.create_folder(company.people["admin"], "hr")
    control.identity.roles.apply_rules([("hr-builders", "builder", "folder:hr")])
    made = control.identity.remember_person(Claims("", "", "hr@example.com", "Hr", ("hr-builders",), {}))
    control.catalog.create_app(made, "hr/desk")
    return made


@pytest.mark.req("OB4", "OB1")
def test_a_request_and_what_it_led_to_is_one_trace_once_however_often_it_is_sent(company: Company) -> None:
    root = request("GET /orders/{}", ms=40)
    told = reports(under(root), under(root, kind="model", name="support /v1/messages", facts={"tokens_in": 5}), root)
    tell(company, told)
    tell(company, told)
    tell(company, [report.model_copy(update={"counts": (), "errors": ()}) for report in told], spool="another")
    builder, traces = company.people["builder"], company.control.traces
    assert [span.trace for span in traces.traces(builder, APP, TraceQuery())] == [root.trace]
    spans = traces.trace(builder, APP, root.trace)
    assert spans[0].kind == "request" and {span.kind for span in spans} == {"request", "query", "model"}
    assert {span.person for span in spans} == {"user:ada@example.com"}
    assert {span.kind: span.facts for span in spans}["model"] == {"tokens_in": 5}
    overview = traces.overview(builder, APP, "production", 1)
    assert [(point.count, point.errors) for point in overview.points] == [(1, 0)]
    assert {line.kind: line.count for line in overview.lines} == {"request": 1, "query": 1, "model": 1}
    with pytest.raises(NotFoundError):
        traces.trace(builder, APP, "0" * 31 + "1")


@pytest.mark.req("OB4")
def test_traces_are_found_by_person_name_outcome_and_duration(company: Company) -> None:
    found = request("POST /refunds", ms=900, outcome="error", status=500, person="user:bob@example.com")
    tell(company, reports(request("GET /"), found, request("GET /slow", ms=2000)))
    asked = [
        TraceQuery(person="bob@example.com"), TraceQuery(text="refunds"), TraceQuery(failed=True),
        TraceQuery(least_ms=500, text="ref"),
    ]  # fmt: skip
    for query in asked:
        spans = company.control.traces.traces(company.people["builder"], APP, query)
        assert [span.trace for span in spans] == [found.trace]
    assert company.control.traces.traces(company.people["builder"], APP, TraceQuery(text="100%_")) == []


@pytest.mark.req("OB4")
def test_errors_are_groups_with_first_and_last_seen_and_their_releases(company: Company) -> None:
    began = utc_now() - timedelta(hours=2)
    facts = {"error_type": "ValueError", "error_place": "app.py:12 in total"}
    old, new = (request(at=at, outcome="error", facts=facts) for at in (began, utc_now()))
    tell(company, reports(new, new.model_copy(update={"trace": "9" * 32}), release="rel_2"))
    tell(company, reports(old, release="rel_1"), sequence=10)
    (group,) = company.control.traces.overview(company.people["builder"], APP, "production", 24).errors
    assert (group.type, group.place, group.count) == ("ValueError", "app.py:12 in total", 3)
    assert (group.first, group.first_release, group.last_release) == (began, "rel_1", "rel_2")


@pytest.mark.req("OB4", "RT3")
def test_builders_see_their_apps_only_and_approvers_none(company: Company) -> None:
    root = request()
    tell(company, reports(root))
    traces = company.control.traces
    other, both = builder_of_another_folder(company), company.people["admin"]
    for path in (APP, "finance/none"):
        with pytest.raises(NotFoundError):
            traces.traces(other, path, TraceQuery())
    for nobody, path in ((other, "hr/desk"), (company.people["user"], APP)):
        with pytest.raises(NotFoundError):
            traces.trace(nobody, path, root.trace)
    assert traces.traces(other, "hr/desk", TraceQuery()) == []
    assert len(traces.traces(both, APP, TraceQuery())) == 1
    with pytest.raises(ForbiddenError):
        traces.traces(company.people["approver"], APP, TraceQuery())
    with pytest.raises(ForbiddenError):
        traces.overview(company.people["approver"], APP, "production", 1)
    with pytest.raises(ForbiddenError):
        traces.trace(company.people["approver"], APP, root.trace)


@pytest.mark.req("OB4", "RT3")
def test_a_plane_tells_of_apps_only_that_it_serves(company: Company) -> None:
    root = request()
    tell(company, reports(root), plane="editor")
    assert company.control.traces.traces(company.people["builder"], APP, TraceQuery()) == []
    assert ("report.refused", "plane:editor") in company.actions()


@pytest.mark.req("OB4")
def test_clocks_that_are_wrong_and_spans_that_are_late_do_no_harm(company: Company) -> None:
    ahead = request("GET /ahead", at=utc_now() + timedelta(days=400))
    late = request("GET /late", at=utc_now() - timedelta(days=9))
    ancient = request("GET /ancient", at=datetime(1970, 1, 1, tzinfo=UTC))
    tell(company, reports(ahead, late, ancient))
    spans = company.control.traces.traces(company.people["builder"], APP, TraceQuery(hours=24 * 30))
    assert [(span.name, span.facts) for span in spans] == [("GET /ahead", {"skewed": True}), ("GET /late", {})]
    assert spans[0].start <= utc_now()


@pytest.mark.req("OB4")
def test_days_are_partitions_which_go_when_their_time_is_over(company: Company) -> None:
    control = company.control
    tell(company, reports(request(), request(at=utc_now() - timedelta(days=29))))
    control.traces.keep()

    def partitions() -> int:
        with control.store.transaction() as session:
            query = text("SELECT count(*) FROM pg_inherits WHERE inhparent = 'public.spans'::regclass")
            return int(session.scalar(query) or 0)

    before = partitions()
    with control.store.transaction() as session:
        assert session.scalar(text("SELECT drop_span_days(20)")) == 1
        with pytest.raises(Exception, match="there are no spans of that day"):
            session.execute(text("SELECT keep_span_day(current_date + 400)"))
        session.rollback()
    assert partitions() == before
    with control.store.transaction() as session:
        session.execute(text("SELECT drop_span_days(20)"))
    assert partitions() == before - 1
    assert len(control.traces.traces(company.people["builder"], APP, TraceQuery(hours=720))) == 1


@pytest.mark.req("OB4")
def test_an_apps_own_metrics_are_summed_by_step(company: Company) -> None:
    now = utc_now()
    counter = MetricSeen(minute=now, name="orders.priced", kind="counter", value=3, count=1, labels={"state": "new"})
    gauge = MetricSeen(minute=now, name="queue.length", kind="gauge", value=10, count=4)
    told = SpansReport(app=APP, mode="production", release="rel_1", metrics=(counter, counter, gauge))
    tell(company, [told])
    tell(company, [told], sequence=2)
    builder = company.people["builder"]
    for hours in (1, 720):
        found = company.control.traces.overview(builder, APP, "production", hours).metrics
        assert {item.name: [value for _, value in item.points] for item in found} == {
            "orders.priced": [12.0], "queue.length": [2.5],
        }  # fmt: skip
    assert found[0].labels == '{"state": "new"}'
