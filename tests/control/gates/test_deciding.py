"""What a deploy needs and who takes which seat, from facts alone."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.control.gates import GateFacts, Rule, RuleKind, Sensitivity
from bailiwick.control.gates.deciding import demanded, rule_for, seated
from bailiwick.control.gates.model import USUAL
from bailiwick.core.reach import Reach
from bailiwick.core.reach_words import Line

pytestmark = pytest.mark.req("DG1", "DG2")
PLAIN = Reach(
    integrations=(), egress=(), models=(), jobs=(), data_classes=(), memory_bytes=1, cpu=1, requests_per_second=1
)
FACTS = GateFacts("dep_1", "finance/eu/desk", "t", False, "", PLAIN, PLAIN, (), (), (), {})
AUTOMATIC = Rule("", Sensitivity.ANY, RuleKind.AUTOMATIC, ())
SEVERAL = Rule("", Sensitivity.ANY, RuleKind.SEVERAL, ("group:security", "role:approver"))


@given(st.lists(st.sets(st.sampled_from("abcd")), max_size=5), st.lists(st.sampled_from("abcd"), max_size=4))
def test_as_many_seats_are_taken_as_any_choice_of_people_could_take(able: list[set[str]], seats: list[str]) -> None:
    places = seated(seats, able)
    people = [place for place in places if place is not None]
    assert len(people) == len(set(people))
    assert all(place is None or seat in able[place] for seat, place in zip(seats, places, strict=True))
    padded = [*able, *[set[str]() for _ in seats]]
    best = max(
        sum(seat in one for seat, one in zip(seats, chosen, strict=True)) for chosen in permutations(padded, len(seats))
    )
    assert len(people) == best


def test_somebody_who_could_take_both_seats_makes_room() -> None:
    assert seated(["role:approver", "group:security"], [{"role:approver", "group:security"}, {"role:approver"}]) == [
        1,
        0,
    ]
    assert seated(["anyone", "anyone"], [{"anyone"}]) == [0, None]


@pytest.mark.parametrize(
    ("rule", "changes", "kind", "seats"),
    [
        (USUAL, {}, RuleKind.ONE, ("anyone",)),
        (SEVERAL, {}, RuleKind.SEVERAL, SEVERAL.seats),
        (AUTOMATIC, {}, RuleKind.AUTOMATIC, ()),
        (AUTOMATIC, {"first": True}, RuleKind.ONE, ("administrator",)),
        (SEVERAL, {"first": True}, RuleKind.SEVERAL, ("administrator", "administrator")),
        (AUTOMATIC, {"new": (Line("egress", "x"),)}, RuleKind.ONE, ("anyone",)),
        (AUTOMATIC, {"before": None}, RuleKind.ONE, ("anyone",)),
        (AUTOMATIC, {"users_before": None}, RuleKind.ONE, ("anyone",)),
        (AUTOMATIC, {"fixes": "frz_1"}, RuleKind.ONE, ("anyone",)),
        (
            AUTOMATIC,
            {"after": PLAIN.model_copy(update={"data_classes": ("payment-cards",)})},
            RuleKind.ONE,
            ("anyone",),
        ),
        (AUTOMATIC, {"before": PLAIN.model_copy(update={"data_classes": ("health",)})}, RuleKind.ONE, ("anyone",)),
    ],
)
def test_what_a_deploy_needs(rule: Rule, changes: dict[str, Any], kind: RuleKind, seats: tuple[str, ...]) -> None:
    demand = demanded(rule, replace(FACTS, **changes))
    assert (demand.kind, demand.seats) == (kind, seats)
    assert demand.why


def test_the_deepest_folder_counts_and_sensitive_apps_come_first() -> None:
    whole, finance, eu = (replace(AUTOMATIC, folder=folder) for folder in ("", "finance", "finance/eu"))
    strict = replace(SEVERAL, sensitivity=Sensitivity.SENSITIVE)
    rules = [eu, whole, strict, finance, replace(AUTOMATIC, folder="other")]
    assert rule_for(rules, "finance/eu/desk", sensitive=False, usual=USUAL) is eu
    assert rule_for(rules, "finance/desk", sensitive=False, usual=USUAL) is finance
    assert rule_for(rules, "sales/desk", sensitive=False, usual=USUAL) is whole
    assert rule_for(rules, "finance/eu/desk", sensitive=True, usual=USUAL) is strict
    assert rule_for([replace(AUTOMATIC, folder="finance")], "finances/desk", sensitive=False, usual=USUAL) is USUAL
