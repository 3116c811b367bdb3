"""Meters, breakers and budgets: the arithmetic of limits, on a clock of the test's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bailiwick.core.messages import Breaker, IntegrationLimits, Rate
from bailiwick.core.meters import Meter
from bailiwick.dataplane.gateways.limits.breaker import CircuitBreaker
from bailiwick.dataplane.gateways.limits.budget import RepeatBudget

pytestmark = pytest.mark.req("IN9")


def test_a_rate_lets_a_burst_through_and_then_an_even_flow() -> None:
    meter = Meter(Rate(calls=60, seconds=60, burst=3))
    for _ in range(3):
        assert meter.wait_seconds(100.0) == 0
        meter.take(100.0)
    assert meter.wait_seconds(100.0) == pytest.approx(1.0)
    assert meter.wait_seconds(101.0) == 0
    assert meter.used(100.0) == pytest.approx(1.0)


def test_a_share_is_kept_for_people_and_one_call_always_fits_an_idle_rate() -> None:
    meter = Meter(Rate(calls=100, seconds=1, burst=10))
    for _ in range(8):
        meter.take(0.0)
    assert meter.wait_seconds(0.0, share=0.8) > 0
    assert meter.wait_seconds(0.0) == 0
    assert Meter(Rate(calls=1, seconds=60)).wait_seconds(0.0, cost=50, share=0.2) == 0


@given(st.integers(1, 10**6), st.floats(0.001, 86_400), st.floats(0, 10**8))
def test_an_idle_rate_is_open_at_any_time_of_any_clock(calls: int, seconds: float, now: float) -> None:
    meter = Meter(Rate(calls=calls, seconds=seconds, burst=1))
    assert meter.wait_seconds(now) == 0
    meter.take(now)
    assert meter.wait_seconds(now + seconds / calls + 0.001) == 0


@given(
    st.integers(1, 200), st.integers(1, 20), st.lists(st.floats(0, 0.5), min_size=1, max_size=200)
)  # fmt: skip
def test_no_period_ever_has_more_than_its_calls_and_the_burst(calls: int, burst: int, pauses: list[float]) -> None:
    meter, now, taken = Meter(Rate(calls=calls, seconds=10, burst=burst)), 0.0, []
    for pause in pauses:
        now += pause
        if meter.wait_seconds(now) == 0:
            meter.take(now)
            taken.append(now)
    for first in taken:
        assert sum(first <= one < first + 10 for one in taken) <= calls + burst


@pytest.mark.parametrize(
    ("written", "calls", "seconds"), [("600/min", 600, 60), ("10/s", 10, 1), ("5000 / hour", 5000, 3600)]
)
def test_a_rate_is_written_as_people_write_it(written: str, calls: int, seconds: int) -> None:
    rate = Rate.model_validate(written)
    assert (rate.calls, rate.seconds) == (calls, seconds)


@pytest.mark.parametrize("written", ["0/s", "-1/s", "ten/s", "10/fortnight", "10", "10/s; drop", "99999999999/s"])
def test_what_is_no_rate_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        IntegrationLimits.model_validate({"app": {"rate": written}})


def breaker(**rules: float) -> tuple[CircuitBreaker, list[str]]:
    told: list[str] = []
    return CircuitBreaker(Breaker.model_validate(rules), lambda state, _: told.append(state)), told


def test_a_breaker_opens_after_failures_tries_one_call_and_closes() -> None:
    made, told = breaker(failures=3, open_seconds=10)
    for moment in range(3):
        assert made.wait_seconds(moment) == 0
        made.failed(moment, "status 503", tried=made.begin())
    assert made.wait_seconds(5) == pytest.approx(7)
    assert made.wait_seconds(12) == 0
    tried = made.begin()
    assert tried
    assert made.wait_seconds(12) > 0, "only one call tries"
    made.answered(12.5, tried=True)
    assert (made.wait_seconds(12.5), told) == (0, ["open", "half-open", "closed"])


def test_a_try_that_fails_opens_it_again_and_one_that_says_nothing_lets_another_try() -> None:
    made, told = breaker(failures=1, open_seconds=10)
    made.failed(0, "silence", tried=made.begin())
    made.left(tried=made.begin())
    assert made.wait_seconds(11) == 0
    made.failed(11, "silence", tried=made.begin())
    assert made.wait_seconds(12) == pytest.approx(9)
    assert told == ["open", "half-open", "open"]


def test_half_of_many_failing_opens_it_though_never_many_in_a_row() -> None:
    made, told = breaker(failures=100, share=0.5, calls=20)
    for moment in range(20):
        made.answered(moment, tried=False) if moment % 2 else made.failed(moment, "reset", tried=False)
    made.failed(20, "reset", tried=False)
    assert told == ["open"]
    assert "of 21 calls in 30 s failed, the last: reset" in made.words
    late, none = breaker(failures=100, share=0.5, calls=20)
    for moment in range(0, 2000, 40):
        late.failed(moment, "reset", tried=False)
    assert none == [], "failures of long ago do not count"


def test_an_old_call_that_fails_while_it_is_open_changes_nothing() -> None:
    made, told = breaker(failures=1, open_seconds=10)
    made.failed(0, "reset", tried=False)
    made.failed(9, "reset", tried=False)
    made.answered(9, tried=False)
    assert (made.wait_seconds(10.1), told) == (0, ["open"])


def test_repeats_never_become_a_storm() -> None:
    budget, made = RepeatBudget(), 0
    for _ in range(1000):
        budget.called(0.1)
        made += budget.take(0.1)
    assert 90 <= made <= 104
    assert not RepeatBudget().take(0.0)
