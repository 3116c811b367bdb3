"""Guardrails as they are merged: the nearest place counts, unless one above bound it."""

import pytest

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.guardrails import Guardrails, Rail, checked_values, guardrails_of, settings_for, value_of

APP = "finance/eu/desk"


def rail(place: str, ratio: float, environment: str = "", *, binding: bool = False) -> Rail:
    return Rail("errors", place, environment, {"error_ratio": ratio}, binding)  # type: ignore[arg-type]


def ratio(*rails: Rail, environment: str = "production") -> float:
    return guardrails_of(settings_for(rails, APP, environment)).errors.error_ratio


ORGANIZATION, FOLDER, DEEPER = (
    rail("organization:default", 0.1),
    rail("folder:finance", 0.2),
    rail("folder:finance/eu", 0.3),
)


@pytest.mark.req("RT4")
def test_the_nearest_place_counts_whatever_the_order() -> None:
    assert ratio() == Guardrails().errors.error_ratio
    assert ratio(DEEPER, ORGANIZATION, FOLDER) == 0.3
    assert ratio(rail(f"app:{APP}", 0.4), DEEPER) == 0.4
    assert ratio(ORGANIZATION, rail("folder:finance-x", 0.9), rail("app:finance/desk", 0.9)) == 0.1


@pytest.mark.req("RT4")
def test_what_is_said_for_an_environment_goes_before_what_is_said_for_all_at_the_same_place() -> None:
    said = (FOLDER, rail("folder:finance", 0.6, "preview"), ORGANIZATION)
    assert (ratio(*said), ratio(*said, environment="preview")) == (0.2, 0.6)


@pytest.mark.req("RT4")
def test_no_place_below_changes_what_is_bound_above_but_the_same_place_may_for_an_environment() -> None:
    bound = rail("folder:finance", 0.2, binding=True)
    assert ratio(bound, DEEPER, rail(f"app:{APP}", 1.0)) == 0.2
    assert ratio(bound, rail("folder:finance", 0.25, "production"), DEEPER) == 0.3


@pytest.mark.req("RT4")
def test_only_the_fields_that_a_place_names_are_its_own() -> None:
    rails = (ORGANIZATION, Rail("errors", "folder:finance", "", {"consecutive_errors": 3}))
    merged = guardrails_of(settings_for(rails, APP, "preview")).errors
    assert (merged.error_ratio, merged.consecutive_errors) == (0.1, 3)


@pytest.mark.req("RT4")
@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        ("errrors", {"error_ratio": 0.1}, "no guardrails 'errrors'"),
        ("errors", {"ratio": 0.1}, "errors has no 'ratio'"),
        ("errors", {"error_ratio": 2}, "errors.error_ratio: Input should be less than or equal to 1"),
        ("errors", {"error_ratio": "many"}, "errors.error_ratio"),
        ("errors", {}, "nothing is said"),
    ],
)
def test_what_cannot_be_is_refused_by_name(section: str, values: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        checked_values(section, values)  # type: ignore[arg-type]


def test_written_values_are_json_or_else_text() -> None:
    assert [value_of(text) for text in ("0.5", "true", '["a"]', "process")] == [0.5, True, ["a"], "process"]
