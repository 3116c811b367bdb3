"""How much of a table may pass in a day: refused before it runs, cut in the middle, counted beyond a restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from bailiwick.core.grants import DataGrant, DayLimits, TableGrant
from bailiwick.core.messages import DayUseReport
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.gateways.limits import LimitedError, Who
from bailiwick.dataplane.gateways.sql.day_reports import DayReports
from bailiwick.dataplane.gateways.sql.days import DayCounts, DayMeter
from bailiwick.store.embedded import EmbeddedPostgres
from tests.fixtures.shop import APAC, BINDING, EMEA, GRANT, Shop, real, shop_at

pytestmark = pytest.mark.req("IN7")


def limited(**limits: dict[str, int]) -> DataGrant:
    per_day = DayLimits.model_validate(limits)
    tables = tuple(table.model_copy(update={"per_day": per_day}) for table in GRANT.tables)
    return GRANT.model_copy(update={"tables": tables})


@asynccontextmanager
async def door(database: EmbeddedPostgres, **limits: dict[str, int]) -> AsyncIterator[Shop]:
    async with shop_at(real(database), database, replace(BINDING, grant=limited(**limits))) as opened:
        yield opened


async def test_a_statement_is_refused_once_the_rows_of_the_day_have_passed(shop_database: EmbeddedPostgres) -> None:
    async with door(shop_database, person={"rows": 20}) as shop:
        assert len(await shop.ask(f"{EMEA} SELECT id FROM orders")) == 20
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="has had the 20 rows of orders") as told:
            await shop.ask(f"{EMEA} SELECT count(*) FROM orders")
        assert "try again in" in str(told.value.diag.message_hint)
        # Of another table, for somebody else, and about the catalogue there is something left.
        assert await shop.ask("SELECT count(*) FROM refunds") == [(2,)]
        assert len(await shop.ask(f"{APAC} SELECT id FROM orders")) == 20
        assert await shop.ask(f"{EMEA} SELECT count(*) FROM information_schema.tables WHERE table_name = 'orders'")
        shop.gateway.gates.tell()


async def test_an_answer_that_is_too_long_is_cut_before_anything_behind_the_limit(
    shop_database: EmbeddedPostgres,
) -> None:
    async with door(shop_database, app={"rows": 18000}) as shop:
        got = []
        with pytest.raises(psycopg.OperationalError, match="this app has had the 18,000 rows of numbers"):
            async with await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as connection:
                async for row in connection.cursor().stream("SELECT n FROM numbers"):
                    got.append(row)  # noqa: PERF401 - what came before the end is wanted
        assert 0 < len(got) <= 18000
        (event,) = [event for event in shop.events if event.action == "query.executed"]
        assert event.context["rows"] == len(got)
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
            await shop.ask("SELECT n FROM numbers LIMIT 1")


@pytest.mark.parametrize("way", ["copy", "cursor", "portal", "pipeline"])
async def test_every_way_of_reading_counts(shop_database: EmbeddedPostgres, way: str) -> None:
    async with (
        door(shop_database, app={"rows": 10}) as shop,
        await psycopg.AsyncConnection.connect(shop.url, autocommit=True) as connection,
    ):
        if way == "copy":
            async with connection.cursor().copy("COPY (SELECT n FROM numbers LIMIT 10) TO STDOUT") as copy:
                assert len([part async for part in copy]) == 10
        elif way == "cursor":
            async with connection.transaction():
                await connection.execute("DECLARE c CURSOR FOR SELECT n FROM numbers")
                assert len(await (await connection.execute("FETCH 10 FROM c")).fetchall()) == 10
        elif way == "portal":
            assert len(await (await connection.execute("SELECT n FROM numbers LIMIT %s", (10,))).fetchall()) == 10
        else:
            async with connection.pipeline():
                for _ in range(2):
                    await connection.execute("SELECT n FROM numbers LIMIT 5")
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
            await connection.execute("SELECT n FROM numbers LIMIT 1")


async def test_bytes_count_and_so_do_rows_that_are_changed(shop_database: EmbeddedPostgres) -> None:
    async with door(shop_database, app={"bytes": 2000, "rows": 1000}) as shop:
        await shop.ask("SELECT n FROM numbers LIMIT 100")
        with pytest.raises(psycopg.OperationalError, match="2,000 bytes"):
            for _ in range(5):
                await shop.ask("SELECT n FROM numbers LIMIT 100")
    async with door(shop_database, app={"rows": 2}) as shop:
        await shop.ask("UPDATE refunds SET amount = amount")
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
            await shop.ask("UPDATE refunds SET amount = amount")


async def test_many_at_once_get_no_more_than_one_alone(shop_database: EmbeddedPostgres) -> None:
    async with door(shop_database, app={"rows": 50}) as shop:
        answers = await asyncio.gather(
            *(shop.ask("SELECT n FROM numbers LIMIT 10") for _ in range(12)), return_exceptions=True
        )
        assert sum(len(answer) for answer in answers if isinstance(answer, list)) <= 50


def test_counts_outlive_the_plane_and_end_with_the_day(tmp_path: Path) -> None:
    now = [datetime(2026, 3, 1, 23, 59, tzinfo=UTC)]
    binding = replace(BINDING, grant=limited(person={"rows": 5}, app={"rows": 8}))
    ann, bob = (
        Who.of("finance/desk", Identity(Principal("user", name), frozenset({f"user:{name}"})))
        for name in ("ann", "bob")
    )

    def meter() -> DayMeter:
        found = DayMeter.of(DayCounts(tmp_path / "days.sqlite", lambda: now[0]), binding)
        assert found is not None
        return found

    first = meter()
    first.take(("orders",), ann, 5, 100)
    with pytest.raises(LimitedError, match="user:ann has had the 5 rows"):
        first.require(("orders",), ann)
    first.require(("orders",), bob)
    with pytest.raises(LimitedError, match="this app has had the 8 rows"):
        first.take(("orders",), bob, 4, 0)
    # Nothing was closed: the plane was killed.
    again = meter()
    with pytest.raises(LimitedError) as told:
        again.require(("orders",), ann)
    assert told.value.retry_seconds == 60
    now[0] += timedelta(minutes=2)
    again.require(("orders",), ann)
    meter().require(("orders",), ann)


def test_a_grant_without_limits_is_not_counted() -> None:
    assert DayMeter.of(DayCounts(), BINDING) is None
    assert TableGrant.model_validate(GRANT.tables[0].model_dump()).per_day is None


def test_what_changed_is_told_once_with_what_holds_and_who_is_nearest() -> None:
    time = datetime(2026, 11, 29, 23, 59, tzinfo=UTC)
    told: list[DayUseReport] = []
    counts = DayCounts(clock=lambda: time)
    reports = DayReports(counts, told.append, lambda: time)
    meter = DayMeter.of(counts, replace(BINDING, grant=limited(app={"rows": 100}, person={"rows": 20, "bytes": 900})))
    assert meter is not None
    reports.tell()
    assert told == []
    for number in range(12):
        person = Identity(Principal("user", f"p{number}@example.com"), frozenset())
        meter.take(("orders",), Who.of(BINDING.app, person), number % 3, 10 * number)
    reports.roll_up()
    assert told == [], "not each moment"
    reports.tell()
    (report,) = told
    assert (report.app, report.integration, report.day) == (BINDING.app, BINDING.resource, time.date())
    (orders,) = [table for table in report.tables if table.table == "orders"]
    assert (orders.rows, orders.bytes, orders.people, orders.limits.app.rows) == (12, 660, 12, 100)
    # By bytes of the second limit the last is nearest, though others had as many rows.
    assert [one.person for one in orders.nearest][:2] == ["user:p11@example.com", "user:p10@example.com"]
    assert len(orders.nearest) == 10
    assert [table.rows for table in report.tables if table.table != "orders"] == [0] * (len(report.tables) - 1)
    reports.tell()
    assert len(told) == 1
    time += timedelta(minutes=2)
    meter.take(("orders",), Who.of(BINDING.app, person), 1, 5)
    reports.tell()
    assert told[-1].day == time.date()
    assert [(table.rows, table.people) for table in told[-1].tables if table.table == "orders"] == [(1, 1)]
