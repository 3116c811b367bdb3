"""What is unlike before is told once, with who and what else moved; restarts and replicas change nothing."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from bailiwick.control.anomalies import Anomaly, AnomalyKeeper, AnomalyState, Kind
from bailiwick.control.anomalies.gathering import Minute, minute_of
from bailiwick.control.anomalies.tables import CursorRow, SeriesRow
from bailiwick.control.anomalies.watching import LEAST_SEEN, alarming, watched
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent, Outcome
from tests.fixtures.company import APP, Company
from tests.fixtures.moving import MovingClock

pytestmark = pytest.mark.req("OB5")
_USER = "user:user@example.com"
_CHANCE = random.Random(5)


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


def use(clock: MovingClock, rows: int, *, who: str = _USER, table: str = "public.orders", ago: float = 0) -> AuditEvent:
    facts = {"rows": rows, "bytes": rows * 40, "tables": (table,)}
    return AuditEvent(
        time=clock() - timedelta(seconds=ago), actor=who, action="query.executed", resource="integration:orders-db",
        app=APP, context=facts,
    )  # fmt: skip


def happen(company: Company, *events: AuditEvent) -> None:
    with company.control.store.transaction() as session:
        company.control.audit.append_all(session, events)


def minutes(company: Company, clock: MovingClock, keeper: AnomalyKeeper, count: int) -> None:
    """Let usual minutes pass."""
    for number in range(count):
        happen(company, *(use(clock, _CHANCE.randint(5, 15)) for _ in range(_CHANCE.randint(1, 3))))
        clock.move(minutes=1)
        if number % 4 == 3 or number == count - 1:
            clock.move(seconds=9)
            keeper.keep()
            clock.move(seconds=-9)


def keeper_of(company: Company) -> AnomalyKeeper:
    return AnomalyKeeper(store=company.control.store, audit=company.control.audit, clock=company.control.clock)


def seen(company: Company, who: str, **wanted: str) -> list[Anomaly]:
    with company.control.store.transaction() as session:
        return list(company.control.anomalies.list(session, company.people[who], **wanted).anomalies)


def settle(clock: MovingClock) -> None:
    """Go to the middle of a minute, so that what happens together is counted together."""
    clock.move(seconds=60 - clock().second + 20)


def test_what_stands_out_is_told_with_who_and_what_else_moved_and_dismissing_it_teaches(
    company: Company, clock: MovingClock
) -> None:
    settle(clock)
    keeper = keeper_of(company)
    keeper.keep()
    minutes(company, clock, keeper, LEAST_SEEN // 2)
    # A replica that takes over knows what the first one knew.
    with company.control.store.transaction() as session:
        row = session.scalars(
            select(SeriesRow).where(SeriesRow.subject == f"app:{APP}", SeriesRow.measure == "rows")
        ).one()
        again = watched(row).detector
    assert again.seen == keeper._watched[f"app:{APP}", "rows"].detector.seen
    keeper = keeper_of(company)
    minutes(company, clock, keeper, LEAST_SEEN // 2 + 20)
    assert seen(company, "security") == []
    happen(company, use(clock, 90_000))
    minutes(company, clock, keeper, 4)
    by_app = next(one for one in seen(company, "builder", subject=f"app:{APP}") if one.kind is Kind.UNUSUAL)
    assert by_app.people == (_USER,)
    assert by_app.value > 90_000 * 0.9
    assert by_app.low <= by_app.expected <= by_app.high < by_app.value
    assert by_app.score > 0.99
    assert len(by_app.points) > 10
    everything = seen(company, "security")
    assert {one.subject for one in everything} == {f"app:{APP}", _USER, "integration:orders-db"}
    full = next(one for one in everything if one.id == by_app.id)
    assert {one.subject for one in full.moved} >= {_USER, "integration:orders-db"}
    # Of people and systems a builder sees nothing, not even beside their own.
    assert {one.subject for one in seen(company, "builder")} == {f"app:{APP}"}
    assert {one.subject for one in by_app.moved} <= {f"app:{APP}"}
    _dismissals(company, by_app, everything)


def _dismissals(company: Company, by_app: Anomaly, everything: list[Anomaly]) -> None:
    of_person = next(one for one in everything if one.subject == _USER)
    anomalies, people = company.control.anomalies, company.people
    with pytest.raises(NotFoundError):
        anomalies.dismiss(people["builder"], of_person.id, "it is nothing")
    with pytest.raises(ForbiddenError):
        anomalies.dismiss(people["builder"], by_app.id, "it is nothing")
    with pytest.raises(InvalidInputError):
        anomalies.dismiss(people["security"], by_app.id, " ")
    done = anomalies.dismiss(people["security"], by_app.id, "a sale began")
    assert (done.state, done.decided_by) == (AnomalyState.DISMISSED, "user:security@example.com")
    with pytest.raises(ConflictError):
        anomalies.dismiss(people["security"], by_app.id, "again")
    with company.control.store.transaction() as session:
        query = select(SeriesRow).where(SeriesRow.subject == f"app:{APP}", SeriesRow.measure == by_app.measure)
        row = session.scalars(query).one()
        assert row.raised == 1
        assert 0.99 < alarming(row) < 1
    actions = [action for action, _ in company.actions()]
    assert actions[-1] == "anomaly.dismissed"
    assert "anomaly.found" in actions


def test_what_somebody_does_for_the_first_time_is_told_once_they_are_known(
    company: Company, clock: MovingClock
) -> None:
    settle(clock)
    keeper = keeper_of(company)
    keeper.keep()
    happen(company, use(clock, 1))
    minutes(company, clock, keeper, 2)
    assert seen(company, "security") == []
    clock.move(days=1, minutes=5)
    happen(company, use(clock, 1, table="public.salaries"), use(clock, 1, who="user:new@example.com"))
    clock.move(minutes=2)
    keeper.keep()
    told = {(one.subject, one.measure): one for one in seen(company, "security")}
    assert set(told) == {(f"app:{APP}", "integration:orders-db/public.salaries")}
    found = told[f"app:{APP}", "integration:orders-db/public.salaries"]
    assert found.words == f"app:{APP} used integration:orders-db/public.salaries for the first time"
    assert set(found.people) == {_USER, "user:new@example.com"}
    happen(company, use(clock, 1, table="public.salaries"))
    clock.move(minutes=2)
    keeper.keep()
    assert len(seen(company, "security")) == 1


def test_while_one_replica_looks_another_does_nothing_and_nothing_is_counted_twice(
    company: Company, clock: MovingClock
) -> None:
    settle(clock)
    first, second = keeper_of(company), keeper_of(company)
    first.keep()
    happen(company, use(clock, 7))
    clock.move(minutes=2)
    with company.control.store.transaction() as session:
        assert first._turn(session) is not None
        second.keep()
        assert session.scalars(select(SeriesRow)).all() == []
    second.keep()
    first.keep()
    with company.control.store.transaction() as session:
        rows = session.scalars(select(SeriesRow).where(SeriesRow.subject == _USER, SeriesRow.measure == "rows")).one()
        assert [value for _, value in rows.since if value] == [7.0]
        assert session.scalars(select(CursorRow)).one().sequence > 0


def test_a_minute_is_kept_and_read_as_it_was() -> None:
    minute = Minute()
    now = MovingClock()
    minute.add(use(now, 5))
    minute.add(
        AuditEvent(time=now(), actor=_USER, action="app.use", resource=f"app:{APP}", app=APP, outcome=Outcome.REFUSED)
    )
    minute.add(
        AuditEvent(
            time=now(), actor=_USER, action="session.created", resource="session:s", context={"address": "10.1.2.3"}
        )
    )
    minute.add(AuditEvent(time=now(), actor=_USER, action="model.called", resource="model:nova", app=APP,
                          context={"tokens_in": 10, "tokens_out": 5, "cost": 0.25}))  # fmt: skip
    minute.requests(APP, 12, 2, 340.0)
    values = minute.values()
    assert minute_of(minute.document()).values() == values
    assert minute_of(minute.document()).document() == minute.document()
    assert values[f"app:{APP}", "tables"] == 1
    assert values[_USER, "refused"] == values[f"app:{APP}", "refused"] == 1
    assert values[_USER, "sign-ins"] == 1
    assert values["model:nova", "tokens"] == 15
    assert values["model:nova", "spend"] == 0.25
    assert values[f"app:{APP}", "latency"] == 340
    assert (_USER, "network:10.1.2.0/24") in minute.met
