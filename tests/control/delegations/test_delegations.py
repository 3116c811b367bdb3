"""Approving in somebody's place: what that allows, what it never does, and how it ends."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.delegations import Delegation
from bailiwick.control.identity import ServiceDraft
from bailiwick.control.notice_settings import NoticeSettings, SmtpOptions
from bailiwick.control.release import DeployState
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.policy import PolicyEngine, Resource, cascade
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.statements import Envelope, Statement
from tests.fixtures.company import APP, Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.post_office import PostOffice
from tests.fixtures.releasing import released


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


def hand(company: Company, who: str, to: str, *, days: float = 7, folder: str = "") -> Delegation:
    until = company.control.clock() + timedelta(days=days)
    return company.control.delegations.make(
        company.people[who], f"user:{to}@example.com", until, "on leave", folder=folder
    )


def asked(company: Company, by: str = "builder", author: str = "builder") -> str:
    assert company.push(author).accepted
    return company.control.deploys.request(company.people[by], APP).id


def may(company: Company, who: str, deploy: str) -> tuple[bool, str, tuple[str, ...]]:
    with company.control.store.transaction() as session:
        judged = company.control.deploys.explain_approval(session, company.people[who], deploy)
    return judged.decision.allowed, judged.behalf, judged.decision.deciders


def switch(company: Company, who: str, *, on: bool) -> None:
    with company.control.store.transaction() as session:
        session.execute(
            text("UPDATE people SET active = :on WHERE email = :email"), {"on": on, "email": f"{who}@example.com"}
        )


@pytest.mark.req("DG2")
def test_a_delegate_sees_decides_and_is_named_with_the_delegator(company: Company) -> None:
    control, user = company.control, company.people["user"]
    released(company)
    deploy = asked(company)
    with control.store.transaction() as session:
        assert control.deploys.inbox(session, user) == []
        with pytest.raises(NotFoundError):
            control.deploys.visible_app(session, user, deploy)
    hand(company, "approver", "user", folder="finance")
    with control.store.transaction() as session:
        assert [item.id for item in control.deploys.inbox(session, user)] == [deploy]
        assert control.deploys.visible_app(session, user, deploy).path == APP
        with pytest.raises(NotFoundError):
            control.catalog.readable_app(session, user, APP)  # the app itself is as closed as before
    done = control.deploys.approve(user, deploy, "reads its own region only")
    assert (done.state, done.decided_by) == (DeployState.RELEASED, "user:user@example.com")
    assert done.decided_for == "user:approver@example.com"
    with control.store.transaction() as session:
        (event,) = search(session, AuditQuery(action="deploy.approved", actor="user:user@example.com")).events
        chain = session.execute(text("SELECT chain FROM releases WHERE id = :id"), {"id": done.release}).scalar_one()
    assert event.event.context["behalf"] == "user:approver@example.com"
    said = Statement.from_bytes(Envelope.model_validate(chain["approvals"][0]).payload_bytes()).predicate
    assert (said["approver"], said["behalf"]) == ("user:user@example.com", "user:approver@example.com")


@pytest.mark.req("DG1", "DG2")
def test_nobodys_own_work_passes_by_a_detour_over_a_delegate(company: Company) -> None:
    control, people = company.control, company.people
    # The first deploy is an administrator's: an approver has no such right to hand over, an administrator has.
    deploy = asked(company)
    hand(company, "approver", "user")
    assert may(company, "user", deploy)[0] is False
    assert "first-deploy-needs-an-administrator" in may(company, "user", deploy)[2]
    handed = hand(company, "admin", "user")
    assert may(company, "user", deploy)[:2] == (True, "user:admin@example.com")
    # Whoever asked cannot have it approved in their place.
    own = asked(company, by="admin")
    allowed, _, deciders = may(company, "user", own)
    assert (allowed, "never-approve-your-own" in deciders) == (False, True)
    control.delegations.end(people["admin"], handed.id, "back")
    control.deploys.approve(people["security"], own, "fine")
    # Whoever wrote some of it neither: not as the delegator, and not as the delegate.
    control.identity.roles.assign(people["admin"], "approver", "user:second@example.com", f"app:{APP}")
    hand(company, "second", "security")
    hand(company, "approver", "second")
    control.identity.roles.remove(
        people["admin"], "security-admin", "group:security", "organization:default", "for this test"
    )
    deploy = asked(company, author="second")
    for who in ("second", "security"):
        allowed, _, deciders = may(company, who, deploy)
        assert (allowed, "never-approve-your-own" in deciders) == (False, True)
    with pytest.raises(ForbiddenError):
        control.deploys.approve(people["second"], deploy, "in my colleague's place")
    assert ("deploy.approval-refused", "user:second@example.com") in company.actions()
    # Who holds nothing here, and cannot decide in anybody's place, is not told that it exists.
    with pytest.raises(NotFoundError):
        control.deploys.approve(people["security"], deploy, "in my colleague's place")


@pytest.mark.req("DG2")
def test_what_was_handed_over_is_not_handed_on_and_not_lent_to_agents(company: Company) -> None:
    control, people = company.control, company.people
    released(company)
    deploy = asked(company)
    hand(company, "approver", "user")
    with pytest.raises(ForbiddenError) as refused:
        hand(company, "user", "second")
    assert "not what was handed to you" in refused.value.hint
    control.services.create(people["admin"], ServiceDraft("agent:helper", "group:admin", "helps", 20))
    agent = Identity.of_service(Principal("agent", "helper")).for_person(people["user"])
    with pytest.raises((ForbiddenError, NotFoundError)):
        control.deploys.approve(agent, deploy, "as told")
    with pytest.raises((ForbiddenError, InvalidInputError)):
        control.delegations.make(
            Identity.of_service(Principal("agent", "helper")).for_person(people["approver"]),
            "second@example.com",
            control.clock() + timedelta(days=1),
            "as told",
        )


@pytest.mark.req("DG2")
def test_a_delegation_ends_by_time_by_word_when_either_leaves_and_with_the_role(
    company: Company, clock: MovingClock
) -> None:
    control, people = company.control, company.people
    released(company)
    deploy = asked(company)

    def counts() -> bool:
        return may(company, "user", deploy)[0]

    first = hand(company, "approver", "user", days=1)
    assert counts()
    clock.move(days=1)
    assert not counts()  # before anything wrote down that it ended
    control.delegation_keeper.keep()
    assert ("delegation.ended", "service:delegations") in company.actions()
    with pytest.raises(ConflictError, match="has ended already"):
        control.delegations.end(people["approver"], first.id, "back")
    for who in ("approver", "user"):
        hand(company, "approver", "user")
        switch(company, who, on=False)
        assert may(company, "user", deploy)[0] is (who == "user")  # whoever is off cannot sign in to begin with
        control.delegation_keeper.keep()
        switch(company, who, on=True)
        assert not counts()  # coming back gives nothing back
    second = hand(company, "approver", "user", folder="finance")
    with pytest.raises(NotFoundError):
        control.delegations.end(people["second"], second.id, "I do not like it")
    assert control.delegations.end(people["user"], second.id, "too much").ended_by == "user:user@example.com"
    assert not counts()
    hand(company, "approver", "user")
    control.identity.roles.remove(people["admin"], "approver", "group:approver", "folder:finance", "moved")
    assert not counts()
    control.delegation_keeper.keep()
    with control.store.transaction() as session:
        (last, *_) = control.delegations.delegations(session, people["admin"], everybody=True)
    assert last.end_reason == "user:approver@example.com approves nothing there any more"


@pytest.mark.req("DG2")
def test_bad_delegations_are_refused_in_words(company: Company) -> None:
    control, people = company.control, company.people
    make, now = control.delegations.make, control.clock()
    approver, soon = people["approver"], now + timedelta(days=2)
    for delegate, words in {
        "approver@example.com": "you may approve that already",
        "nobody@example.com": "no person who is here",
        "group:security": "does not name a principal",
        "agent:claude": "no person who is here",
    }.items():
        with pytest.raises(InvalidInputError, match=words):
            make(approver, delegate, soon, "on leave")
    for until, starts in (
        (now - timedelta(hours=1), None),
        (now + timedelta(days=31), None),
        (soon, soon),
        (now + timedelta(days=40), now + timedelta(days=5)),
    ):
        with pytest.raises(InvalidInputError, match="within 30 days"):
            make(approver, "user@example.com", until, "on leave", starts=starts)
    with pytest.raises(InvalidInputError, match="needs a reason"):
        make(approver, "user@example.com", soon, " ")
    with pytest.raises(NotFoundError, match="no folder"):
        make(approver, "user@example.com", soon, "on leave", folder="nowhere")
    control.catalog.create_folder(people["admin"], "sales")
    with pytest.raises(ForbiddenError):
        make(approver, "user@example.com", soon, "on leave", folder="sales")
    make(people["admin"], "user@example.com", soon, "on leave", folder="sales")
    later = make(people["admin"], "user@example.com", now + timedelta(days=9), "leave", starts=soon)
    assert not later.counts(now)
    assert may(company, "user", asked(company))[0] is False  # another folder, and not begun


@pytest.mark.req("DG2")
def test_a_policy_may_keep_some_apps_from_being_decided_in_somebodys_place() -> None:
    rule = """
