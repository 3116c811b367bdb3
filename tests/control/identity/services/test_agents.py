"""Agents that work for people: with no more than both may do, named with both, and gone with either."""

import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.identity import (
    API_AUDIENCE,
    GIT_AUDIENCE,
    Actor,
    CredentialRefusedError,
    MachineToken,
    ServiceDraft,
    StepUpRule,
    step_up_policies,
)
from bailiwick.core.errors import BailiwickError, ForbiddenError, InvalidInputError
from bailiwick.core.policy import ROLES, Decision, PolicyEngine, Resource, StepUp
from bailiwick.core.principals import Identity, Principal, SignIn
from tests.fixtures.company import APP, Company
from tests.fixtures.issuer import Issuer, own_assertion

HERE = "http://127.0.0.1:8400"
CODER, PUBLIC, SERVICE = "agent:coder", "agent:claude-code", "service:nightly"
KEYS = {name: ECKey.generate_key("P-256") for name in (CODER, SERVICE)}


@pytest.fixture(autouse=True)
def agents(company: Company) -> None:
    admin, control = company.people["admin"], company.control
    for name, public in ((CODER, False), (PUBLIC, True), (SERVICE, False)):
        draft = ServiceDraft(name, "group:admin", "For the tests", 30, public)
        control.services.create(admin, draft)
    for name, key in KEYS.items():
        control.services.add_key(admin, name, dict(key.as_dict(private=False)))


def signed(name: str) -> str:
    return own_assertion(name, KEYS[name], HERE)


def own_token(company: Company, who: str, audience: str = API_AUDIENCE) -> str:
    """Return a person's own access token."""
    person = company.people[who]
    lifetime = timedelta(minutes=5)
    issued = company.control.identity.issue_token(person, audience=audience, lifetime=lifetime, purpose="test")
    return issued.secret


def working_for(company: Company, who: str, actor: Actor | None = None, audience: str = API_AUDIENCE) -> MachineToken:
    subject = own_token(company, who, audience)
    return company.control.exchange.for_person(subject, actor or Actor(name=PUBLIC), audience=audience)


def give(company: Company, role: str, holder: str = PUBLIC) -> None:
    company.control.identity.roles.assign(company.people["admin"], role, holder, "folder:finance")


def may(company: Company, token: MachineToken, action: str, resource: str = f"app:{APP}", **context: Any) -> bool:
    identity = company.control.identity.authenticate_token(token.secret, audience=token.audience)
    with company.control.store.transaction() as session:
        return company.control.authorizer.decide(session, identity, action, resource, context).allowed


@pytest.mark.req("IN3", "ID4")
def test_an_agent_works_under_its_own_name_and_its_persons(company: Company) -> None:
    token = working_for(company, "builder")
    found = company.control.identity.authenticate_token(token.secret, audience=API_AUDIENCE)
    assert str(found.principal) == "agent:claude-code/for/user:builder@example.com"
    assert found.behalf is not None and str(found.behalf.principal) == "user:builder@example.com"
    assert not found.is_person
    assert ("token.issued", "agent:claude-code/for/user:builder@example.com") in company.actions()


@pytest.mark.req("IN3", "ID1")
def test_an_agent_may_do_only_what_both_may(company: Company) -> None:
    builder, user = working_for(company, "builder"), working_for(company, "user")
    assert not may(company, builder, "app.push")  # the person may, the agent may not
    give(company, "builder")
    assert may(company, builder, "app.push")
    assert not may(company, user, "app.push")  # the agent may, the person may not
    assert not may(company, builder, "app.kill")  # neither may


@pytest.mark.req("IN3", "ID1")
def test_a_refusal_says_which_of_both_may_not_and_what_would_help(company: Company) -> None:
    token = working_for(company, "builder")
    identity = company.control.identity.authenticate_token(token.secret, audience=API_AUDIENCE)
    with company.control.store.transaction() as session:
        with pytest.raises(ForbiddenError) as told:
            company.control.authorizer.require(session, identity, "app.push", f"app:{APP}")
        assert "agent:claude-code: no policy lets agent:claude-code do app.push" in told.value.message
        assert "user:builder@example.com" not in told.value.message
        assert "builder" in told.value.hint
        give(company, "builder")
        decision = company.control.authorizer.require(session, identity, "app.push", f"app:{APP}")
    assert "agent:claude-code: builders make apps" in decision.reason
    assert "user:builder@example.com: builders make apps" in decision.reason


