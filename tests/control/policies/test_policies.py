"""Policies from proposal to force: who may do what, what is refused, and that nothing stale answers afterwards."""

from dataclasses import replace

import pytest

from bailiwick.control.policies.errors import (
    PolicyNotValidError,
    TooManyPoliciesError,
    WouldLockOutError,
)
from bailiwick.control.versions import WrongStateError
from bailiwick.control.wiring import build_control
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.policy import MOST_POLICIES
from bailiwick.core.principals import SignIn
from tests.fixtures.company import APP, Company
from tests.fixtures.policies import NO_KILLS, NO_PUSHES, ORGANIZATION, case_of, in_force

FINANCE = "folder:finance"


def may(company: Company, who: str, action: str, resource: str = f"app:{APP}") -> tuple[str, ...]:
    with company.control.store.transaction() as session:
        return company.control.authorizer.decide(session, company.people[who], action, resource).deciders


@pytest.mark.req("ID1")
def test_a_policy_goes_from_proposal_to_force_with_two_people_and_is_audited_with_its_diff(company: Company) -> None:
    assert may(company, "admin", "app.kill") == ("organisation-administrators",)
    made = in_force(company)
    assert (made.state, made.version, made.decided_by) == ("active", 1, "user:security@example.com")
    assert may(company, "admin", "app.kill") == ("house@1/no-kills",)
    from bailiwick.control.audit import AuditQuery, search

    with company.control.store.transaction() as session:
        events = [item.event for item in search(session, AuditQuery(), limit=200).events]
    told = {event.action: event for event in events if event.action.startswith("policy.")}
    assert set(told) == {"policy.proposed", "policy.approved", "policy.activated"}
    assert '+@id("no-kills")' in str(told["policy.activated"].context["diff"])
    assert told["policy.activated"].deciders == ("policies-are-governed-by-administrators",)


@pytest.mark.req("ID1")
def test_nobody_approves_what_they_wrote_and_builders_do_nothing(company: Company) -> None:
    policies, people = company.control.policies, company.people
    made = policies.propose(
        people["admin"], "house", scope=ORGANIZATION, text=NO_KILLS, tests=case_of("app.kill"), reason="try"
    )
    with pytest.raises(ForbiddenError, match="wrote themselves"):
        policies.approve(people["admin"], "house", made.version)
    for do in (policies.approve, policies.refuse):
        with pytest.raises(ForbiddenError):
            do(people["builder"], "house", made.version, "because")
    with pytest.raises(ForbiddenError):
        policies.propose(people["builder"], "mine", scope=FINANCE, text=NO_KILLS, tests="", reason="try")
    with pytest.raises(WrongStateError, match="is proposed"):
        policies.activate(people["admin"], "house", made.version)
    policies.refuse(people["security"], "house", made.version, "not now")
    for do in (policies.approve, policies.activate):
        with pytest.raises(WrongStateError, match="is refused"):
            do(people["security"], "house", made.version)
    assert may(company, "admin", "app.kill") == ("organisation-administrators",)


@pytest.mark.req("ID1")
def test_only_an_organisation_administrator_proposes_what_permits(company: Company) -> None:
    policies, people = company.control.policies, company.people
    text = NO_KILLS.replace("forbid", "permit")
    tests = case_of("app.kill", "allow", roles='"app-user"')
    with pytest.raises(ForbiddenError, match="only organisation administrators") as refused:
        policies.propose(people["security"], "open", scope=ORGANIZATION, text=text, tests=tests, reason="x")
    assert refused.value.deciders == ("permits-are-by-organisation-administrators",)
    made = policies.propose(people["admin"], "open", scope=ORGANIZATION, text=text, tests=tests, reason="x")
    policies.approve(people["security"], "open", made.version)
    with pytest.raises(ForbiddenError):
        policies.activate(people["security"], "open", made.version)
    policies.activate(people["admin"], "open", made.version)
    assert may(company, "user", "app.kill") == ("open@1/no-kills",)


@pytest.mark.req("ID1")
@pytest.mark.parametrize(
    ("text", "tests", "words"),
    [
        (NO_KILLS.replace("app.kill", "app.kil"), case_of("app.kill"), r"line 3, column 38.*did you mean app.kill"),
        (NO_KILLS, "", "no test case"),
        (NO_KILLS, case_of("app.kill", "allow"), "expected allow, but it is deny"),
        (NO_KILLS, "[[tset]]", "unknown key"),
    ],
)
def test_what_has_faults_or_fails_its_tests_is_not_even_proposed(
    company: Company, text: str, tests: str, words: str
) -> None:
    with pytest.raises(PolicyNotValidError, match=words):
        company.control.policies.propose(
            company.people["admin"], "house", scope=ORGANIZATION, text=text, tests=tests, reason="try"
        )
    assert "policy.proposed" not in dict(company.actions())