@id("never-by-delegates") @reason("this is decided in person")
forbid (principal, action == Action::"app.approve", resource) when { context has behalf };
"""
    engine = PolicyEngine.built_in(rule)
    bob = Identity(Principal("user", "bob@example.com"), frozenset({"user:bob@example.com"}))
    app = Resource("App", "app:finance/desk", cascade([("approver", "user:bob@example.com")]))
    facts: dict[str, Any] = {"authors": frozenset(), "requested_by": "", "first_deploy": False}
    assert engine.decide(bob, "app.approve", app, facts).allowed
    refused = engine.decide(bob, "app.approve", app, {**facts, "behalf": "user:alice@example.com"})
    assert refused.deciders == ("never-by-delegates",)


class TestMail:
    """Whoever decides in somebody's place hears of it, too."""

    @pytest.fixture
    def more_settings(self, post_office: PostOffice) -> dict[str, Any]:
        smtp = SmtpOptions(host="127.0.0.1", port=post_office.port, security="none", sender="bw@example.com")
        return {"notices": NoticeSettings(smtp=smtp)}

    @pytest.mark.req("DG2")
    def test_a_delegate_gets_mail_that_says_in_whose_place(self, company: Company, post_office: PostOffice) -> None:
        hand(company, "security", "user")
        asked(company)
        company.control.notice_keeper.send_mail()
        assert post_office.recipients == ["admin@example.com", "security@example.com", "user@example.com"]
        assert "You decide for user:security@example.com" in post_office.text_for("user@example.com")
