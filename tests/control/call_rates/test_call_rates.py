"""How often agents may call, whichever control plane they ask."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bailiwick.control.call_rates import CallRates, service
from bailiwick.control.call_rates.tables import CallRateRow
from bailiwick.core.principals import Principal
from bailiwick.store import Store

pytestmark = pytest.mark.req("ID3")
ADA, EVE = (Principal("agent", f"claude-code/for/user:{name}@example.com") for name in ("ada", "eve"))
PERSON, OTHER_AGENT = Principal("user", "ada@example.com"), Principal("agent", "codex/for/user:ada@example.com")


def later(store: Store, seconds: float) -> None:
    """Let time pass for everybody."""
    with store.transaction() as session:
        session.execute(update(CallRateRow).values(due=CallRateRow.due - timedelta(seconds=seconds)))


def test_calls_are_counted_for_the_person_and_for_the_agent_of_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "OF_A_PERSON", 6)
    monkeypatch.setattr(service, "OF_AN_AGENT", 12)
    # Two control planes of one database.
    first, second = CallRates(store), CallRates(store)
    allowed = 0
    while not (first, second)[allowed % 2].wait_seconds(ADA):
        allowed += 1
        assert allowed < 20
    assert 6 <= allowed <= 8
    for plane in (first, second):
        assert 0 < plane.wait_seconds(PERSON) <= 10
        assert plane.wait_seconds(OTHER_AGENT) > 0
    assert first.wait_seconds(EVE) == 0
    later(store, 60)
    assert second.wait_seconds(PERSON) == 0
    many = [Principal("agent", f"claude-code/for/user:p{number}@example.com") for number in range(20)]
    waits = [(first, second)[place % 2].wait_seconds(who) for place, who in enumerate(many)]
    assert waits[0] == 0 < waits[-1] <= 5
    # Of a call that the agent may not make, nothing is counted for the person.
    with store.transaction() as session:
        assert "user:p19@example.com" not in session.scalars(select(CallRateRow.who)).all()


def test_the_last_call_is_given_to_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "OF_A_PERSON", 5)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: CallRates(store).wait_seconds(PERSON), range(24)))
    assert 5 <= waits.count(0.0) <= 7


def test_it_is_news_once_a_minute_and_what_is_over_is_forgotten(store: Store) -> None:
    rates = CallRates(store)

    def news() -> bool:
        with store.transaction() as session:
            return rates.is_news(session, "user:ada@example.com")

    assert [news() for _ in range(3)] == [True, False, False]
    later(store, 61)
    assert news()
    rates.wait_seconds(PERSON)
    later(store, 70)
    rates.wait_seconds(EVE)
    later(store, 70)
    rates.forget()
    with store.transaction() as session:
        assert session.scalar(select(func.count()).select_from(CallRateRow)) == 0
