"""Budgets of models at one plane: whose calls count where, what is set aside, and what a call costs. No server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.messages import ModelBudget, ModelPrice
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.gateways.model import Budget, Caller, CallRefusedError
from bailiwick.dataplane.gateways.model.counts import Charge
from bailiwick.dataplane.gateways.model.model import Spent
from tests.fixtures.model_gateway import EVE, model

pytestmark = pytest.mark.req("AI5")
PRICE = ModelPrice(input=3, output=15, cached_input=0.3)
ADA = Identity(Principal("user", "ada@example.com"), frozenset({"user:ada@example.com", "group:sales"}))
DESK = Caller(EVE, "finance/eu/desk")
NOON = datetime(2026, 5, 31, 12, tzinfo=UTC)


class Desk:
    """A budget whose clock, rules and warnings a test has in its hand."""

    def __init__(self, folder: Path) -> None:
        self.now = NOON
        self.rules: list[ModelBudget] = []
        self.warned: list[Charge] = []
        self.file = folder / "models.sqlite"
        self.open()

    def open(self) -> None:
        self.budget = Budget(
            self.file, lambda: self.now, budgets=lambda: self.rules, warn=lambda charge, _: self.warned.append(charge)
        )

    async def call(self, caller: Caller, tokens: tuple[int, int], **of_model: Any) -> int:
        """Make a call that takes all that it may."""
        spent = Spent(*tokens)
        called = model(**{"price": PRICE, **of_model})
        return await self.budget.settle(await self.budget.reserve(called, caller, spent), spent)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield Desk(tmp_path)


def rule(of: str, per: str = "day", **limits: int) -> ModelBudget:
    return ModelBudget.model_validate(
        {"name": "team", "of": of, "per": per, "limits": limits, "currency": "EUR", "warn_at": 0.5}
    )


@pytest.mark.parametrize(
    ("of", "counted"),
    [
        ("app:finance/eu/desk", True), ("folder:finance", True), ("folder:finance/eu", True), ("group:support", True),
        ("user:eve@example.com", True), ("organization:default", True), ("each:app", True), ("each:person", True),
        ("app:finance/eu", False), ("folder:fin", False), ("user:ada@example.com", False), ("group:sales", False),
    ],
)  # fmt: skip
async def test_a_call_counts_for_the_app_the_person_and_all_that_is_above(desk: Desk, of: str, counted: bool) -> None:
    desk.rules = [rule(of, tokens=100)]
    await desk.call(DESK, (60, 0))
    if not counted:
        await desk.call(DESK, (60, 0))
        return
    with pytest.raises(CallRefusedError, match=r"\(team\) may use 100 tokens a day") as refused:
        await desk.call(DESK, (60, 0))
    assert (refused.value.status, refused.value.deciders) == (429, ("model-budget",))


async def test_budgets_of_each_are_apart_and_agents_spend_their_persons(desk: Desk) -> None:
    desk.rules = [rule("each:person", tokens=100)]
    agent = Identity.of_service(Principal("agent", "coder")).for_person(EVE)
    await desk.call(Caller(agent), (60, 0))
    with pytest.raises(CallRefusedError, match="may use 100 tokens"):
        await desk.call(Caller(EVE), (60, 0))
    await desk.call(Caller(ADA), (60, 0))
    # An app that serves nobody is no person.
    alone = Caller(Identity.of_service(Principal("app", "finance/desk")), "finance/desk")
    await desk.call(alone, (600, 0))


async def test_money_stops_and_says_how_much_there_is(desk: Desk) -> None:
    desk.rules = [rule("folder:finance", money=10_000)]
    # 1000 tokens sent are 0.003, 400 answered 0.006.
    assert await desk.call(DESK, (1000, 400)) == 9000
    with pytest.raises(
        CallRefusedError, match=r"0\.01 EUR a day for models; 0\.003 EUR more is too much, as 0\.009 EUR"
    ):
        await desk.call(DESK, (1000, 0))
    assert await desk.call(DESK, (333, 0)) == 999


async def test_what_is_set_aside_is_nobody_elses_and_comes_back(desk: Desk) -> None:
    desk.rules = [rule("organization:default", tokens=100)]
    held = await desk.budget.reserve(model(), DESK, Spent(50, 40))
    with pytest.raises(CallRefusedError):
        await desk.budget.reserve(model(), Caller(ADA), Spent(20, 0))
    await desk.budget.settle(held, Spent(10, 0))
    await desk.call(Caller(ADA), (90, 0))
    assert desk.budget.used("team", "organization:default") == 100


async def test_days_and_months_end_and_counts_outlive_the_plane(desk: Desk) -> None:
    desk.rules = [rule("organization:default", per="month", tokens=100)]
    await desk.call(DESK, (80, 0))
    await desk.budget.close()
    desk.now = NOON - timedelta(days=3)
    desk.open()
    with pytest.raises(CallRefusedError, match="100 tokens a month") as refused:
        await desk.call(DESK, (80, 0))
    assert "next month" in refused.value.hint
    desk.now = NOON + timedelta(days=1)
    await desk.call(DESK, (80, 0))
    assert desk.budget.used("team", "organization:default", per="month") == 80


async def test_a_call_over_midnight_counts_where_it_was_set_aside_and_holds_nothing_after(desk: Desk) -> None:
    desk.rules = [rule("organization:default", tokens=100)]
    held = await desk.budget.reserve(model(), DESK, Spent(90, 0))
    desk.now = NOON + timedelta(days=1)
    await desk.budget.settle(held, Spent(90, 0))
    await desk.call(DESK, (100, 0))


async def test_owners_are_warned_once_in_a_period_also_over_a_start(desk: Desk) -> None:
    desk.rules = [rule("app:finance/eu/desk", tokens=100)]
    await desk.call(DESK, (40, 0))
    assert desk.warned == []
    await desk.call(DESK, (20, 0))
    assert [(item.counted.of, item.words_of(item.limit)) for item in desk.warned] == [
        ("app:finance/eu/desk", "100 tokens")
    ]
    await desk.budget.close()
    desk.open()
    await desk.call(DESK, (10, 0))
    assert len(desk.warned) == 1
    desk.now += timedelta(days=1)
    await desk.call(DESK, (60, 0))
    assert len(desk.warned) == 2


async def test_reports_tell_what_changed_and_nothing_twice(desk: Desk) -> None:
    desk.rules = [rule("app:finance/eu/desk", tokens=100, money=10**9)]
    await desk.call(DESK, (10, 2))
    told = {(use.budget, use.of): dict(use.used) for report in desk.budget.report() for use in report.uses}
    assert told[("team", "app:finance/eu/desk")] == {"tokens": 12, "money": 60}
    assert told[("support-model:each", "app:finance/eu/desk")] == {"tokens": 12, "calls": 1}
    assert desk.budget.report() == []


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.data())
def test_no_call_costs_more_than_what_was_set_aside(tokens_in: int, tokens_out: int, data: st.DataObject) -> None:
    cached = data.draw(st.integers(0, tokens_in))
    written = data.draw(st.integers(0, tokens_in - cached))
    rates = data.draw(st.lists(st.floats(0, 100), min_size=2, max_size=4))
    names = ("input", "output", "cached_input", "cache_write")
    price = ModelPrice.model_validate(dict(zip(names, rates, strict=False)))
    cost = price.of(tokens_in, tokens_out, cached=cached, written=written)
    assert 0 <= cost <= price.at_most(tokens_in, tokens_out)


def test_cached_tokens_cost_what_they_cost() -> None:
    assert PRICE.of(1000, 0, cached=1000) == 300
    assert PRICE.of(1000, 0, written=1000) == 3000
    assert ModelPrice(input=3, output=0, cache_write=3.75).of(1000, 0, written=1000) == 3750
