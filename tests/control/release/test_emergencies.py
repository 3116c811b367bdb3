"""Emergencies: two people let a deploy pass its rule and its window, and a third looks at it later."""

from datetime import UTC, datetime, timedelta

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.change_windows import WindowDraft
from bailiwick.control.freeze import FreezeKind, Scope
from bailiwick.control.gates import AlreadyApprovedError, RuleDraft, RuleKind
from bailiwick.control.release import (
    Deploy,
    DeployState,
    EmergencyReviewedError,
    FrozenError,
    ReviewOverdueError,
)
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent
from tests.fixtures.company import APP, Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.releasing import released

pytestmark = pytest.mark.req("DG2")
BROKEN = "refunds are paid twice"


@pytest.fixture
def clock() -> MovingClock:
    """A clock that shows a Wednesday night in UTC, and goes on from there."""
    clock = MovingClock()
    now = clock()
    night = datetime(now.year, now.month, now.day, 22, tzinfo=UTC) + timedelta(days=7 + 2 - now.weekday())
    clock.ahead = night - now
    return clock


def asked(company: Company, who: str = "builder", emergency: str = BROKEN) -> Deploy:
    assert company.push("builder").accepted
    return company.control.deploys.request(company.people[who], APP, emergency=emergency)


def approve(company: Company, who: str, deploy: Deploy) -> DeployState:
    return company.control.deploys.approve(company.people[who], deploy.id, "looked at it").state


def events(company: Company, action: str) -> list[AuditEvent]:
    with company.control.store.transaction() as session:
        return [item.event for item in search(session, AuditQuery(action=action), limit=50).events]


def review(company: Company, who: str, deploy: Deploy, verdict: str = "fine") -> str:
    found = company.control.deploys.emergencies.review(company.people[who], deploy.id, verdict, "read the diff")
    return found.verdict


def closed_and_strict(company: Company) -> None:
    """Let an app be in production, and then ask for people who are not there, and for daytime."""
    released(company)
    admin, control = company.people["admin"], company.control
    control.change_windows.set(admin, WindowDraft("", (0, 1, 2, 3, 4), "08:00", "17:00", "UTC"), "on call then")
    control.approval_rules.set(admin, RuleDraft("", RuleKind.SEVERAL, ("group:nobody", "role:approver")), "strict")


def test_two_people_let_an_emergency_pass_its_rule_and_its_window(company: Company) -> None:
    closed_and_strict(company)
    deploy = asked(company)
    assert deploy.emergency == BROKEN
    with pytest.raises(ForbiddenError, match="wrote or asked"):
        approve(company, "builder", deploy)
    assert approve(company, "approver", deploy) is DeployState.REQUESTED
    with pytest.raises(AlreadyApprovedError):
        approve(company, "approver", deploy)
    assert approve(company, "security", deploy) is DeployState.RELEASED
    (running,) = company.control.planes.desired_state("production").apps
    assert len(running.approvals) == 2
    (told,) = events(company, "deploy.emergency-asked")
    assert (told.actor, told.reason) == ("user:builder@example.com", BROKEN)
    with company.control.store.transaction() as session:
        gate = company.control.deploys.deploy(session, deploy.id).gate
    assert gate is not None
    assert (gate["emergency"], gate["words"]) == (BROKEN, f"it is an emergency: {BROKEN}")


def test_an_emergency_passes_no_freeze_no_review_and_no_stop(company: Company) -> None:
    closed_and_strict(company)
    people, control = company.people, company.control
    waits = asked(company)
    approve(company, "approver", waits)
    freeze = control.freezes.start(people["security"], Scope(FreezeKind.EVERYTHING), "a hole")
    with pytest.raises(FrozenError):
        approve(company, "admin", waits)
    with pytest.raises(FrozenError):
        asked(company)
    control.freezes.lift(people["admin"], freeze.id, "mended")
    control.stops.kill(people["admin"], APP, "it burns")
    with pytest.raises(ForbiddenError, match="stopped by the kill switch"):
        approve(company, "admin", waits)
    with pytest.raises(InvalidInputError, match="emergency"):
        asked(company, emergency="   ")


def test_a_first_deploy_in_an_emergency_needs_two_administrators(company: Company) -> None:
    deploy = asked(company)
    with pytest.raises(ForbiddenError):
        approve(company, "approver", deploy)
    assert approve(company, "admin", deploy) is DeployState.REQUESTED
    assert approve(company, "security", deploy) is DeployState.RELEASED


def test_a_third_person_looks_at_it_and_until_then_no_other_one_is_taken(company: Company, clock: MovingClock) -> None:
    closed_and_strict(company)
    deploy, emergencies = asked(company), company.control.deploys.emergencies
    with pytest.raises(NotFoundError):
        review(company, "admin", deploy)
    approve(company, "approver", deploy)
    approve(company, "security", deploy)
    with company.control.store.transaction() as session:
        (waiting,) = emergencies.unseen(session, company.people["admin"])
        assert emergencies.may_review(session, company.people["admin"], waiting)
        assert not emergencies.may_review(session, company.people["approver"], waiting)
    for who, words in (
        ("approver", "whoever approved"),
        ("security", "whoever approved"),
        ("builder", "wrote or asked"),
    ):
        with pytest.raises(ForbiddenError, match=words):
            review(company, who, deploy)
    clock.move(days=6)
    company.control.deploys.keep()
    company.control.deploys.keep()
    (late,) = events(company, "emergency.review-overdue")
    assert late.context["deploy"] == deploy.id
    with pytest.raises(ReviewOverdueError, match=deploy.id):
        asked(company)
    with pytest.raises(InvalidInputError, match="no verdict"):
        review(company, "admin", deploy, "great")
    assert review(company, "admin", deploy, "follow-up") == "follow-up"
    with pytest.raises(EmergencyReviewedError):
        review(company, "admin", deploy)
    with company.control.store.transaction() as session:
        assert emergencies.unseen(session, company.people["admin"]) == []
    assert asked(company).emergency == BROKEN
    assert len(events(company, "emergency.review-refused")) == 3
