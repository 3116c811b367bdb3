"""Rollback asks what a deploy asks: whether the tree passes the review now; emergencies are somebody's word."""

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.release import NotReviewedError
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent
from tests.fixtures.company import APP, Company
from tests.fixtures.releasing import change_rules, released, released_by_waiver


def served(company: Company) -> str:
    return company.control.planes.desired_state("production").apps[0].release


def events(company: Company, action: str) -> list[AuditEvent]:
    with company.control.store.transaction() as session:
        return [item.event for item in search(session, AuditQuery(action=action), limit=20).events]


def unsafe_release(company: Company) -> str:
    """An earlier release whose waiver has ended, behind one that is good."""
    bad, waiver = released_by_waiver(company)
    released(company)
    company.control.waivers.end(company.people["security"], waiver, "no more of this")
    return bad


@pytest.mark.req("RV11")
def test_an_earlier_release_comes_back_and_a_preview_cannot(company: Company) -> None:
    first = released(company)
    second = released(company)
    assert served(company) == second
    company.control.rollbacks.roll_back(company.people["builder"], APP, first)
    assert served(company) == first
    (event,) = events(company, "release.rolled-back")
    assert (event.actor, event.release) == ("user:builder@example.com", first)
    with company.control.store.transaction() as session:
        preview = next(r for r in company.control.releases.releases(session, APP) if r.mode == "preview")
    for unknown in (preview.id, "rel_nothing"):
        with pytest.raises(NotFoundError, match="no production release"):
            company.control.rollbacks.roll_back(company.people["builder"], APP, unknown)
        with pytest.raises(NotFoundError, match="no production release"):
            company.control.rollbacks.force(company.people["admin"], APP, unknown, "it burns")


@pytest.mark.req("RV9", "RV11")
def test_what_would_not_be_deployed_today_does_not_come_back(company: Company) -> None:
    bad = unsafe_release(company)
    now = served(company)
    with pytest.raises(NotReviewedError, match="a waiver that has ended") as refused:
        company.control.rollbacks.roll_back(company.people["builder"], APP, bad)
    assert "--emergency" in refused.value.hint
    assert served(company) == now
    company.control.rereview_keeper.keep()
    with pytest.raises(NotReviewedError, match="the last review of it refuses it"):
        company.control.rollbacks.roll_back(company.people["builder"], APP, bad)
    assert events(company, "release.rolled-back") == []


@pytest.mark.req("RV9", "RV11")
def test_after_a_change_of_rules_what_a_rollback_would_go_to_is_reviewed_again_by_itself(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = released(company)
    released(company)
    change_rules(company, monkeypatch)
    with pytest.raises(NotReviewedError, match="reviewed again, as the rules of the review changed") as refused:
        company.control.rollbacks.roll_back(company.people["builder"], APP, first)
    assert "try again in a minute" in refused.value.hint
    company.control.rereview_keeper.keep()
    company.control.rollbacks.roll_back(company.people["builder"], APP, first)
    change_rules(company, monkeypatch, "newest")
    # Nobody asked: the two releases before the one that is served are kept ready.
    company.control.rereview_keeper.keep()
    with company.control.store.transaction() as session:
        found = company.control.rollbacks.fallbacks(session, company.people["builder"], APP)
    assert [item.why_not for item in found] == [""]


@pytest.mark.req("RV9", "RV11", "OB2")
def test_an_emergency_is_the_word_of_an_approver_marked_and_listed_as_unsafe(company: Company) -> None:
    bad = unsafe_release(company)
    with pytest.raises(InvalidInputError, match="emergency rollback needs a reason"):
        company.control.rollbacks.force(company.people["approver"], APP, bad, " ")
    company.control.rollbacks.force(company.people["approver"], APP, bad, "the new one loses orders")
    assert served(company) == bad
    (event,) = events(company, "release.rollback-forced")
    assert (event.actor, event.release, event.reason) == (
        "user:approver@example.com", bad, "the new one loses orders"
    )  # fmt: skip
    assert "waiver that has ended" in str(event.context["review"])
    assert event.deciders == ("who-rolls-back-in-an-emergency",)
    company.control.rereview_keeper.keep()
    with company.control.store.transaction() as session:
        unsafe = company.control.rereviews.unsafe(session, company.people["security"])
    assert [item.release for item in unsafe if item.mode == "production"] == [bad]


@pytest.mark.req("RV9", "DG1")
def test_who_wrote_it_or_may_not_approve_brings_nothing_back_in_an_emergency(company: Company) -> None:
    bad = unsafe_release(company)
    now = served(company)
    with pytest.raises(ForbiddenError):
        company.control.rollbacks.force(company.people["second"], APP, bad, "it burns")
    company.control.identity.roles.assign(company.people["admin"], "approver", "user:builder@example.com", f"app:{APP}")
    with pytest.raises(ForbiddenError) as refused:
        company.control.rollbacks.force(company.people["builder"], APP, bad, "it burns")
    assert refused.value.deciders == ("never-bring-back-your-own",)
    assert served(company) == now
    assert {event.actor for event in events(company, "release.rollback-refused")} == {
        "user:second@example.com",
        "user:builder@example.com",
    }


@pytest.mark.req("RV11")
def test_earlier_releases_are_listed_for_whoever_may_see_the_app(company: Company) -> None:
    bad = unsafe_release(company)
    good = served(company)
    newest = released(company)
    with company.control.store.transaction() as session:
        found = company.control.rollbacks.fallbacks(session, company.people["builder"], APP)
        with pytest.raises(NotFoundError):
            company.control.rollbacks.fallbacks(session, company.people["user"], "finance/other")
    assert newest not in {item.release.id for item in found}
    assert [(item.release.id, bool(item.why_not)) for item in found] == [(good, False), (bad, True)]
