"""Alerts are raised once for a group, told, escalated, silenced and answered; what must stop has stopped before."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bailiwick.control.alerts import Alert, AlertKeeper, AlertState
from bailiwick.control.notice_settings import NoticeSettings, SmtpOptions
from bailiwick.control.notices.tables import NoticeRow
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent
from bailiwick.core.guardrails import AmountRails, Guardrails
from bailiwick.core.messages import KillReport
from bailiwick.core.stops import StopScope
from bailiwick.dataplane.guard import Guard, Trip, Watched
from tests.control.exporters.http_receiver import HttpReceiver, answer, listening
from tests.fixtures.company import APP, Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.post_office import PostOffice

pytestmark = pytest.mark.req("OB5")
_KEY = "0123456789abcdefABCDEF0123456789"
RULE: dict[str, Any] = {
    "name": "odd", "severity": "critical",
    "match": {"actions": ["anomaly.found"], "facts": {"score": {"at_least": 0.99}}},
    "tell": ["mail:security@example.com", "chat:room", "pager:pager-key"], "escalate_after_minutes": 10,
    "escalate_to": ["mail:admin@example.com"],
}  # fmt: skip


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with listening() as started:
        started.answers = answer(202)
        yield started


@pytest.fixture
def more_settings(post_office: PostOffice, receiver: HttpReceiver) -> dict[str, Any]:
    smtp = SmtpOptions(host="127.0.0.1", port=post_office.port, security="none", sender="Bailiwick <bw@example.com>")
    return {"notices": NoticeSettings(smtp=smtp, chat_on_loopback=True, pager_url=f"{receiver.url}/v2/enqueue")}


@pytest.fixture
def ready(company: Company, receiver: HttpReceiver) -> Company:
    """A company with a chat, a pager's key and a rule; the log is read from here on."""
    control = company.control
    with control.store.transaction() as session:
        for name, value in (("chat-url", f"{receiver.url}/hook"), ("pager-key", _KEY), ("other", "a-password-of-ours")):
            control.vault.put(session, name, value, by="user:admin@example.com")
    control.notices.add_hook(company.people["admin"], "room", "chat-url", "finance")
    control.alert_keeper.keep()
    control.alerts.write_rule(company.people["security"], RULE)
    return company


def happen(company: Company, resource: str = f"app:{APP}", score: float = 0.999, **other: Any) -> None:
    facts = {"measure": "rows", "value": 9000, "expected": 12, "score": score, "kind": "unusual"}
    event = AuditEvent(time=company.control.clock(), actor="service:anomalies", action="anomaly.found",
                       resource=resource, context=facts, **other)  # fmt: skip
    with company.control.store.transaction() as session:
        company.control.audit.append(session, event)
    company.control.alert_keeper.keep()


def alerts(company: Company) -> list[Alert]:
    with company.control.store.transaction() as session:
        return list(company.control.alerts.list(session, company.people["security"]))


def deliver(company: Company) -> None:
    keeper = company.control.notice_keeper
    keeper.send_mail()
    keeper.send_chat()
    keeper.send_pages()


def waiting(company: Company) -> list[tuple[str, str]]:
    with company.control.store.transaction() as session:
        rows = session.scalars(select(NoticeRow).order_by(NoticeRow.channel, NoticeRow.target))
        return [(row.channel, row.target) for row in rows]


def paged(receiver: HttpReceiver) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in receiver.sent if one.path == "/v2/enqueue"]


def test_an_alert_is_told_once_escalated_and_answered(
    ready: Company, clock: MovingClock, receiver: HttpReceiver, post_office: PostOffice
) -> None:
    happen(ready, score=0.5)
    assert alerts(ready) == []
    for _ in range(3):
        happen(ready)
    happen(ready, "app:finance/other")
    AlertKeeper(store=ready.control.store, audit=ready.control.audit, telling=None, clock=clock).keep()  # type: ignore[arg-type]
    (other, first) = alerts(ready)
    assert (first.times, first.state, first.words) == (3, AlertState.OPEN, f"app:{APP}: rows was 9000, expected 12")
    deliver(ready)
    events = paged(receiver)
    assert [one["dedup_key"] for one in events] == [first.id, other.id]
    event = events[0]
    assert (event["routing_key"], event["event_action"]) == (_KEY, "trigger")
    assert event["payload"]["severity"] == "critical"
    assert event["payload"]["summary"] == first.words
    assert set(event["payload"]) >= {"summary", "source", "severity", "timestamp"}
    chats = [json.loads(one.body)["text"] for one in receiver.sent if one.path == "/hook"]
    assert chats[0].startswith(f"*critical* odd: app:{APP}: rows was 9000")
    mails = [mail for _, mail in post_office.arrived if mail["To"] == "security@example.com"]
    assert len(mails) == 2
    assert mails[0]["Subject"] == "Alert (critical): odd"
    assert "/alerts" in mails[0].get_content()
    done = ready.control.alerts.acknowledge(ready.people["security"], first.id)
    assert done.answered_by == "user:security@example.com"
    clock.move(minutes=11)
    ready.control.alert_keeper.keep()
    deliver(ready)
    # The one that somebody looks after is not escalated.
    assert [mail["To"] for _, mail in post_office.arrived].count("admin@example.com") == 1
    ready.control.alerts.resolve(ready.people["security"], first.id, "the job was mended")
    deliver(ready)
    assert [(one["event_action"], one["dedup_key"]) for one in paged(receiver)[2:]] == [
        ("acknowledge", first.id), ("resolve", first.id),
    ]  # fmt: skip
    happen(ready)
    assert len(alerts(ready)) == 3
    clock.move(hours=30)
    ready.control.alert_keeper.keep()
    assert {one.state for one in alerts(ready)} == {AlertState.RESOLVED}
    assert _KEY not in json.dumps([str(one) for one in alerts(ready)])


