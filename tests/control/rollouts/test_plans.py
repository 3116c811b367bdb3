"""Plans read strictly, who gets a candidate, and when one does worse: plain decisions without a server."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.control.rollouts import AT_ONCE, HealthLimits, Plan, PlanRefusedError, Rollout, RolloutState, plan_of
from bailiwick.control.rollouts.deciding import Next, Surroundings, decide
from bailiwick.control.rollouts.health import chance_of_more, why_worse
from bailiwick.control.rollouts.model import less_careful, staged
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.rollouts import RolloutStep, SideCounts

pytestmark = pytest.mark.req("DG5")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
LIMITS = HealthLimits()
NONE = SideCounts()
PEOPLE = st.text("abcdefghij", min_size=1, max_size=12)


def who(name: str, *groups: str) -> Identity:
    written = f"user:{name}@example.com"
    return Identity(Principal.parse(written), frozenset({written, *(f"group:{group}" for group in groups)}))


def plan(*steps: str, **limits: float) -> Plan:
    return plan_of(staged(steps, **limits))


def side(requests: int, errors: int = 0, milliseconds: float = 20.0) -> SideCounts:
    return SideCounts.of([(500 if number < errors else 200, milliseconds) for number in range(requests)])


@given(PEOPLE, st.floats(0, 1), st.floats(0, 1))
def test_who_has_a_candidate_keeps_it_while_the_share_grows(name: str, one: float, other: float) -> None:
    few, many = sorted((one, other))
    assert RolloutStep(rollout="r", number=1, share=many).gives(who(name)) or not RolloutStep(
        rollout="r", number=0, share=few
    ).gives(who(name))


def test_a_share_is_that_share_of_people_and_others_in_another_rollout() -> None:
    names = [who(f"p{number}") for number in range(2000)]
    first, second = (RolloutStep(rollout=name, number=0, share=0.25) for name in ("one", "two"))
    got = {str(name.principal) for name in names if first.gives(name)}
    assert 430 < len(got) < 570
    assert len(got & {str(name.principal) for name in names if second.gives(name)}) < 200


def test_people_and_groups_come_first_and_are_not_taken_back_by_later_steps() -> None:
    found = plan("group:pilots=30", "user:ann@example.com,5%=10", "25%=10")
    steps = [found.step("rol_1", number) for number in range(3)]
    assert [step.share for step in steps] == [0, 0.05, 0.25]
    assert [step.gives(who("x", "pilots")) for step in steps] == [True] * 3
    assert [step.gives(who("ann")) for step in steps][1:] == [True, True]
    assert found.words == "group:pilots for 30 min → user:ann@example.com, 5 % for 10 min → 25 % for 10 min → everybody"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"kind": "staged"}, "a staged plan has steps"),
        ({"kind": "at-once", "steps": [{"minutes": 1, "percent": 5}]}, "one at once has none"),
        (staged(["25%=1", "5%=1"]), "no smaller"),
        (staged(["100%=1"]), "less than 100"),
        (staged(["=1"]), "names a share, people or groups"),
        (staged(["5%=0"]), "greater than 0"),
        (staged(["everyone=5"]), "pattern"),
        (staged(["5%=5"], slower_factor=0.5), "greater than 1"),
        (staged(["5%=5"], patience=3), "Extra inputs"),
    ],
)
def test_a_plan_that_is_not_right_is_refused_with_what_is_wrong(written: dict[str, object], words: str) -> None:
    with pytest.raises(PlanRefusedError, match=words) as refused:
        plan_of(written)
    assert "5%=10" in refused.value.hint


def test_a_step_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(PlanRefusedError, match="'5%' is no step"):
        staged(["5%"])


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (plan("5%=10", "25%=10"), ""),
        (plan("5%=10", "10%=5", "25%=10"), ""),
        (plan("group:pilots=60", "5%=10", "25%=10"), ""),
        (plan("5%=5", "25%=10"), "after 5 minutes 25 % have it instead of 5 %"),
        (plan("5%=20"), ""),
        (plan("5%=15"), "after 15 minutes 100 % have it instead of 25 %"),
        (plan("10%=10", "25%=10"), "after 0 minutes 10 % have it instead of 5 %"),
        (plan("5%=10", "25%=10", min_requests=1), "looser"),
        (AT_ONCE, "at once"),
    ],
)
def test_only_a_more_careful_plan_goes_before_the_one_of_the_app(wanted: Plan, why: str) -> None:
    base = plan("5%=10", "25%=10")
    found = less_careful(wanted, base)
    assert (why in found) if why else found == ""
    assert less_careful(wanted, AT_ONCE) == ""


def test_more_errors_than_chance_explains_are_worse_and_fewer_are_not() -> None:
    assert "8 of 50 requests failed, of the release before 10 of 950" in why_worse(
        LIMITS, side(950, 10), side(50, 8), NONE
    )
    assert why_worse(LIMITS, side(950, 10), side(50, 1), NONE) == ""
    # What always failed is no fault of the candidate.
    assert why_worse(LIMITS, side(500, 250), side(100, 55), NONE) == ""
    # Five in a row are enough where the release before never fails.
    assert "5 of 5" in why_worse(LIMITS, side(500), side(5, 5), NONE)
    assert why_worse(LIMITS, side(500), side(1, 1), NONE) == ""


def test_the_hour_before_counts_where_the_release_before_has_no_requests_now() -> None:
    assert why_worse(LIMITS, NONE, side(40, 9), NONE) == ""
    assert "none went elsewhere" in why_worse(LIMITS, NONE, side(40, 20), NONE)
    assert "of the release before 0 of 900" in why_worse(LIMITS, NONE, side(40, 9), SideCounts(requests=900))
    assert why_worse(LIMITS, NONE, side(40, 9), SideCounts(requests=900, errors=200)) == ""


def test_slower_by_the_factor_and_by_more_than_a_little_is_worse() -> None:
    assert "95 %" in why_worse(LIMITS, side(100, 0, 100), side(100, 0, 400), NONE)
    assert why_worse(LIMITS, side(100, 0, 5), side(100, 0, 50), NONE) == ""
    assert why_worse(LIMITS, side(100, 0, 300), side(100, 0, 500), NONE) == ""
    assert why_worse(LIMITS, side(100, 0, 100), side(20, 0, 400), NONE) == ""


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 300), st.integers(0, 300))
def test_a_chance_is_what_counting_every_case_gives(good: int, bad: int, well: int, ill: int) -> None:
    drawn, failed, all_of = good + bad, bad + ill, good + bad + well + ill
    cases = sum(comb(failed, count) * comb(all_of - failed, drawn - count) for count in range(bad, drawn + 1))
    assert chance_of_more(bad, drawn, ill, well + ill) == pytest.approx(cases / comb(all_of, drawn), rel=1e-6)


def rollout(**changed: object) -> Rollout:
    base = Rollout(
        id="rol_1", app="finance/desk", deploy="dep_1", stable="rel_1", candidate="rel_2",
        plan=plan("5%=10", "25%=10"), step=0, state=RolloutState.RUNNING, condition="running", words="",
        failed_checks=-1, waits_for="", started_at=NOW, step_began=NOW - timedelta(minutes=11), heard_at=NOW,
        ended_at=None, ended_by="", reason="", baseline=NONE, counts=(side(900), side(60)),
    )  # fmt: skip
    return replace(base, **changed)  # type: ignore[arg-type]


AROUND = Surroundings(NOW, "rel_1")


@pytest.mark.parametrize(
    ("changed", "around", "what", "why"),
    [
        ({}, {}, Next.NEXT_STEP, "step 1 of 2 was healthy"),
        ({"step": 1}, {}, Next.PROMOTE, "every step"),
        ({"step_began": NOW - timedelta(minutes=9)}, {}, Next.WAIT, "until 12:01:00"),
        ({"counts": (side(900), side(3))}, {}, Next.WAIT, "47 more requests to the candidate, or 12:19:00"),
        ({"counts": (NONE, NONE), "step_began": NOW - timedelta(minutes=31)}, {}, Next.NEXT_STEP, "healthy"),
        ({"heard_at": NOW - timedelta(seconds=31)}, {}, Next.WAIT, "has not told"),
        ({"heard_at": None, "step_began": None, "condition": "starting"}, {}, Next.WAIT, "has not told"),
        ({"step_began": None, "condition": "starting"}, {}, Next.WAIT, "starts"),
        ({"condition": "failed", "words": "it ended"}, {}, Next.ROLL_BACK, "it ended"),
        ({"condition": "refused"}, {"frozen": "x"}, Next.ROLL_BACK, "refused"),
        ({"failed_checks": 3}, {}, Next.ROLL_BACK, "failed 3 times"),
        ({"failed_checks": 2}, {}, Next.NEXT_STEP, "healthy"),
        ({"counts": (side(900), side(60, 30))}, {"frozen": "x"}, Next.ROLL_BACK, "30 of 60"),
        ({}, {"stopped": "it leaks"}, Next.ROLL_BACK, "it leaks"),
        ({}, {"refused": "the review: no"}, Next.ROLL_BACK, "the review: no"),
        ({}, {"unreviewed": "the review: again"}, Next.WAIT, "the review: again"),
        ({"step": 1}, {"frozen": "somebody froze it"}, Next.WAIT, "frozen: somebody froze it"),
        ({"condition": "failed"}, {"served": "rel_9"}, Next.SUPERSEDE, "another release"),
    ],
)
def test_what_becomes_of_a_rollout(changed: dict[str, object], around: dict[str, str], what: Next, why: str) -> None:
    outcome = decide(rollout(**changed), replace(AROUND, **around))  # type: ignore[arg-type]
    assert (outcome.what, why in outcome.why) == (what, True), outcome