@pytest.mark.req("IN3", "DG1")
def test_an_agent_with_every_role_approves_revives_and_gives_nothing(company: Company) -> None:
    for role in ROLES:
        company.control.identity.roles.assign(company.people["admin"], role, PUBLIC, "organization:default")
    token = working_for(company, "admin")
    approve = {"authors": frozenset(), "requested_by": "", "first_deploy": False}
    assert not may(company, token, "app.approve", **approve)
    assert not may(company, token, "app.revive")
    for action in ("role.assign", "role.remove"):
        context = {"role": "builder", "holder": "user:x@example.com"}
        assert not may(company, token, action, "organization:default", **context)
    assert not may(company, token, "service.manage", "organization:default")
    assert not may(company, token, "directory.manage", "organization:default")
    assert may(company, token, "app.kill")


@pytest.mark.req("IN3", "DG1")
def test_nobody_approves_what_their_agent_wrote_or_their_service(company: Company) -> None:
    control = company.control
    give(company, "builder")
    give(company, "builder", SERVICE)
    give(company, "approver", "user:builder@example.com")
    token = working_for(company, "builder")
    company.people["agent"] = control.identity.authenticate_token(token.secret, audience=API_AUDIENCE)
    assert company.push("agent").accepted
    deploy = control.deploys.request(company.people["second"], APP)
    assert {"user:builder@example.com", str(company.people["agent"].principal)} <= set(deploy.authors)
    with pytest.raises(ForbiddenError, match="nobody approves"):
        control.deploys.approve(company.people["builder"], deploy.id, "mine")
    control.deploys.reject(company.people["security"], deploy.id, "again")

    own = control.exchange.for_itself(signed(SERVICE), audience="api")
    company.people["service"] = control.identity.authenticate_token(own.secret, audience=API_AUDIENCE)
    assert company.push("service").accepted
    deploy = control.deploys.request(company.people["service"], APP)
    with pytest.raises(ForbiddenError, match="nobody approves"):
        control.deploys.approve(company.people["admin"], deploy.id, "it is my service")
    control.deploys.approve(company.people["security"], deploy.id, "looks right")


@pytest.mark.req("IN3", "ID3")
@pytest.mark.parametrize("end", ["person revoked", "agent disabled", "person left", "agent's owner left", "removed"])
def test_the_token_ends_with_the_person_and_with_the_agent(company: Company, end: str) -> None:
    from sqlalchemy import update

    from bailiwick.control.identity.tables import PersonRow

    control, admin = company.control, company.people["admin"]
    token, other = working_for(company, "builder"), working_for(company, "user")
    match end:
        case "person revoked":
            control.identity.revoke_principal(admin, "user:builder@example.com", "left")
        case "agent disabled":
            control.services.disable(admin, PUBLIC, "went wild")
        case "removed":
            control.services.remove(admin, PUBLIC, "went wild")
        case _:
            who = "builder" if end == "person left" else "admin"
            with control.store.transaction() as session:
                gone = update(PersonRow).where(PersonRow.email == f"{who}@example.com")
                session.execute(gone.values(active=False))
    with pytest.raises(CredentialRefusedError):
        control.identity.authenticate_token(token.secret, audience=API_AUDIENCE)
    if end.startswith("person"):
        control.identity.authenticate_token(other.secret, audience=API_AUDIENCE)
    else:
        with pytest.raises(BailiwickError):
            working_for(company, "user")


@pytest.mark.req("IN3")
def test_the_epochs_of_both_end_what_is_in_flight(company: Company) -> None:
    control, admin = company.control, company.people["admin"]
    token = working_for(company, "builder")
    identity = control.identity.authenticate_token(token.secret, audience=API_AUDIENCE)

    def revoked() -> bool:
        with control.store.transaction() as session:
            return identity.is_revoked(control.identity.epochs(session))

    assert not revoked()
    control.services.disable(admin, PUBLIC, "checking")
    assert revoked()
    person = Identity(Principal("user", "a@example.com"), frozenset())
    working = Identity(Principal("agent", "x"), frozenset()).for_person(person)
    assert working.is_revoked({"user:a@example.com": 1})