def test_a_name_a_reason_and_a_place_are_needed_and_a_set_stays_where_it_is(company: Company) -> None:
    admin, policies = company.people["admin"], company.control.policies
    good = {"text": NO_KILLS, "tests": case_of("app.kill")}
    with pytest.raises(InvalidInputError, match="cannot name policies"):
        policies.propose(admin, "No/Name", scope=ORGANIZATION, reason="x", **good)
    with pytest.raises(InvalidInputError, match="reason"):
        policies.propose(admin, "house", scope=ORGANIZATION, reason=" ", **good)
    for scope in ("folder:nowhere", f"app:{APP}", "organization:other"):
        with pytest.raises(NotFoundError, match="cannot stand on"):
            policies.propose(admin, "house", scope=scope, reason="x", **good)
    policies.propose(admin, "house", scope=ORGANIZATION, reason="x", **good)
    with pytest.raises(ConflictError, match="stands on organization:default"):
        policies.propose(admin, "house", scope=FINANCE, reason="x", **good)


@pytest.mark.req("ID1")
def test_a_folder_s_administrator_refuses_more_in_the_folder_and_nothing_beyond(company: Company) -> None:
    admin, builder = company.people["admin"], company.people["builder"]
    company.control.identity.roles.assign(admin, "folder-admin", "group:second", FINANCE)
    second, policies = company.people["second"], company.control.policies
    company.control.catalog.create_folder(admin, "sales")
    company.control.identity.roles.assign(admin, "builder", "group:builder", "folder:sales")
    company.control.catalog.create_app(builder, "sales/desk")
    good = {"text": NO_PUSHES, "tests": case_of("app.push"), "reason": "freeze"}
    for scope in (ORGANIZATION, "folder:sales"):
        with pytest.raises(ForbiddenError):
            policies.propose(second, "freeze", scope=scope, **good)
    permit = NO_PUSHES.replace("forbid", "permit")
    with pytest.raises(ForbiddenError, match="only organisation administrators"):
        policies.propose(second, "freeze", scope=FINANCE, text=permit, tests=case_of("app.push", "allow"), reason="x")
    with pytest.raises(PolicyNotValidError, match="only forbid"):
        policies.propose(admin, "freeze", scope=FINANCE, text=permit, tests=case_of("app.push", "allow"), reason="x")
    made = policies.propose(second, "freeze", scope=FINANCE, **good)
    policies.approve(admin, "freeze", made.version)
    policies.activate(second, "freeze", made.version)
    assert may(company, "builder", "app.push") == ("freeze@1/no-pushes",)
    assert may(company, "builder", "app.push", "app:sales/desk") == ("builders",)


@pytest.mark.req("ID1")
def test_an_older_version_comes_back_and_only_one_is_in_force(company: Company) -> None:
    in_force(company)
    second = in_force(company, NO_PUSHES, case_of("app.push"))
    assert second.version == 2
    assert may(company, "admin", "app.kill") == ("organisation-administrators",)
    assert may(company, "builder", "app.push") == ("house@2/no-pushes",)
    company.control.policies.activate(company.people["security"], "house", 1, "the freeze is over")
    assert may(company, "admin", "app.kill") == ("house@1/no-kills",)
    assert may(company, "builder", "app.push") == ("builders",)
    with company.control.store.transaction() as session:
        found = company.control.policies.history(session, company.people["admin"], "house")
    assert [(item.version, item.state) for item in found] == [(2, "superseded"), (1, "active")]


@pytest.mark.req("ID1")
def test_an_empty_text_takes_a_set_out_of_force(company: Company) -> None:
    in_force(company)
    in_force(company, "// nothing\n", case_of("app.kill", "allow"))
    assert may(company, "admin", "app.kill") == ("organisation-administrators",)


@pytest.mark.req("ID1")
@pytest.mark.parametrize("action", ["policy.propose", "policy.approve", "role.assign"])
def test_policies_that_leave_nobody_who_could_undo_them_are_refused(company: Company, action: str) -> None:
    policies, people = company.control.policies, company.people
    text = NO_KILLS.replace("app.kill", action)
    tests = f'[[test]]\nname = "x"\naction = "{action}"\nresource = "{ORGANIZATION}"\nexpect = "deny"\n'
    made = policies.propose(people["admin"], "house", scope=ORGANIZATION, text=text, tests=tests, reason="x")
    policies.approve(people["security"], "house", made.version)
    with pytest.raises(WouldLockOutError, match=action):
        policies.activate(people["admin"], "house", made.version)
    assert may(company, "admin", "role.assign", ORGANIZATION) != ("house@1/no-kills",)


@pytest.mark.req("ID1")
def test_a_network_that_the_one_who_asks_is_not_in_counts_as_a_lock_out(company: Company) -> None:
    policies, people = company.control.policies, company.people
    text = """@id("office") @reason("administration from the office only")
    forbid (principal is Person, action in [Action::"policy.propose", Action::"policy.approve"], resource)
    unless { context.request.address.isInRange(ip("10.0.0.0/8")) };"""
    tests = f'[[test]]\nname = "x"\naction = "policy.propose"\nresource = "{ORGANIZATION}"\nexpect = "deny"\n'
    made = policies.propose(people["admin"], "office", scope=ORGANIZATION, text=text, tests=tests, reason="x")
    policies.approve(people["security"], "office", made.version)
    with pytest.raises(WouldLockOutError):
        policies.activate(replace(people["admin"], address="192.0.2.1"), "office", made.version)
    inside = replace(people["admin"], address="10.0.0.1")
    assert policies.activate(inside, "office", made.version).state == "active"
    with pytest.raises(ForbiddenError, match="from the office only"):
        policies.activate(people["admin"], "office", made.version)


