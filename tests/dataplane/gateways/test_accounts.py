"""Accounts of a connected database, seen with the integration's own account and nothing more."""

import psycopg
import pytest

from bailiwick.core.errors import UnavailableError
from bailiwick.core.messages import AccountsReport, IntegrationState
from bailiwick.store.embedded import EmbeddedPostgres
from tests.dataplane.agent.test_web_apps import USES
from tests.fixtures.plane import HELLO, MANIFEST, PlaneHouse


@pytest.fixture
def others(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as owner:
        for name in ("bw_report_job", "bw_readers", "bw_nobody"):
            owner.execute(f"DROP ROLE IF EXISTS {name}")
        owner.execute("CREATE ROLE bw_readers NOLOGIN")
        owner.execute(
            "CREATE ROLE bw_report_job LOGIN PASSWORD 'x' VALID UNTIL '2031-05-01 12:00+00' IN ROLE bw_readers"
        )
        owner.execute("CREATE ROLE bw_nobody LOGIN VALID UNTIL 'infinity'")


@pytest.mark.req("IN5", "ID4")
async def test_a_plane_reports_who_else_may_sign_in_to_a_database_that_its_apps_use(
    house: PlaneHouse, orders: IntegrationState, others: None, postgres: EmbeddedPostgres
) -> None:
    state = house.release({"app.py": HELLO}, manifest=MANIFEST + USES, integrations=(orders,))
    await house.serve(state)
    with psycopg.connect(postgres.url("postgres")):
        await house.plane._discovery.look()
        report = await house.until(
            lambda: next((item for item in house.reports() if isinstance(item, AccountsReport)), None)
        )
    found = {account.name: account for account in report.accounts}
    assert report.integration == "orders-db"
    assert "bw_readers" not in found  # nobody signs in as a group
    job = found["bw_report_job"]
    assert (job.member_of, job.superuser, job.connected) == (("bw_readers",), False, False)
    assert job.expires is not None
    assert job.expires.isoformat() == "2031-05-01T12:00:00+00:00"
    assert (found["bw_nobody"].member_of, found["bw_nobody"].expires) == ((), None)
    assert found["web_app_orders"].connected  # that is us, looking
    assert any(account.superuser and account.connected for account in report.accounts)
    before = len([item for item in house.reports() if isinstance(item, AccountsReport)])
    await house.plane._discovery.look()
    assert len([item for item in house.reports() if isinstance(item, AccountsReport)]) == before


@pytest.mark.req("IN5", "IN6")
async def test_a_system_that_is_switched_off_or_away_is_not_looked_at(
    house: PlaneHouse, orders: IntegrationState, caplog: pytest.LogCaptureFixture
) -> None:
    off = orders.model_copy(update={"enabled": False})
    await house.serve(house.release({"app.py": HELLO}, manifest=MANIFEST + USES, integrations=(off,)))
    assert house.plane._integrations.connected() == {}
    with pytest.raises(UnavailableError):
        await house.plane._integrations.read_accounts("orders-db")
    away = orders.model_copy(update={"connection": orders.connection.model_copy(update={"port": 1})})
    await house.serve(house.release({"app.py": HELLO}, manifest=MANIFEST + USES, integrations=(away,)))
    for _ in range(2):
        house.plane._discovery._looked.clear()
        await house.plane._discovery.look()
    assert not [item for item in house.reports() if isinstance(item, AccountsReport)]
    told = [record.getMessage() for record in caplog.records if record.name == "bailiwick.plane.discovery"]
    assert told == ["the accounts of orders-db cannot be seen: UnavailableError"]
    assert "the-real-credential" not in caplog.text