def test_a_silence_tells_nobody_until_it_ends(ready: Company, clock: MovingClock) -> None:
    alerts_of, security = ready.control.alerts, ready.people["security"]
    until = clock() + timedelta(hours=1)
    with pytest.raises(InvalidInputError):
        alerts_of.silence(security, "odd", "", until, "")
    with pytest.raises(InvalidInputError):
        alerts_of.silence(security, "odd", "", clock() + timedelta(days=40), "load test")
    with pytest.raises(NotFoundError):
        alerts_of.silence(security, "none", "", until, "load test")
    alerts_of.silence(security, "odd", f"app:{APP}", until, "load test")
    happen(ready)
    assert waiting(ready) == []
    assert alerts(ready)[0].silenced
    happen(ready, "app:finance/other")
    assert len(waiting(ready)) == 3
    clock.move(hours=2)
    happen(ready)
    # Beside these, the other one was escalated meanwhile.
    assert len([one for one in waiting(ready) if one != ("mail", "admin@example.com")]) == 6
    with ready.control.store.transaction() as session:
        assert alerts_of.silences(session, security) == []


def test_so_many_within_a_time_are_needed_where_a_rule_says_so(ready: Company, clock: MovingClock) -> None:
    rule = {"name": "many", "match": {"actions": ["anomaly.found"]}, "at_least": 3, "within_minutes": 5}
    ready.control.alerts.remove_rule(ready.people["security"], "odd", "in the way")
    ready.control.alerts.write_rule(ready.people["security"], rule)
    happen(ready)
    clock.move(minutes=6)
    happen(ready)
    happen(ready)
    assert alerts(ready) == []
    happen(ready)
    assert [one.rule for one in alerts(ready)] == ["many"]


def test_only_administrators_write_rules_and_answer(ready: Company) -> None:
    happen(ready)
    (one,) = alerts(ready)
    for who in ("builder", "user", "approver"):
        with pytest.raises(ForbiddenError):
            ready.control.alerts.write_rule(ready.people[who], RULE)
        with pytest.raises(ForbiddenError):
            ready.control.alerts.acknowledge(ready.people[who], one.id)
        with ready.control.store.transaction() as session, pytest.raises(ForbiddenError):
            ready.control.alerts.list(session, ready.people[who])
    with pytest.raises(InvalidInputError, match="this is no rule"):
        ready.control.alerts.write_rule(ready.people["admin"], {"name": "x"})
    ready.control.alerts.resolve(ready.people["admin"], one.id, "over")
    with pytest.raises(ConflictError):
        ready.control.alerts.acknowledge(ready.people["admin"], one.id)


def test_a_secret_that_is_no_routing_key_never_leaves(ready: Company, receiver: HttpReceiver) -> None:
    ready.control.alerts.write_rule(ready.people["security"], {**RULE, "tell": ["pager:other"]})
    happen(ready)
    deliver(ready)
    assert paged(receiver) == []
    with ready.control.store.transaction() as session:
        (row,) = session.scalars(select(NoticeRow)).all()
        assert row.state == "given-up"
        assert "a-password-of-ours" not in row.last_error


@pytest.mark.req("RT4", "OB5")
def test_a_runaway_tenant_is_stopped_before_anybody_is_told(ready: Company, clock: MovingClock) -> None:
    rule = {
        "name": "stopped",
        "match": {"actions": ["app.killed", "stop.started"]},
        "tell": ["mail:security@example.com"],
    }
    ready.control.alerts.write_rule(ready.people["security"], rule)
    order: list[str] = []
    app = Watched(APP, "default", (APP, "production"))

    def stop(watched: Watched, scope: StopScope | None, trip: Trip) -> None:
        order.append("stopped")
        assert waiting(ready) == []
        report = KillReport(app=watched.app, mode="production", release="r", because=trip.words, time=clock(),
                            counters=dict(trip.figures), requests=(), log_lines=(), rule=trip.rule)  # fmt: skip
        with ready.control.store.transaction() as session:
            ready.control.stops.record_automatic(session, report, plane="production", evidence="")
            assert ready.control.stops.standing(session, APP)
        assert scope is None or scope.written in {"tenant:default", f"app:{APP}", "everything"}

    guard = Guard(stop)
    guard.watch(app, Guardrails(amounts=AmountRails(rows=1000)))
    guard.observe_rows(APP, "integration:orders-db", 900)
    assert order == []
    guard.observe_rows(APP, "integration:orders-db", 900)
    assert order == ["stopped"]
    ready.control.alert_keeper.keep()
    assert waiting(ready) == [("mail", "security@example.com")]
    with ready.control.store.transaction() as session:
        (standing,) = ready.control.stops.standing(session, APP)
        notice = session.scalars(select(NoticeRow)).one()
        assert standing.time <= notice.created_at
