"""Stops of more than an app: what each holds, who may, and who brings it back."""

from typing import Any

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.model_settings import ModelSettings
from bailiwick.control.release import AppIsStoppedError
from bailiwick.control.stops import NotStoppedError
from bailiwick.core.errors import ForbiddenError, InvalidInputError
from bailiwick.core.events import AuditEvent
from bailiwick.core.stops import StopScope
from tests.fixtures.company import APP, Company
from tests.fixtures.releasing import deployed, released

pytestmark = pytest.mark.req("RT5")


@pytest.fixture
def more_settings() -> dict[str, Any]:
    model = {"name": "fast", "wire": "anthropic", "url": "https://models.example.com/v1", "model": "opal-4"}
    return {"inference": ModelSettings.model_validate({"models": [model]})}


def stop(company: Company, written: str, who: str = "security", **how: Any) -> None:
    company.control.stops.stop(company.people[who], StopScope.parse(written), "it leaks", **how)


def lift(company: Company, written: str, who: str = "admin") -> None:
    company.control.stops.lift(company.people[who], StopScope.parse(written), "mended")


def states(company: Company) -> dict[str, str]:
    told = [company.control.planes.desired_state(plane).apps for plane in ("editor", "production")]
    return {app.mode: app.status for apps in told for app in apps}


def why(company: Company, plane: str = "production") -> str:
    return company.control.planes.desired_state(plane).apps[0].killed_because


def ways(company: Company, plane: str = "production") -> list[tuple[bool, str]]:
    (app,) = company.control.planes.desired_state(plane).apps
    return [(item.enabled, item.stopped) for item in app.integrations]


def events(company: Company, action: str) -> list[AuditEvent]:
    with company.control.store.transaction() as session:
        return [item.event for item in search(session, AuditQuery(action=action), limit=50).events]


def test_each_scope_holds_what_it_covers_until_it_is_lifted(company: Company) -> None:
    released(company)
    for written in ("folder:finance", "tenant:default", "builder:builder@example.com", "everything"):
        stop(company, written)
        assert states(company) == {"preview": "killed", "production": "killed"}, written
        assert why(company) == f"it leaks ({StopScope.parse(written).words} is stopped)"
        lift(company, written)
        assert states(company) == {"preview": "running", "production": "running"}, written
    stop(company, "plane:editor")
    assert states(company) == {"preview": "killed", "production": "running"}
    started = events(company, "stop.started")
    assert [(event.context["covers"], event.actor) for event in started][:2] == [
        ("plane:editor", "user:security@example.com"),
        ("everything", "user:security@example.com"),
    ]
    assert started[0].deciders == ("who-stops-more-than-an-app",)


def test_an_integration_is_closed_and_its_apps_stay_up(company: Company) -> None:
    released(company)
    stop(company, "integration:orders-db")
    assert states(company) == {"preview": "running", "production": "running"}
    assert ways(company) == [(False, "it leaks (the integration orders-db is stopped)")]
    lift(company, "integration:orders-db")
    assert ways(company) == [(True, "")]


def test_a_model_is_closed_on_every_plane_and_by_a_stop_of_one(company: Company) -> None:
    def closed(plane: str) -> str:
        return company.control.planes.desired_state(plane).models[0].stopped

    stop(company, "model:fast")
    assert {closed("editor"), closed("production")} == {"it leaks (the model fast is stopped)"}
    lift(company, "model:fast")
    stop(company, "plane:editor")
    assert ("stopped" in closed("editor"), closed("production")) == (True, "")


def test_an_app_runs_only_when_no_stop_holds_it(company: Company) -> None:
    released(company)
    stop(company, APP)
    stop(company, "folder:finance")
    assert why(company) == "it leaks; it leaks (the folder finance is stopped)"
    lift(company, APP)
    assert states(company)["production"] == "killed"
    with pytest.raises(NotStoppedError, match="not stopped itself, but with the folder finance") as refused:
        lift(company, APP)
    assert "bailiwick revive folder:finance" in refused.value.hint
    assert company.push("builder").accepted
    with pytest.raises(AppIsStoppedError, match="kill switch"):
        deployed(company)
    lift(company, "folder:finance")
    assert states(company)["production"] == "running"


def test_a_builders_apps_stay_stopped_whoever_pushes_next_and_new_ones_are_covered(company: Company) -> None:
    released(company)
    company.control.catalog.give_owner(company.people["admin"], APP, company.people["second"])
    stop(company, "builder:builder@example.com")
    assert company.push("second").accepted
    assert states(company)["production"] == "killed"
    company.control.catalog.create_app(company.people["builder"], "finance/newer")
    with company.control.store.transaction() as session:
        assert company.control.stops.standing(session, "finance/newer")
    lift(company, "builder:builder@example.com")
    stop(company, "builder:second@example.com")
    with company.control.store.transaction() as session:
        assert company.control.stops.standing(session, "finance/newer") == []


def test_what_was_stopped_for_security_is_brought_back_by_another_person(company: Company) -> None:
    released(company)
    for written in (APP, "folder:finance"):
        stop(company, written, security=True)
        with pytest.raises(ForbiddenError, match="neither stopped it nor is behind it") as refused:
            lift(company, written, "security")
        assert refused.value.deciders == ("security-stops-are-lifted-by-another-person",)
        assert states(company)["production"] == "killed"
        assert events(company, "stop.lift-refused")[0].context["covers"] == StopScope.parse(written).written
        lift(company, written, "admin")
    stop(company, "folder:finance")
    lift(company, "folder:finance", "security")
    assert states(company)["production"] == "running"


def test_a_stop_for_security_adds_to_one_that_is_not(company: Company) -> None:
    stop(company, APP, "admin")
    stop(company, APP, "security", security=True)
    stop(company, APP, "security")
    with company.control.store.transaction() as session:
        assert [kill.security for kill in company.control.stops.standing(session, APP)] == [False, True]
    with pytest.raises(ForbiddenError):
        lift(company, APP, "security")
    lift(company, APP, "admin")
    with company.control.store.transaction() as session:
        assert company.control.stops.standing(session, APP) == []


def test_wider_scopes_need_wider_roles(company: Company) -> None:
    roles, people = company.control.identity.roles, company.people
    roles.assign(people["admin"], "folder-admin", "user:second@example.com", "folder:finance")
    roles.assign(people["admin"], "it-admin", "user:user@example.com", "organization:default")
    stop(company, "folder:finance", "second")
    stop(company, "integration:orders-db", "user")
    wide = ("everything", "tenant:default", "plane:editor", "builder:builder@example.com")
    for who, refused in (("second", (*wide, "integration:orders-db", "model:fast")), ("user", wide)):
        for written in refused:
            with pytest.raises(ForbiddenError):
                stop(company, written, who)
    for written in (*wide, "folder:finance", "integration:orders-db"):
        with pytest.raises(ForbiddenError):
            stop(company, written, "builder")
    with pytest.raises(ForbiddenError):
        lift(company, "folder:finance", "builder")


def test_what_would_stop_nothing_or_wait_too_long_is_said_and_not_done(company: Company) -> None:
    for written in ("folder:finanse", "integration:order-db", "model:slow", "plane:edge", "tenant:x"):
        with pytest.raises(InvalidInputError, match="there is no"):
            stop(company, written)
    with pytest.raises(InvalidInputError, match="601 seconds"):
        stop(company, APP, drain_seconds=601)
    assert events(company, "stop.started") == []
