"""What limits would have done to calls of the past is what the gate's own meters would have done."""

from typing import Any

import pytest

from bailiwick.core.limit_trial import Call, Refused, try_limits
from bailiwick.core.messages import IntegrationLimits
from bailiwick.core.meters import Meter

pytestmark = pytest.mark.req("OB6")
_ADA = "user:ada@example.com"


def calls(count: int, seconds: float, *, app: str = "finance/desk", person: str = _ADA) -> list[Call]:
    return [Call(1000 + number * seconds, app, person, bool(person)) for number in range(count)]


def limits(**wanted: Any) -> IntegrationLimits:
    return IntegrationLimits.model_validate({"wait_seconds": 0, **wanted})


def test_without_a_rate_nothing_is_refused() -> None:
    assert try_limits(calls(500, 0.01), limits()).refused == 0


@pytest.mark.parametrize("seconds", [0.05, 0.5, 1.0, 2.0])
def test_it_is_the_arithmetic_of_the_gate(seconds: float) -> None:
    wanted = limits(app={"rate": "60/min"})
    rate = wanted.app.rate
    assert rate is not None
    meter, refused = Meter(rate), 0
    for call in calls(200, seconds):
        if meter.wait_seconds(call.at) > 0:
            refused += 1
        else:
            meter.take(call.at)
    found = try_limits(calls(200, seconds), wanted)
    assert (found.calls, found.refused, found.waited) == (200, refused, 0)
    assert (refused > 0) == (seconds < 1)
    assert found.by == ((Refused("app", "finance/desk", refused),) if refused else ())


def test_a_person_is_told_apart_and_who_waits_is_not_refused() -> None:
    both = sorted([*calls(100, 0.1), *calls(10, 1.0, person="user:bob@example.com")], key=lambda call: call.at)
    found = try_limits(both, limits(person={"rate": "120/min"}))
    assert {one.who for one in found.by} == {_ADA}
    patient = try_limits(both, limits(person={"rate": "120/min"}, wait_seconds=60))
    assert (patient.refused, patient.waited > 0) == (0, True)
    assert 0 < patient.longest_wait_seconds <= 60


def test_jobs_leave_people_their_reserve() -> None:
    jobs = calls(40, 0.0, person="")
    found = try_limits([*jobs, *calls(8, 0.0)], limits(everybody={"rate": "160/min"}, reserve=0.2))
    assert found.by == (Refused("everybody", "", 8),)