def test_more_policies_than_a_decision_can_afford_are_refused(company: Company) -> None:
    half = "\n".join(NO_KILLS.replace("no-kills", f"no-kills-{number}") for number in range(MOST_POLICIES // 2))
    in_force(company, half, name="one")
    in_force(company, half, name="two")
    with pytest.raises(TooManyPoliciesError, match=f"{MOST_POLICIES} are allowed"):
        in_force(company, name="three")


@pytest.mark.req("ID1")
def test_another_process_of_the_control_plane_answers_by_the_new_policies_at_once(company: Company) -> None:
    other = build_control(company.control.settings)
    try:
        for version, expected in ((1, ("house@1/no-kills",)), (3, ("house@3/no-kills",))):
            in_force(company)
            with other.store.transaction() as session:
                answered = other.authorizer.decide(session, company.people["admin"], "app.kill", f"app:{APP}")
            assert answered.deciders == expected, version
            in_force(company, "// nothing\n", case_of("app.kill", "allow"))
            with other.store.transaction() as session:
                assert other.authorizer.decide(session, company.people["admin"], "app.kill", f"app:{APP}").allowed
    finally:
        other.store.dispose()


@pytest.mark.req("ID1")
def test_policies_that_cannot_be_read_any_more_refuse_everything_but_their_replacement(company: Company) -> None:
    from sqlalchemy import text

    in_force(company)
    with company.control.store.transaction() as session:
        session.execute(text("UPDATE policies_in_force SET generation = generation + 1, text = 'forbid(principal'"))
    assert may(company, "admin", "app.read") == ("policies-unreadable",)
    company.control.policies.activate(
        company.people["admin"], *_approved(company, "// nothing\n", case_of("app.kill", "allow"))
    )
    assert may(company, "admin", "app.read") == ("organisation-administrators",)


@pytest.mark.req("ID1")
def test_several_sets_that_cannot_be_read_any_more_are_mended_one_by_one(company: Company) -> None:
    from sqlalchemy import text

    in_force(company)
    in_force(company, NO_PUSHES, case_of("app.push"), name="pushes")
    with company.control.store.transaction() as session:
        session.execute(text("UPDATE policy_versions SET text = replace(text, 'app.', 'gone.')"))
        broken = "UPDATE policies_in_force SET generation = generation + 1, text = replace(text, 'app.', 'gone.')"
        session.execute(text(broken))
    in_force(company, "// nothing\n", case_of("app.kill", "allow"))
    assert may(company, "admin", "app.read") == ("policies-unreadable",)
    in_force(company, "// nothing\n", case_of("app.push", "allow"), name="pushes")
    assert may(company, "admin", "app.read") == ("organisation-administrators",)


def _approved(company: Company, text: str, tests: str) -> tuple[str, int]:
    policies, people = company.control.policies, company.people
    made = policies.propose(people["admin"], "house", scope=ORGANIZATION, text=text, tests=tests, reason="repair")
    policies.approve(people["security"], "house", made.version)
    return "house", made.version


@pytest.mark.req("ID1", "DG1")
def test_an_app_s_data_classes_are_what_its_newest_manifest_declares(company: Company) -> None:
    text = """@id("customers") @reason("customers' data is approved by people in the EU")
    forbid (principal is Person, action == Action::"app.approve", resource)
    when { resource.data_classes.contains("customer") } unless { ["DE", "FR"].contains(principal.country) };"""
    tests = """[[test]]
name = "x"
roles = ["org-admin"]
data_classes = ["customer"]
action = "app.approve"
resource = "app:finance/desk"
expect = "deny"
"""
    in_force(company, text, tests)
    facts = {"authors": frozenset[str](), "requested_by": "", "first_deploy": True}
    german = replace(company.people["admin"], attributes={"country": "DE"}, sign_in=SignIn(5, second_factor=True))

    def asked() -> list[tuple[str, ...]]:
        with company.control.store.transaction() as session:
            decide = company.control.authorizer.decide
            return [
                decide(session, who, "app.approve", f"app:{APP}", facts).deciders
                for who in (company.people["admin"], german)
            ]

    assert asked() == [("organisation-administrators",)] * 2
    from tests.fixtures.company import MANIFEST

    changed = MANIFEST.replace('kind = "web"', 'kind = "web"\ndata_classes = ["customer"]')
    assert company.push("builder", {"bailiwick.toml": changed}).accepted
    assert asked() == [("house@1/customers",), ("organisation-administrators",)]
