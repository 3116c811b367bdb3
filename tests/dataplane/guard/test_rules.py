"""The rules of the automatic kill switch: none trips without cause in a week, and each spike is found in a second."""

import random
from collections.abc import Iterator

import pytest

from bailiwick.core.guardrails import AmountRails, CrashRails, DurationRails, ErrorRails, Guardrails
from bailiwick.core.stops import StopScope
from bailiwick.dataplane.guard import ErrorSpike, Guard, Trip, Watched
from bailiwick.dataplane.guard.watch import AnswerGuard
from tests.dataplane.guard.traffic import Answer, App, quiet, week

pytestmark = pytest.mark.req("RT4")
LIMITS = Guardrails()
WEEKS = {
    "a busy app": App(40, error_share=0.002, burst_minutes=1),
    "an app that fails often": App(12, error_share=0.04, burst_minutes=1),
    "a slow app of many minds": App(6, error_share=0.01, median_ms=400, spread=1.1, burst_minutes=2),
    "an app that gets slower and worse": App(10, error_share=0.005, drift=3.0),
    "an app that is deployed every hour": App(8, deploy_every=3600),
    "a small app": App(0.2, error_share=0.03),
    "one that hardly anybody uses": App(0.01, error_share=0.05, deploy_every=3600),
}


def trips(answers: Iterator[Answer], limits: Guardrails = LIMITS) -> list[tuple[float, Trip]]:
    guard, absolute = AnswerGuard(limits), ErrorSpike(limits.errors)
    found = []
    for answer in answers:
        assert not absolute.observe(answer.time, failed=answer.failed)
        trip = guard.answered(answer.time, failed=answer.failed, milliseconds=answer.milliseconds)
        if trip is not None:
            found.append((answer.time, trip))
    return found


@pytest.mark.parametrize("name", WEEKS)
def test_a_week_of_traffic_trips_nothing(name: str) -> None:
    assert trips(week(WEEKS[name], seed=7, most=30_000)) == []


@pytest.mark.parametrize("per_second", [5, 8, 20, 100, 1000])
@pytest.mark.parametrize("what", ["errors", "slowness"])
def test_a_spike_is_found_within_a_second(per_second: int, what: str) -> None:
    chance = random.Random(per_second)
    guard = AnswerGuard(LIMITS)
    # What is usual is learned from less traffic than the spike has: that shares count, not numbers.
    for answer in quiet(App(min(per_second, 20), error_share=0.002), chance, 0.0, 180.0):
        assert guard.answered(answer.time, failed=answer.failed, milliseconds=answer.milliseconds) is None
    began = 10_000.0
    for number in range(per_second * 2):
        now = began + number / per_second
        bad = per_second < 20 or number % 5 < 4
        failed, milliseconds = (bad, 80.0) if what == "errors" else (False, 9000.0 if bad else 80.0)
        trip = guard.answered(now, failed=failed, milliseconds=milliseconds)
        if trip is not None:
            break
    assert trip is not None
    assert now - began <= 1.0
    assert trip.rule == ("error-rate" if what == "errors" else "latency")
    assert not trip.security
    assert "within a second" in trip.words
    assert trip.figures["requests_in_a_second"] >= 4


def test_one_page_that_fails_six_times_at_once_kills_nothing() -> None:
    guard = AnswerGuard(LIMITS)
    page = [guard.answered(100 + number * 0.02, failed=True, milliseconds=50.0) for number in range(6)]
    assert page == [None] * 6
    alone = [guard.answered(200.0 + number * 5, failed=True, milliseconds=50.0) for number in range(6)]
    assert alone == [None] * 6


def test_what_always_fails_a_little_is_judged_by_its_own_measure() -> None:
    chance = random.Random(3)
    guard = AnswerGuard(Guardrails(errors=ErrorRails(spike_ratio=0.1)))
    flaky = quiet(App(20, error_share=0.15), chance, 0.0, 3600.0)
    late = [answer for answer in flaky if guard.answered(answer.time, failed=answer.failed, milliseconds=50.0)]
    assert [answer for answer in late if answer.time > 1200] == []


def test_a_rule_that_is_switched_off_trips_never() -> None:
    off = Guardrails(
        errors=ErrorRails(spike_ratio=0), durations=DurationRails(slow_ratio=0), crashes=CrashRails(starts=0)
    )
    guard = AnswerGuard(off)
    for answer in quiet(App(20), random.Random(1), 0.0, 300.0):
        guard.answered(answer.time, failed=answer.failed, milliseconds=answer.milliseconds)
    assert not any(guard.answered(400 + number / 20, failed=True, milliseconds=60_000.0) for number in range(100))
    assert not any(guard.started(500.0 + number) for number in range(50))


