"""Rules about what a call says: what meets them, and what only looks as if it did."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bailiwick.core.call_rules import ArgumentRule, RequestRule, meets
from bailiwick.core.cells import CellRange
from bailiwick.core.grants import RequestGrant

pytestmark = pytest.mark.req("IN7", "IN9")


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ({"equals": "a"}, ["a"], ["A", "a ", "", None, ["a"], {"a": 1}]),
        ({"equals": "true"}, [True, "true"], [1, False]),
        ({"one_of": ["1", "b"]}, [1, "1", "b"], ["2", 1.0, "1b"]),
        ({"equals_attribute": "region"}, ["emea"], ["apac", "", None]),
        ({"equals_attribute": "unit"}, [], ["", "emea"]),
        ({"at_least": 5}, [5, 5.5, "7", 10**20], [4, -7, "x", "", True, "5e9", "0x9", "NaN"]),
        ({"at_most": 5}, [5, "-7", 4.99], [6, "5.01", True, "1e-9", float("inf")]),
        ({"begins_with": "/a/"}, ["/a/", "/a/b"], ["/a", "/ab", "/a/../b", "/a/%2e%2e/b", "/a\\..\\b", "/a/..", 5]),
        (
            {"within": "lake/2026"},
            ["lake/2026/a", "/lake/2026/a/b", "lake/2026/a%20b"],
            ["lake/2026", "lake/2026/", "lake/2026x/a", "lake//2026/a", "lake/2026/../a", "lake/2026/%2e%2e/a",
             "//lake/2026/a", "lake%2f2026%2f..%2fa", "lake/2026/a?versionId=1", "lake\\2026\\a",
             "lake/2026/%252e%252e/x"],
        ),
        ({"cells": "Orders!B2:D9"}, ["Orders!B2:D9", "Orders!C3", "Orders!d9:b2", "'Orders'!B2:C3"],
         ["Orders!A2:D9", "Orders!B1:D9", "Orders!B2:D10", "Orders!B:D", "orders!B2", "Orders!B",
          "B2:D9", "Orders!B0", "Orders"]),
    ],
)  # fmt: skip
def test_what_meets_a_rule(rule: dict[str, object], good: list[object], bad: list[object]) -> None:
    made = ArgumentRule.model_validate({"argument": "x", **rule})
    assert [value for value in good if not meets(made, value, {"region": "emea"})] == []
    assert [value for value in bad if meets(made, value, {"region": "emea"})] == []


@pytest.mark.parametrize(
    "written",
    [
        {"query": "a"},
        {"query": "a", "header": "b", "equals": "c"},
        {"equals": "c"},
        {"query": "a", "equals": "b", "one_of": ["c"]},
        {"query": "a", "at_most": "many"},
        {"query": "a", "within": "/a"},
        {"query": "a", "within": "a//b"},
        {"query": "a", "cells": "Orders"},
        {"part": "A b", "equals": "c"},
    ],
)
def test_a_rule_is_about_one_thing_and_makes_one_comparison(written: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RequestRule.model_validate(written)


def test_a_rule_is_about_what_is_there() -> None:
    for rule in ({"part": "other", "equals": "a"}, {"header": "x-other", "equals": "a"}):
        with pytest.raises(ValidationError):
            RequestGrant.model_validate({"methods": ["GET"], "path": "/{id}", "rules": [rule]})


CORNER = st.tuples(st.integers(1, 60), st.integers(1, 60))


def written(first: tuple[int, int], last: tuple[int, int]) -> str:
    def corner(place: tuple[int, int]) -> str:
        column = place[0]
        letters = chr(64 + column) if column <= 26 else chr(64 + (column - 1) // 26) + chr(65 + (column - 1) % 26)
        return f"{letters}{place[1]}"

    return f"Orders!{corner(first)}:{corner(last)}"


@given(CORNER, CORNER, CORNER, CORNER)
def test_a_range_holds_another_exactly_when_it_holds_its_corners(
    a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]
) -> None:
    outer, inner = CellRange.read(written(a, b)), CellRange.read(written(c, d))
    assert outer is not None and inner is not None
    columns, rows = sorted((a[0], b[0])), sorted((a[1], b[1]))
    inside = all(columns[0] <= x <= columns[1] and rows[0] <= y <= rows[1] for x, y in (c, d))
    assert outer.holds(inner) == inside