@pytest.mark.req("IN3", "ID4")
def test_an_agent_proves_itself_with_its_own_key_or_token(company: Company, issuer: Issuer) -> None:
    control = company.control
    by_key = working_for(company, "builder", Actor(signed=signed(CODER)))
    assert str(by_key.identity.principal) == "agent:coder/for/user:builder@example.com"
    own = control.exchange.for_itself(signed(CODER), audience="api")
    by_token = working_for(company, "builder", Actor(access=own.secret, name=CODER))
    assert by_token.identity.principal == by_key.identity.principal


@pytest.mark.req("IN3", "ID4")
def test_tokens_that_do_not_go_together_are_refused(company: Company) -> None:
    control = company.control
    agent_token = control.exchange.for_itself(signed(CODER), audience="api").secret
    service_token = control.exchange.for_itself(signed(SERVICE), audience="api").secret
    delegated = working_for(company, "builder").secret
    person = own_token(company, "builder")
    refused: dict[str, tuple[str, Actor]] = {
        "another agent's signature": (person, Actor(signed=signed(CODER), name=PUBLIC)),
        "another agent's token": (person, Actor(access=agent_token, name=PUBLIC)),
        "a person's token as actor": (person, Actor(access=own_token(company, "second"))),
        "one's own token as actor": (person, Actor(access=person)),
        "a service as actor": (person, Actor(access=service_token)),
        "a service's signature as actor": (person, Actor(signed=signed(SERVICE))),
        "a delegated token as actor": (person, Actor(access=delegated)),
        "a delegated token as subject": (delegated, Actor(name=PUBLIC)),
        "an agent as subject": (agent_token, Actor(signed=signed(CODER))),
        "a service as subject": (service_token, Actor(name=PUBLIC)),
        "an agent with a key, without it": (person, Actor(name=CODER)),
        "an agent that is not there": (person, Actor(name="agent:nobody")),
        "a service by name": (person, Actor(name=SERVICE)),
        "nobody": (person, Actor()),
        "junk as subject": ("junk", Actor(name=PUBLIC)),
        "junk as actor": (person, Actor(access="bwm_junk")),
        "an assertion as subject": (signed(SERVICE), Actor(name=PUBLIC)),
    }
    for what, (subject, actor) in refused.items():
        with contextlib.suppress(CredentialRefusedError):
            control.exchange.for_person(subject, actor, audience="api")
            pytest.fail(f"{what} was taken")


@pytest.mark.req("IN3", "ID4")
def test_an_exchange_widens_no_audience(company: Company) -> None:
    control = company.control
    for_git = own_token(company, "builder", GIT_AUDIENCE)
    with pytest.raises(CredentialRefusedError):
        control.exchange.for_person(for_git, Actor(name=PUBLIC), audience="api")
    token = control.exchange.for_person(for_git, Actor(name=PUBLIC), audience="git")
    with pytest.raises(CredentialRefusedError):
        control.identity.authenticate_token(token.secret, audience=API_AUDIENCE)
    control.identity.authenticate_token(token.secret, audience=GIT_AUDIENCE)


def test_an_agents_token_remembers_how_its_person_signed_in(company: Company) -> None:
    control = company.control
    person = replace(company.people["builder"], sign_in=SignIn(100, second_factor=True))
    subject = control.identity.issue_token(
        person, audience=API_AUDIENCE, lifetime=timedelta(minutes=5), purpose="test"
    ).secret
    token = control.exchange.for_person(subject, Actor(name=PUBLIC), audience="api")
    found = control.identity.authenticate_token(token.secret, audience=API_AUDIENCE)
    assert found.behalf is not None and found.behalf.sign_in is not None
    assert found.behalf.sign_in.second_factor
    assert 100 <= found.behalf.sign_in.age_seconds < 160


def test_a_refused_agent_is_in_the_log(company: Company) -> None:
    control = company.control
    control.services.disable(company.people["admin"], PUBLIC, "checking")
    with pytest.raises(CredentialRefusedError, match="switched off"):
        working_for(company, "builder")
    with control.store.transaction() as session:
        found = search(session, AuditQuery(action="token.refused")).events
    assert [item.event.actor for item in found] == ["agent:claude-code/for/user:builder@example.com"]


