"""A plane looks what tables a database has: what it tells holds names, types and shapes, and not one value."""

from datetime import timedelta

import psycopg
import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import CatalogueReport, ColumnSeen
from bailiwick.store.embedded import EmbeddedPostgres
from tests.dataplane.grant_drafts.conftest import PASSWORD, USER, Shop
from tests.fixtures.plane import PlaneHouse

pytestmark = pytest.mark.req("IN8")


async def looked(house: PlaneHouse, shop: Shop) -> CatalogueReport:
    await shop.serve(house, asked="look_1", look_until=utc_now() + timedelta(minutes=5))
    await house.plane._draft_work.do()
    found = [item for item in house.reports() if isinstance(item, CatalogueReport)]
    assert len(found) == 1
    await house.plane._draft_work.do()  # each look is done once
    assert len([item for item in house.reports() if isinstance(item, CatalogueReport)]) == 1
    return found[0]


async def test_tables_are_told_with_what_columns_seem_to_hold_and_no_value(house: PlaneHouse, shop: Shop) -> None:
    report = await looked(house, shop)
    tables = {table.name: table for table in report.tables}
    assert set(tables) == {"people", "visits", "people_view"}  # of the rest, the account may read nothing
    people = {column.name: column for column in tables["people"].columns}
    assert "salary" not in people  # nor of this column
    assert people["mail"] == ColumnSeen(name="mail", type="text", suggests="personal-email", because="both", share=10)
    assert (people["pay_by"].suggests, people["pay_by"].because) == ("payment-card", "form")
    assert (people["born"].suggests, people["born"].because) == ("personal-birth-date", "both")
    assert people["note"].prose
    assert people["id"].key
    assert people["city"].suggests == ""
    visits = {column.name: column for column in tables["visits"].columns}
    assert visits["person_id"].references == "people"
    assert report.left_out == 1  # a column whose name no grant can hold
    sent = report.model_dump_json()
    for value in shop.values():
        assert value not in sent, value
    assert PASSWORD not in sent


async def test_what_is_rare_does_not_show(house: PlaneHouse, shop: Shop, postgres: EmbeddedPostgres) -> None:
    before = await looked(house, shop)
    with psycopg.connect(postgres.url(shop.database), autocommit=True) as owner:
        owner.execute("UPDATE people SET city = '4111111111111111' WHERE id = 1")
    await shop.serve(house, asked="look_2", look_until=utc_now() + timedelta(minutes=5))
    await house.plane._draft_work.do()
    after = [item for item in house.reports() if isinstance(item, CatalogueReport)][-1]
    assert after.tables == before.tables


async def test_a_database_that_does_not_answer_is_told_of_without_its_secret(
    house: PlaneHouse, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    away = shop.connection.model_copy(update={"port": 1})
    await shop.serve(house, connection=away, asked="look_1", look_until=utc_now() + timedelta(minutes=5))
    await house.plane._draft_work.do()
    [report] = [item for item in house.reports() if isinstance(item, CatalogueReport)]
    assert (report.tables, report.fault) == ((), f"the database {shop.database} does not answer")
    assert PASSWORD not in caplog.text


async def test_nobody_looks_when_the_time_is_over(house: PlaneHouse, shop: Shop) -> None:
    await shop.serve(house, asked="look_1", look_until=utc_now() - timedelta(seconds=1))
    await house.plane._draft_work.do()
    assert not [item for item in house.reports() if isinstance(item, CatalogueReport)]


async def test_a_look_leaves_no_connection_behind(house: PlaneHouse, shop: Shop, postgres: EmbeddedPostgres) -> None:
    await looked(house, shop)
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as owner:
        asked = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = %s)"
        await house.until(lambda: owner.execute(asked, (USER,)).fetchone() == (True,))
