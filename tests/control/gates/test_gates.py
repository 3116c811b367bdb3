"""Rules of approval over a real control plane: several people, what voids an approval, and what needs none."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.freeze import FreezeKind, Scope
from bailiwick.control.gates import (
    AlreadyApprovedError,
    NoSeatError,
    NoSuchRuleError,
    RuleDraft,
    RuleKind,
    Sensitivity,
)
from bailiwick.control.guardrails import GuardrailDraft
from bailiwick.control.release import Deploy, DeployState, DeployView, FrozenError, NotDecidableError
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import BailiwickError, ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent
from tests.fixtures.company import APP, MANIFEST, Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.policies import in_force
from tests.fixtures.releasing import deployed, released

pytestmark = pytest.mark.req("DG1", "DG2")
SEATS = ("role:approver", "group:security")
WIDER = MANIFEST + '\n[egress]\nallow = ["rates.example.net:443"]\n'


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


def rule(company: Company, kind: str, *seats: str, folder: str = "", sensitivity: str = "any") -> None:
    draft = RuleDraft(folder, RuleKind(kind), seats, Sensitivity(sensitivity))
    company.control.approval_rules.set(company.people["admin"], draft, "as agreed")


def asked(company: Company, who: str = "builder", **files: str) -> Deploy:
    assert company.push(who, files or None).accepted
    return company.control.deploys.request(company.people[who], APP)


def approve(company: Company, who: str, deploy: Deploy) -> DeployState:
    return company.control.deploys.approve(company.people[who], deploy.id, "looked at it").state


def view(company: Company, deploy: Deploy, who: str = "admin") -> DeployView:
    control = company.control
    with control.store.transaction() as session:
        found = control.deploys.standing(session, company.people[who], deploy.id, control.access.everyone(session))
    assert found is not None
    return found


def words(company: Company, deploy: Deploy) -> list[str]:
    return [item.words for item in view(company, deploy).weighed.judged]


def events(company: Company, action: str) -> list[AuditEvent]:
    with company.control.store.transaction() as session:
        return [item.event for item in search(session, AuditQuery(action=action), limit=50).events]


def state(company: Company, deploy: Deploy) -> Deploy:
    with company.control.store.transaction() as session:
        return company.control.deploys.deploy(session, deploy.id)


def test_several_people_of_different_kinds_approve_and_the_last_one_releases(company: Company) -> None:
    released(company)
    rule(company, "several", *SEATS)
    deploys, people = company.control.deploys, company.people
    deploy = asked(company)
    assert view(company, deploy).could == ("user:approver@example.com", "user:security@example.com")
    with pytest.raises(NoSeatError, match="somebody of the group security and somebody with the role approver"):
        approve(company, "admin", deploy)
    assert approve(company, "approver", deploy) is DeployState.REQUESTED
    standing = view(company, deploy, "approver")
    assert (standing.weighed.missing, standing.could, standing.you_could_help) == (
        ("group:security",), ("user:security@example.com",), False)  # fmt: skip
    with pytest.raises(AlreadyApprovedError) as again:
        approve(company, "approver", deploy)
    assert again.value.hint == "it waits for somebody of the group security"
    with company.control.store.transaction() as session:
        for who, mine in (("approver", set()), ("security", {deploy.id}), ("builder", set())):
            assert deploys.waits_for(session, people[who], deploys.inbox(session, people[who])) == mine
    with pytest.raises(NotDecidableError, match="no approval of yours"):
        deploys.withdraw(people["security"], deploy.id, "not mine")
    deploys.withdraw(people["approver"], deploy.id, "saw something")
    assert approve(company, "security", deploy) is DeployState.REQUESTED
    assert approve(company, "approver", deploy) is DeployState.RELEASED
    with pytest.raises(NotDecidableError, match="released already"):
        deploys.withdraw(people["approver"], deploy.id, "too late")
    with pytest.raises(NotDecidableError, match="released already"):  # the same request, sent again
        approve(company, "approver", deploy)
    (running,) = company.control.planes.desired_state("production").apps
    assert len(running.approvals) == 2
    done = state(company, deploy)
    assert done.gate is not None
    assert {(item["seat"], item["approver"]) for item in done.gate["taken"]} == {
        ("role:approver", "user:approver@example.com"), ("group:security", "user:security@example.com")}  # fmt: skip
    assert [event.actor for event in events(company, "deploy.approval-withdrawn")] == ["user:approver@example.com"]
    published = events(company, "release.published")[0]
    assert published.context["rule"] == "rule of the organisation"


def test_of_two_who_approve_at_once_each_counts_and_one_release_comes_of_it(company: Company) -> None:
    released(company)

    def at_once(deploy: Deploy, people: Sequence[str]) -> list[DeployState | type[BailiwickError]]:
        def one(who: str) -> DeployState | type[BailiwickError]:
            try:
                return approve(company, who, deploy)
            except BailiwickError as refusal:
                return type(refusal)

        with ThreadPoolExecutor(len(people)) as pool:
            return list(pool.map(one, people))

    either = at_once(asked(company), ("approver", "admin"))
    assert sorted(map(str, either)) == sorted(map(str, [DeployState.RELEASED, NotDecidableError]))
    rule(company, "several", *SEATS)
    both = at_once(asked(company), ("approver", "security"))
    assert sorted(both) == [DeployState.RELEASED, DeployState.REQUESTED]
    assert len(events(company, "release.published")) == 3


def test_nobody_approves_what_brings_nothing_new_where_the_rule_says_so(company: Company) -> None:
    rule(company, "automatic", folder="finance")
    first = asked(company)
    assert view(company, first).weighed.demand.seats == ("administrator",)
    approve(company, "admin", first)
    done = asked(company)
    assert (done.state, done.decided_by) == (DeployState.RELEASED, "service:release")
    assert "automatic by the rule of finance" in done.reason
    (running,) = company.control.planes.desired_state("production").apps
    assert (running.release, running.approvals) == (done.release, ())
    waits = asked(company, **{"bailiwick.toml": WIDER})
    assert waits.state is DeployState.REQUESTED
    assert [(line.kind, line.words) for line in view(company, waits).new] == [
        ("egress", "may open connections to rates.example.net:443")]  # fmt: skip
    assert view(company, waits).weighed.demand.why == "something is new in its reach"
    (event,) = [event for event in events(company, "deploy.requested") if event.context["deploy"] == waits.id]
    assert event.context["new"] == ("egress: may open connections to rates.example.net:443",)
    company.control.deploys.keep()
    assert state(company, waits).state is DeployState.REQUESTED
    # Narrower again, so nothing is new; but somebody else may use the app by now.
    company.control.identity.roles.assign(company.people["admin"], "app-user", "group:everyone", f"app:{APP}")
    narrow = asked(company)
    assert [line.words for line in view(company, narrow).new] == ["group:everyone may use it"]
    assert approve(company, "approver", narrow) is DeployState.RELEASED
    opened = GuardrailDraft("access", f"app:{APP}", {"public": True}, "production")
    company.control.guardrails.set(company.people["admin"], opened, "for customers")
    public = asked(company)
    assert [line.words for line in view(company, public).new] == ["everybody without sign-in may use it"]
    assert approve(company, "approver", public) is DeployState.RELEASED
    # What stands in the way keeps it waiting, and it goes on by itself afterwards.
    company.control.stops.kill(company.people["security"], APP, "looks wrong")
    stopped = asked(company)
    assert stopped.state is DeployState.REQUESTED
    company.control.stops.revive(company.people["admin"], APP, "it is well")
    company.control.deploys.keep()
    assert state(company, stopped).state is DeployState.RELEASED
    purpose = asked(company, **{"bailiwick.toml": MANIFEST.replace("Shows orders to", "Pays refunds of")})
    assert [line.kind for line in view(company, purpose).new] == ["purpose"]


def test_sensitive_apps_are_never_deployed_by_themselves(company: Company) -> None:
    manifest = {"bailiwick.toml": MANIFEST.replace('kind = "web"', 'kind = "web"\ndata_classes = ["payment-cards"]')}
    assert company.push("builder", manifest).accepted
    deployed(company)
    rule(company, "automatic", folder="finance")
    waits = asked(company, **manifest)
    assert view(company, waits).weighed.demand.why == "it handles payment-cards data"
    rule(company, "several", *SEATS, sensitivity="sensitive")
    assert view(company, waits).weighed.demand.seats == tuple(sorted(SEATS))
    # It says that it handles none any more: what runs does, so somebody looks at that, too.
    less = asked(company)
    assert view(company, less).weighed.demand.seats == tuple(sorted(SEATS))


def test_an_approval_is_void_when_what_it_rests_on_changes(company: Company) -> None:
    first, wider = released(company), {"bailiwick.toml": WIDER}
    assert company.push("builder", wider).accepted
    deployed(company)
    rule(company, "several", *SEATS)
    deploy = asked(company, **wider)
    approve(company, "approver", deploy)
    rule(company, "several", *SEATS, "anyone", folder="finance")
    assert words(company, deploy) == ["void since now: the rule changed"]
    company.control.deploys.keep()
    (line,) = words(company, deploy)
    assert line.startswith("void since 20")
    assert line.endswith("UTC: the rule changed")
    assert [event.context["approver"] for event in events(company, "deploy.approval-void")] == [
        "user:approver@example.com"]  # fmt: skip
    company.control.approval_rules.remove(company.people["admin"], "finance", Sensitivity.ANY, "back")
    assert words(company, deploy) == [line]  # as it was before, and void all the same
    approve(company, "approver", deploy)
    # What production runs changes under it, so that something else is new than was seen.
    company.control.rollbacks.roll_back(company.people["builder"], APP, first)
    assert words(company, deploy)[1].startswith("void since now: what production runs")
    assert [line.kind for line in view(company, deploy).new] == ["egress"]
    assert approve(company, "approver", deploy) is DeployState.REQUESTED
    in_force(company)
    assert words(company, deploy)[2] == "void since now: the policies in force changed"


def test_whoever_left_or_lost_the_role_does_not_count(company: Company) -> None:
    released(company)
    rule(company, "several", "anyone", "anyone")
    roles, admin = company.control.identity.roles, company.people["admin"]
    roles.assign(admin, "approver", "user:second@example.com", f"app:{APP}")
    deploy = asked(company)
    approve(company, "second", deploy)
    roles.remove(admin, "approver", "user:second@example.com", f"app:{APP}", "moved")
    assert words(company, deploy)[0].startswith("may not approve any more")
    assert approve(company, "approver", deploy) is DeployState.REQUESTED
    with company.control.store.transaction() as session:
        session.execute(text("UPDATE people SET active = false WHERE email = 'approver@example.com'"))
    assert words(company, deploy)[1].startswith("may not approve any more")
    assert approve(company, "security", deploy) is DeployState.REQUESTED
    assert approve(company, "admin", deploy) is DeployState.RELEASED


def test_time_ends_approvals_and_requests_and_a_clock_that_jumps_makes_none_good(
    company: Company, clock: MovingClock
) -> None:
    released(company)
    rule(company, "several", *SEATS)
    deploy = asked(company)
    clock.move(days=2)
    approve(company, "approver", deploy)
    clock.move(days=-1)  # it was ahead: the approval is of tomorrow
    assert words(company, deploy) == ["given at a time that has not come yet: approve again"]
    clock.move(days=8, seconds=5)
    assert words(company, deploy)[0].startswith("expired 20")
    assert approve(company, "security", deploy) is DeployState.REQUESTED
    assert approve(company, "approver", deploy) is DeployState.RELEASED
    late = asked(company)
    clock.move(days=31)
    with pytest.raises(NotDecidableError, match="this deploy is expired already"):
        approve(company, "approver", late)
    assert "within 30 days" in state(company, late).reason
    later = company.control.deploys.request(company.people["builder"], APP)
    clock.move(days=31)
    company.control.deploys.keep()
    assert state(company, later).state is DeployState.EXPIRED
    clock.move(days=-31)
    assert state(company, later).state is DeployState.EXPIRED
    assert [event.context["deploy"] for event in events(company, "deploy.expired")] == [later.id, late.id]


def test_a_newer_request_begins_without_approvals_and_two_authors_never_approve_each_other(company: Company) -> None:
    released(company)
    rule(company, "several", "anyone", "anyone")
    roles, admin = company.control.identity.roles, company.people["admin"]
    for who in ("second", "builder"):
        roles.assign(admin, "approver", f"user:{who}@example.com", f"app:{APP}")
    one = asked(company)
    approve(company, "approver", one)
    two = company.control.deploys.request(company.people["builder"], APP)
    assert view(company, two).weighed.judged == ()
    with pytest.raises(NotDecidableError, match="superseded"):
        approve(company, "admin", one)
    assert approve(company, "second", two) is DeployState.REQUESTED  # wrote none of it
    assert approve(company, "admin", two) is DeployState.RELEASED
    theirs = asked(company, "second")
    assert approve(company, "builder", theirs) is DeployState.REQUESTED  # across two deploys: fine
    company.control.deploys.reject(admin, theirs.id, "not now")
    assert company.push("builder").accepted
    both = company.control.deploys.request(company.people["second"], APP)  # written by both
    for who in ("builder", "second"):
        with pytest.raises(ForbiddenError) as refused:
            approve(company, who, both)
        assert refused.value.deciders == ("never-approve-your-own",)


def test_one_of_several_lets_a_fix_through_and_a_freeze_in_between_keeps_it_waiting(company: Company) -> None:
    released(company)
    rule(company, "several", *SEATS)
    control, people = company.control, company.people
    made = control.freezes.start(people["admin"], Scope(FreezeKind.EVERYTHING), "CVE-2026-1")
    assert company.push("builder").accepted
    fix = control.deploys.request(people["builder"], APP, fixes=made.id)
    assert approve(company, "approver", fix) is DeployState.REQUESTED  # may not let it through, and need not
    assert approve(company, "security", fix) is DeployState.RELEASED
    (event,) = events(company, "freeze.fix-let-through")
    assert event.actor == "user:security@example.com"
    control.freezes.lift(people["security"], made.id, "mended")
    waits = asked(company)
    approve(company, "security", waits)
    between = control.freezes.start(people["admin"], Scope(FreezeKind.EVERYTHING), "CVE-2026-2")
    with pytest.raises(FrozenError, match="CVE-2026-2"):
        approve(company, "approver", waits)
    assert state(company, waits).state is DeployState.REQUESTED
    control.freezes.lift(people["security"], between.id, "false alarm")
    assert approve(company, "approver", waits) is DeployState.RELEASED


def test_rules_are_changed_by_administrators_and_every_version_is_kept(company: Company) -> None:
    rules, people = company.control.approval_rules, company.people
    for who in ("builder", "approver", "user"):
        with pytest.raises(ForbiddenError) as refused:
            rules.set(people[who], RuleDraft("", RuleKind.AUTOMATIC), "quicker")
        assert refused.value.deciders == ("default-deny",)
    bad: list[tuple[Any, ...]] = [
        ("", RuleKind.SEVERAL, ("role:approver",)),
        ("", RuleKind.SEVERAL, ("role:nobody", "anyone")),
        ("", RuleKind.SEVERAL, ("user:x@example.com", "anyone")),
        ("", RuleKind.SEVERAL, ("anyone",) * 6),
        ("", RuleKind.ONE, ("anyone",)),
        ("", RuleKind.AUTOMATIC, (), Sensitivity.SENSITIVE),
    ]
    for draft in bad:
        with pytest.raises(InvalidInputError):
            rules.set(people["admin"], RuleDraft(*draft), "try")
    with pytest.raises(InvalidInputError, match="needs a reason"):
        rules.set(people["admin"], RuleDraft("", RuleKind.ONE), " ")
    with pytest.raises(NotFoundError):
        rules.set(people["admin"], RuleDraft("nowhere", RuleKind.ONE), "try")
    with pytest.raises(NoSuchRuleError):
        rules.remove(people["admin"], "finance", Sensitivity.ANY, "try")
    rule(company, "several", *SEATS)
    rules.set(people["security"], RuleDraft("", RuleKind.ONE), "too slow")
    with pytest.raises(ConflictError, match="says that already"):
        rules.set(people["admin"], RuleDraft("", RuleKind.ONE), "again")
    changed = events(company, "approval-rule.set")[0]
    assert changed.before == {"rule": "2 different people: somebody of the group security, "
                                      "somebody with the role approver"}  # fmt: skip
    assert (changed.after, changed.actor) == ({"rule": "one approver"}, "user:security@example.com")
    with company.control.store.transaction() as session:
        assert [(item.version, item.ended_by) for item in rules.earlier(session, people["admin"])] == [
            (1, "user:security@example.com")]  # fmt: skip
        assert [item.version for item in rules.rules(session, people["security"])] == [2]


def test_whoever_approves_for_somebody_takes_their_place_and_neither_counts_twice(company: Company) -> None:
    released(company)
    rule(company, "several", "role:approver", "anyone")
    people = company.people
    until = utc_now() + timedelta(days=2)
    company.control.delegations.make(people["approver"], "user:second@example.com", until, "away", folder="finance")
    deploy = asked(company)
    assert approve(company, "second", deploy) is DeployState.REQUESTED
    with pytest.raises(AlreadyApprovedError, match=r"second@example\.com, for user:approver@example\.com,"):
        approve(company, "approver", deploy)
    assert view(company, deploy).weighed.missing == ("anyone",)
    assert approve(company, "admin", deploy) is DeployState.RELEASED
    done = state(company, deploy)
    assert done.gate is not None
    assert ("role:approver", "user:second@example.com") in {(it["seat"], it["approver"]) for it in done.gate["taken"]}
