from datetime import UTC, datetime

import pytest

from bailiwick.control.stops import NotStoppedError
from bailiwick.core.errors import ForbiddenError, InvalidInputError
from bailiwick.core.messages import KillReport, ReportBatch, Sequenced
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.stops import StopKind, StopScope
from tests.fixtures.company import APP, Company
from tests.fixtures.releasing import released


def reported(mode: str, because: str = "8 requests in a row failed") -> KillReport:
    return KillReport.model_validate(
        {"app": APP, "mode": mode, "release": "rel_1", "because": because, "time": datetime.now(UTC),
         "counters": {"consecutive_errors": 8.0}, "requests": (), "log_lines": ("boom",)}
    )  # fmt: skip


def report(company: Company, plane: str, content: KillReport, sequence: int = 1) -> None:
    batch = ReportBatch(spool="s", reports=(Sequenced(sequence=sequence, report=content),))
    company.control.planes.take_reports(plane, batch)


def conditions(company: Company) -> dict[str, str]:
    states = [company.control.planes.desired_state(plane).apps for plane in ("editor", "production")]
    return {app.mode: app.status for apps in states for app in apps}


@pytest.mark.req("RT4")
def test_a_preview_that_fails_stops_the_preview_only(company: Company) -> None:
    released(company)
    report(company, "editor", reported("preview"))
    assert conditions(company) == {"preview": "killed", "production": "running"}
    with company.control.store.transaction() as session:
        (kill,) = company.control.stops.standing(session, APP)
    assert (kill.mode, kill.by, kill.because) == ("preview", "plane:editor", "8 requests in a row failed")
    company.control.stops.revive(company.people["admin"], APP, "mended")
    assert conditions(company) == {"preview": "running", "production": "running"}


@pytest.mark.req("RT3", "DG4", "RT4")
def test_a_plane_is_not_believed_about_a_mode_that_it_does_not_serve(company: Company) -> None:
    released(company)
    report(company, "editor", reported("production"))
    assert conditions(company) == {"preview": "running", "production": "running"}
    assert ("report.refused", "plane:editor") in company.actions()


@pytest.mark.req("RT5")
def test_a_kill_by_hand_stops_every_mode_and_once(company: Company) -> None:
    released(company)
    report(company, "editor", reported("preview"))
    first = company.control.stops.kill(company.people["security"], APP, "leaks")
    assert company.control.stops.kill(company.people["admin"], APP, "again").id == first.id
    assert conditions(company) == {"preview": "killed", "production": "killed"}
    assert [action for action, _ in company.actions()].count("app.killed") == 2


@pytest.mark.req("RT5", "ID1")
def test_only_a_person_with_a_reason_brings_an_app_back(company: Company) -> None:
    with pytest.raises(NotStoppedError, match="is not stopped"):
        company.control.stops.revive(company.people["admin"], APP, "why not")
    company.control.stops.kill(company.people["admin"], APP, "")
    with pytest.raises(InvalidInputError, match="needs a reason"):
        company.control.stops.revive(company.people["admin"], APP, " ")
    machine = Identity(Principal("service", "bot"), frozenset({"group:admin", "service:bot"}))
    with pytest.raises(ForbiddenError, match="only a person") as refused:
        company.control.stops.revive(machine, APP, "I am sure")
    assert refused.value.deciders == ("revivals-are-by-people",)
    with pytest.raises(ForbiddenError):
        company.control.stops.revive(company.people["builder"], APP, "please")
    assert conditions(company) == {}
    company.control.stops.revive(company.people["admin"], APP, "looked at it")


@pytest.mark.req("RT4", "RT5")
def test_what_a_plane_stopped_for_security_is_brought_back_by_nobody_behind_it(company: Company) -> None:
    released(company)
    roles, people = company.control.identity.roles, company.people
    roles.assign(people["admin"], "folder-admin", "user:builder@example.com", "folder:finance")
    seen = reported("production", "1,001 rows were read").model_copy(update={"rule": "rows", "security": True})
    report(company, "production", seen)
    with pytest.raises(ForbiddenError, match="neither stopped it nor is behind it"):
        company.control.stops.revive(people["builder"], APP, "it was me")
    company.control.stops.revive(people["security"], APP, "looked at it with the owner")
    assert conditions(company) == {"preview": "running", "production": "running"}


@pytest.mark.req("RT4")
def test_a_plane_closes_an_integration_in_its_own_mode_and_only_one_that_the_app_uses(company: Company) -> None:
    def closed(plane: str) -> str:
        return company.control.planes.desired_state(plane).apps[0].integrations[0].stopped

    released(company)
    for number, (kind, name) in enumerate(((StopKind.EVERYTHING, ""), (StopKind.INTEGRATION, "payroll-db")), 1):
        lie = reported("production").model_copy(update={"scope": StopScope(kind, name), "rule": "rows"})
        report(company, "production", lie, number)
    assert conditions(company) == {"preview": "running", "production": "running"}
    assert closed("production") == ""
    true = reported("production", "too much").model_copy(update={"scope": StopScope(StopKind.INTEGRATION, "orders-db")})
    report(company, "production", true, 3)
    assert (closed("production"), closed("editor")) == ("too much (the integration orders-db is stopped)", "")
    company.control.stops.lift(company.people["admin"], StopScope(StopKind.INTEGRATION, "orders-db"), "mended")
    assert closed("production") == ""
