"""What a plane stopped by itself is tried again with few requests; then it runs, waits longer, or for a person."""

from datetime import UTC, datetime, timedelta

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.guardrails import GuardrailDraft
from bailiwick.core.clock import Clock
from bailiwick.core.messages import AppState, RequestRollup
from tests.control.stops.test_stops import report, reported
from tests.fixtures.company import APP, Company
from tests.fixtures.releasing import released

pytestmark = pytest.mark.req("RT4")


class Time:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def after(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def clock(time: Time) -> Clock:
    return time


def recovers(company: Company, **values: float) -> None:
    draft = GuardrailDraft("recovery", "folder:finance", {"cool_down_seconds": 60, "attempts": 2, **values})
    company.control.guardrails.set(company.people["admin"], draft, "a test")


def production(company: Company) -> AppState:
    return company.control.planes.desired_state("production").apps[0]


def answered(company: Company, time: Time, requests: int) -> None:
    rollup = RequestRollup(
        app=APP, mode="production", release="r", start=time.now, seconds=1, ok=requests, client_errors=0,
        server_errors=0, p50_ms=1, p95_ms=1,
    )  # fmt: skip
    with company.control.store.transaction() as session:
        company.control.observe.take_rollup(session, "production", rollup)


def happened(company: Company) -> list[str]:
    with company.control.store.transaction() as session:
        found = search(session, AuditQuery(actor="service:guard"), limit=50).events
    return [item.event.action for item in reversed(found)]


def test_what_is_well_on_trial_runs_again_by_itself(company: Company, time: Time) -> None:
    recovers(company, share=0.2)
    released(company)
    report(company, "production", reported("production"))
    company.control.trials.keep()
    assert production(company).status == "killed"
    time.after(61)
    company.control.trials.keep()
    assert (production(company).status, production(company).trial) == ("running", 0.2)
    answered(company, time, 2)
    time.after(31)
    company.control.trials.keep()
    assert production(company).trial == 0.2, "two answers are not enough to call it well"
    answered(company, time, 2)
    company.control.trials.keep()
    assert (production(company).status, production(company).trial) == ("running", 0)
    assert happened(company) == ["app.tried-again", "app.revived"]


def test_what_fails_on_trial_waits_longer_and_then_for_a_person(company: Company, time: Time) -> None:
    recovers(company)
    released(company)
    report(company, "production", reported("production"), 1)
    time.after(61)
    company.control.trials.keep()
    report(company, "production", reported("production", "it fails again"), 2)
    assert (production(company).status, production(company).killed_because) == ("killed", "it fails again")
    time.after(61)
    company.control.trials.keep()
    assert production(company).status == "killed", "the second wait is twice as long"
    time.after(60)
    company.control.trials.keep()
    assert production(company).status == "running"
    report(company, "production", reported("production"), 3)
    time.after(86_400)
    company.control.trials.keep()
    assert production(company).status == "killed"
    assert happened(company) == ["app.tried-again", "app.trial-failed"] * 2
    company.control.stops.revive(company.people["admin"], APP, "mended")
    assert (production(company).status, production(company).trial) == ("running", 0)


def test_a_stop_for_security_or_by_hand_and_one_without_recovery_are_never_tried(company: Company, time: Time) -> None:
    released(company)
    report(company, "editor", reported("preview"))
    recovers(company)
    seen = reported("production").model_copy(update={"security": True, "rule": "rows"})
    report(company, "production", seen)
    company.control.stops.kill(company.people["security"], APP, "by hand")
    time.after(86_400)
    company.control.trials.keep()
    assert happened(company) == []
    assert production(company).status == "killed"


def test_a_stop_by_hand_during_a_trial_holds(company: Company, time: Time) -> None:
    recovers(company)
    released(company)
    report(company, "production", reported("production"))
    time.after(61)
    company.control.trials.keep()
    company.control.stops.kill(company.people["security"], APP, "not yet")
    assert (production(company).status, production(company).killed_because) == ("killed", "not yet")
