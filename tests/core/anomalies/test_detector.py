"""The detector judges each value by those before it alone, in any units, and what it keeps has a fixed size."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bailiwick.core.anomalies import Detector, UnknownStateError, expectation, load, save

pytestmark = pytest.mark.req("OB5")
_STEP, _DAY = 300.0, 288


def scores(values: list[float], detector: Detector | None = None, begin: int = 0) -> list[float]:
    detector = detector or Detector()
    return [detector.score((begin + number) * _STEP, value) for number, value in enumerate(values)]


def noise(count: int, seed: int = 1, level: float = 50.0) -> list[float]:
    chance = random.Random(seed)
    return [level + chance.gauss(0, 2) for _ in range(count)]


def daily(count: int, seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    return [100 + 80 * math.sin(number / _DAY * 2 * math.pi) + chance.gauss(0, 2) for number in range(count)]


numbers = st.lists(
    st.floats(-1e6, 1e6, allow_nan=False) | st.sampled_from([0.0, 1.0, 1e300 * 0.9, -1e299]), max_size=150
)


@given(numbers, st.integers(0, 150))
@settings(max_examples=60, deadline=None)
def test_no_score_depends_on_a_later_value(values: list[float], cut: int) -> None:
    whole = scores(values)
    assert scores(values[:cut]) == whole[:cut]
    assert all(0 <= score <= 1 for score in whole)


@given(numbers, st.integers(0, 150))
@settings(max_examples=40, deadline=None)
def test_what_was_saved_goes_on_as_if_it_never_stopped(values: list[float], cut: int) -> None:
    detector = Detector()
    before = scores(values[:cut], detector)
    assert before + scores(values[cut:], load(save(detector)), begin=len(before)) == scores(values)


def test_saved_in_the_middle_of_weeks_it_gives_the_same_scores() -> None:
    values = daily(4200)
    detector = Detector()
    before = scores(values[:3001], detector)
    assert before + scores(values[3001:], load(save(detector)), begin=3001) == scores(values)


@pytest.mark.parametrize("state", [b"", b"\x01", b"\x02abc", b"\x01abc", save(Detector())[:-30]])
def test_what_is_no_state_is_refused(state: bytes) -> None:
    with pytest.raises(UnknownStateError):
        load(state)


def test_what_is_kept_does_not_grow() -> None:
    def kept(detector: Detector) -> int:
        lists = [
            detector.day.middles,
            detector.week.middles,
            *(tails.counts for tails in (detector.step, detector.day.tails)),
        ]
        return sum(map(len, lists))

    detector = Detector()
    scores(noise(500), detector)
    size = kept(detector)
    scores(noise(6000, seed=2), detector, begin=500)
    assert kept(detector) == size
    assert len(save(detector)) < 40_000


@pytest.mark.parametrize(("times", "plus"), [(1024.0, 0.0), (1 / 64, 0.0), (1.0, 4096.0), (1000.0, -77.0)])
def test_other_units_give_the_same_scores(times: float, plus: float) -> None:
    values = daily(2500)
    values[1800] += 400
    told, other = scores(values), scores([value * times + plus for value in values])
    assert max(abs(a - b) for a, b in zip(told, other, strict=True)) < 0.35
    assert [at for at, score in enumerate(told) if score > 0.95] == [
        at for at, score in enumerate(other) if score > 0.95
    ]


def changed(values: list[float], change: str) -> list[float]:
    """Return the values with something put in at 2000."""
    for at in range(2000, 2100):
        if change == "spike" and at == 2000:
            values[at] += 60
        elif change == "level":
            values[at] += 25
        elif change == "restless":
            values[at] += random.Random(at).gauss(0, 20)
        elif change == "flat":
            values[at] = values[1999]
    return values


@pytest.mark.parametrize(
    ("change", "within", "least"), [("spike", 1, 0.9), ("level", 3, 0.9), ("restless", 12, 0.9), ("flat", 60, 0.5)]
)
def test_what_changes_is_told_soon(change: str, within: int, least: float) -> None:
    told = scores(changed(noise(2600), change))
    assert max(told[2000 : 2000 + within]) > least
    assert sum(score > 0.9 for score in told[600:2000]) <= 1


def test_a_value_that_is_usual_at_noon_is_unusual_at_midnight() -> None:
    values = daily(_DAY * 12)
    night = _DAY * 11 + 216
    assert max(scores(values)[night - 5 : night + 5]) < 0.9
    values[night] = 150
    assert scores(values)[night] > 0.9


def test_what_goes_on_is_told_once_and_not_for_hours() -> None:
    told = scores(changed(noise(2600), "level"))
    assert sum(score > 0.5 for score in told[2000:2100]) <= 6
    assert max(told[2006:2095]) < 0.9


@pytest.mark.parametrize("kind", range(4))
def test_a_threshold_means_the_same_for_series_of_all_kinds(kind: int) -> None:
    chance = random.Random(kind)
    courses = [
        noise(6000),
        [chance.paretovariate(1.5) for _ in range(6000)],
        daily(6000),
        [float(chance.random() < 0.03) * chance.randint(1, 4) for _ in range(6000)],
    ]
    told = scores(courses[kind])[1000:]
    assert sum(score > 0.5 for score in told) / len(told) < 0.008
    assert sum(score > 0.9 for score in told) / len(told) < 0.0015


def test_a_flat_series_says_nothing_until_something_happens() -> None:
    told = scores([0.0] * 1500 + [3.0] + [0.0] * 20)
    assert max(told[:1500]) < 0.5
    assert told[1500] > 0.9


def test_after_a_gap_the_step_over_it_is_no_anomaly_of_its_own() -> None:
    wave = [
        100 + 80 * math.sin(number / 2880 * 2 * math.pi) + random.Random(number).gauss(0, 0.5) for number in range(6000)
    ]
    detector = Detector()
    for number, value in enumerate(wave[:4000]):
        detector.score(number * _STEP, value)
    over = load(save(detector)).score(4700 * _STEP, wave[4700])
    jumped = detector.score(4000 * _STEP, wave[4700])
    assert over < jumped


def test_it_says_what_it_expected() -> None:
    detector = Detector()
    assert expectation(detector, 0.0) is None
    values = daily(_DAY * 9)
    scores(values, detector)
    at = _DAY * 9 * _STEP
    told = expectation(detector, at)
    assert told is not None
    assert abs(told.value - 100) < 15
    assert told.low < told.value < told.high
    inside = 0
    for number, value in enumerate(daily(_DAY * 11)[_DAY * 9 :]):
        when = at + number * _STEP
        told = expectation(detector, when)
        assert told is not None
        inside += told.low <= value <= told.high
        detector.score(when, value)
    assert inside > 0.95 * 2 * _DAY
