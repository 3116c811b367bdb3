"""Limits and switches of integrations on their way to planes, and what planes tell of them on the way back."""

from dataclasses import replace

import pytest

from bailiwick.control.integrations import pressures
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError
from bailiwick.core.messages import IntegrationLimits, IntegrationState, LimitsReport, ReportBatch, Sequenced
from tests.fixtures.company import Company, orders_db

pytestmark = pytest.mark.req("IN6", "IN9")
FEW = IntegrationLimits.model_validate({"app": {"rate": "10/min"}})


def served(company: Company) -> IntegrationState:
    with company.control.store.transaction() as session:
        return company.control.planes._releases.app_states(session, "editor")[0].integrations[0]


def told(company: Company, number: int) -> list[str]:
    report = LimitsReport(
        integration="orders-db", seconds=10, calls=number, waited=0, repeated=0, refused={}, nearest=(),
        breaker="closed", time=utc_now(),
    )  # fmt: skip
    batch = ReportBatch(spool="s", reports=(Sequenced(sequence=number, report=report),))
    assert company.control.planes.take_reports("editor", batch).sequence == number
    with company.control.store.transaction() as session:
        return [f"{item.plane} {item.report.calls}" for item in pressures(session).get("orders-db", [])]


def test_limits_and_switches_hold_for_what_runs_already_and_say_who(company: Company) -> None:
    control, admin = company.control, company.people["admin"]
    assert company.push("builder", {"app.py": "app = 1\n"}).accepted
    assert served(company).limits == IntegrationLimits()
    control.integrations.register(admin, replace(orders_db(), limits=FEW))
    assert served(company).limits == FEW
    with pytest.raises(ForbiddenError):
        control.integrations.limit(company.people["builder"], "orders-db", IntegrationLimits())
    control.integrations.limit(admin, "orders-db", IntegrationLimits(wait_seconds=1))
    assert served(company).limits.wait_seconds == 1
    control.integrations.set_enabled(admin, "orders-db", enabled=False, reason="a leak")
    off = served(company)
    assert (off.enabled, off.off) == (False, "user:admin@example.com: a leak")
    control.integrations.set_enabled(admin, "orders-db", enabled=True, reason="mended")
    assert (served(company).enabled, served(company).off) == (True, "")


@pytest.mark.req("AI5")
def test_planes_hear_of_which_classes_the_data_is_that_an_app_gets(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    control, admin = company.control, company.people["admin"]
    assert company.push("builder", {"app.py": "app = 1\n"}).accepted
    assert served(company).classes == frozenset()
    told: list[str] = []
    monkeypatch.setattr(control.data_classes, "_on_change", lambda: told.append("changed"))
    control.data_classes.classify(admin, "orders-db", {"orders.region": "customer", "orders.id": ""})
    assert (served(company).classes, told) == (frozenset({"customer"}), ["changed"])


def test_a_plane_tells_of_what_its_apps_use_and_of_nothing_else(company: Company) -> None:
    assert told(company, 1) == []
    assert company.push("builder", {"app.py": "app = 1\n"}).accepted
    assert told(company, 2) == ["editor 2"]
    assert told(company, 3) == ["editor 3"], "the newest replaces what was told before"