def test_starts_again_and_again_are_a_crash_loop_and_now_and_then_are_not() -> None:
    guard = AnswerGuard(Guardrails(crashes=CrashRails(starts=5, minutes=1)))
    assert not any(guard.started(number * 16.0) for number in range(100))
    tripped = [guard.started(5000.0 + number) for number in range(5)]
    assert tripped[:4] == [None] * 4
    assert tripped[4] is not None
    assert tripped[4].words == "it had to be started again 5 times within 1 minutes"
    guard.start_afresh()
    assert guard.started(5006.0) is None


class Plane:
    """A guard with a clock that tests move, and what it told."""

    def __init__(self, **limits: float) -> None:
        self.now = 1000.0
        self.told: list[tuple[str, str, Trip]] = []
        self.guard = Guard(self._tell, lambda: self.now)
        self.limits = Guardrails(amounts=AmountRails.model_validate(limits))
        for name in ("finance/desk", "finance/books"):
            self.guard.watch(Watched(name, "default", (name, "production")), self.limits)

    def _tell(self, watched: Watched, scope: StopScope | None, trip: Trip) -> None:
        self.told.append((watched.app, scope.written if scope is not None else "", trip))


def test_rows_that_are_read_in_masses_stop_the_app_for_security() -> None:
    plane = Plane(rows=1000)
    for _ in range(10):
        plane.guard.observe_rows("finance/desk", "orders-db", 100)
        plane.now += 1
    assert plane.told == []
    plane.guard.observe_rows("finance/desk", "orders-db", 1)
    ((app, scope, trip),) = plane.told
    assert (app, scope, trip.rule, trip.security) == ("finance/desk", "app:finance/desk", "rows", True)
    assert trip.words == "1,001 rows were read or written within 60 s by finance/desk; 1,000 may"
    plane.now += 61
    plane.guard.observe_rows("finance/desk", "orders-db", 900)
    assert len(plane.told) == 1


def test_what_apps_use_together_closes_the_integration_and_stops_the_tenant() -> None:
    plane = Plane(rows=1000, integration_factor=1.5, tokens=1000, tenant_factor=1.5)
    for app in ("finance/desk", "finance/books"):
        plane.guard.observe_rows(app, "orders-db", 900)
        plane.guard.observe_model(app, 500, 400)
    assert [(app, scope, trip.rule) for app, scope, trip in plane.told] == [
        ("finance/books", "integration:orders-db", "rows"),
        ("finance/books", "tenant:default", "tokens"),
    ]


def test_money_is_counted_by_the_prices_that_are_set() -> None:
    plane = Plane(spend=1, price_in=2, price_out=10)
    plane.guard.observe_model("finance/desk", 100_000, 50_000)
    assert plane.told == []
    plane.guard.observe_model("finance/desk", 100_000, 20_000)
    assert [(scope, trip.rule, trip.security) for _, scope, trip in plane.told] == [
        ("app:finance/desk", "spend", False)
    ]


def test_refusals_trip_by_themselves_and_other_amounts_only_where_somebody_set_them() -> None:
    plane = Plane()
    for _ in range(501):
        plane.guard.observe_refusal("finance/desk", "orders-db")
        plane.guard.observe_refused_egress("finance/books")
        plane.guard.observe_rows("finance/desk", "orders-db", 10**9)
        plane.guard.observe_egress("finance/desk", 10**12)
        plane.guard.observe_model("finance/desk", 10**9, 10**9)
    assert [(scope, trip.rule, trip.security) for _, scope, trip in plane.told] == [
        ("app:finance/desk", "refused-grants", True),
        ("app:finance/books", "refused-egress", True),
    ]


def test_what_is_refused_to_its_person_is_known_of_a_request_and_says_nothing_of_the_app() -> None:
    plane = Plane(refused_grants=3)
    for number in range(20_000):
        plane.guard.observe_refusal("finance/desk", "orders-db", of_person=True, trace=f"{number:032x}")
    assert plane.told == []
    assert plane.guard.take_refused(f"{19_999:032x}")
    assert not plane.guard.take_refused(f"{19_999:032x}")
    # Only so many are remembered, the newest.
    assert not plane.guard.take_refused(f"{0:032x}")
    # Nobody is behind what an app asks for itself.
    for _ in range(4):
        plane.guard.observe_refusal("finance/desk", "orders-db", of_person=True)
    assert [trip.rule for _, _, trip in plane.told] == ["refused-grants"]


def test_what_nobody_watches_counts_for_nothing() -> None:
    plane = Plane(rows=1)
    plane.guard.observe_rows("hr/pay", "orders-db", 100)
    plane.guard.forget(Watched("finance/desk", "default", ("finance/desk", "production")))
    plane.guard.observe_rows("finance/desk", "orders-db", 100)
    assert plane.told == []


def test_the_absolute_limit_of_before_holds_beside_it() -> None:
    spike = ErrorSpike(LIMITS.errors)
    assert [spike.observe(number * 60.0, failed=True) for number in range(8)][-1] == "8 requests in a row failed"