@pytest.mark.req("IN3")
@pytest.mark.parametrize(
    ("name", "behalf"),
    [
        ("agent:x/for/user:a@example.com", None),
        ("agent:x/for/user:a@example.com", "user:b@example.com"),
        ("agent:x", "user:a@example.com"),
        ("user:x", "user:a@example.com"),
        ("agent:x/for/service:y", "service:y"),
        ("agent:x/for/agent:y/for/user:a@example.com", "user:a@example.com"),
    ],
)
def test_a_name_cannot_say_for_somebody_without_them(name: str, behalf: str | None) -> None:
    person = Identity(Principal.parse(behalf), frozenset()) if behalf else None
    with pytest.raises(ValueError, match="does not work for"):
        Identity(Principal.parse(name), frozenset(), behalf=person)


def test_questions_about_an_agent_for_somebody_are_about_both(company: Company) -> None:
    give(company, "builder")
    access, store = company.control.access, company.control.store
    with store.transaction() as session:
        for who, allowed in (("builder", True), ("user", False), ("stranger", False)):
            identity = access.identity(session, f"{PUBLIC}/for/user:{who}@example.com")
            assert access.evaluate(session, identity, "app.push", f"app:{APP}").allowed is allowed
        with pytest.raises(InvalidInputError):
            access.identity(session, f"{PUBLIC}/for/{SERVICE}")


ENGINE = PolicyEngine.built_in()
APP_ACTIONS = ("app.read", "app.push", "app.request-deploy", "app.kill", "app.revive", "app.run-job", "app.rollback")
HELD = st.sets(st.sampled_from(ROLES))


@pytest.mark.req("IN3", "ID1")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(agent_roles=HELD, person_roles=HELD, action=st.sampled_from(APP_ACTIONS))
def test_both_is_never_more_than_either(agent_roles: set[str], person_roles: set[str], action: str) -> None:
    agent = Identity(Principal("agent", "x"), frozenset({"agent:x"}))
    person = Identity(Principal("user", "a@example.com"), frozenset({"user:a@example.com"}))
    roles = {
        role: frozenset(
            ({"agent:x"} if role in agent_roles else set())
            | ({"user:a@example.com"} if role in person_roles else set())
        )
        for role in ROLES
    }
    resource = Resource("App", "app:f/a", roles)
    both = ENGINE.decide(agent.for_person(person), action, resource)
    alone = [ENGINE.decide(one, action, resource) for one in (agent, person)]
    assert both.allowed is all(decision.allowed for decision in alone)
    assert both.deciders


@pytest.mark.req("IN3")
def test_what_an_agent_makes_belongs_to_its_person(company: Company) -> None:
    give(company, "builder")
    token = working_for(company, "builder")
    identity = company.control.identity.authenticate_token(token.secret, audience=API_AUDIENCE)
    app = company.control.catalog.create_app(identity, "finance/made")
    assert (app.owner, app.created_by) == ("user:builder@example.com", str(identity.principal))


def test_nobody_is_told_that_a_service_may_what_it_cannot_do_now(company: Company) -> None:
    give(company, "builder", SERVICE)
    access, store = company.control.access, company.control.store

    def may_push() -> bool:
        with store.transaction() as session:
            return access.evaluate(session, access.identity(session, SERVICE), "app.push", f"app:{APP}").allowed

    assert may_push()
    company.control.services.disable(company.people["admin"], SERVICE, "checking")
    assert not may_push()


@pytest.mark.req("IN3", "ID2")
def test_a_sign_in_that_policy_wants_is_wanted_of_the_person_behind_an_agent(company: Company) -> None:
    engine = PolicyEngine.built_in(step_up_policies([StepUpRule(("app.kill",), 900, second_factor=True)]))
    agent = Identity(Principal("agent", "x"), frozenset({"agent:x"}))
    holders = frozenset({"agent:x", "user:a@example.com"})
    resource = Resource("App", "app:f/a", {role: holders if role == "org-admin" else frozenset() for role in ROLES})

    def kills(sign_in: SignIn | None) -> Decision:
        person = Identity(Principal("user", "a@example.com"), frozenset({"user:a@example.com"}), sign_in=sign_in)
        return engine.decide(agent.for_person(person), "app.kill", resource)

    assert kills(SignIn(60, second_factor=True)).allowed
    for stale in (None, SignIn(3600, second_factor=True), SignIn(60, second_factor=False)):
        refused = kills(stale)
        assert not refused.allowed
        assert refused.step_up == StepUp(900, second_factor=True)
