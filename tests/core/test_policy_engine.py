from dataclasses import replace

import pytest

from bailiwick.core.errors import ForbiddenError, StepUpNeededError
from bailiwick.core.policy import ContextValue, PolicyEngine, Resource, StepUp, cascade
from bailiwick.core.principals import Identity, Principal, SignIn

ENGINE = PolicyEngine.built_in()
APPROVAL: dict[str, ContextValue] = {
    "authors": frozenset({"user:builder@example.com", "user:second@example.com"}),
    "requested_by": "user:builder@example.com",
    "first_deploy": True,
}
QUERY: dict[str, ContextValue] = {
    "app": "finance/refund-desk",
    "granted_to": "finance/refund-desk",
    "demands_person": False,
    "enabled": True,
    "data_classes": frozenset(),
}


def person(name: str, *groups: str) -> Identity:
    return Identity(Principal("user", name), frozenset({f"user:{name}", *groups}))


def app(**holders: str) -> Resource:
    roles = cascade([(role.replace("_", "-"), name) for role, name in holders.items()])
    return Resource("App", "app:finance/refund-desk", roles)


@pytest.mark.req("ID1")
def test_a_role_held_through_a_group_allows_and_names_the_policy() -> None:
    decision = ENGINE.decide(person("b@example.com", "group:makers"), "app.push", app(builder="group:makers"))
    assert decision.allowed
    assert decision.deciders == ("builders",)


@pytest.mark.req("ID1")
def test_nobody_may_do_anything_by_default() -> None:
    decision = ENGINE.decide(person("b@example.com"), "app.push", app(builder="group:makers"))
    assert not decision.allowed
    assert decision.deciders == ("default-deny",)
    with pytest.raises(ForbiddenError, match=r"no policy lets user:b@example.com do app.push"):
        decision.require()


@pytest.mark.req("DG1")
@pytest.mark.parametrize("name", ["builder@example.com", "second@example.com"])
def test_no_author_can_approve_even_as_administrator(name: str) -> None:
    author = person(name, "group:admins")
    decision = ENGINE.decide(author, "app.approve", app(org_admin="group:admins"), APPROVAL)
    assert not decision.allowed
    assert decision.deciders == ("never-approve-your-own",)
    with pytest.raises(ForbiddenError) as refused:
        decision.require()
    assert refused.value.hint == "no role changes this: it takes another person, or another way"


@pytest.mark.req("DG1")
def test_a_first_deploy_is_not_for_ordinary_approvers_but_a_later_one_is() -> None:
    approver, resource = person("a@example.com", "group:approvers"), app(approver="group:approvers")
    first = ENGINE.decide(approver, "app.approve", resource, APPROVAL)
    assert first.deciders == ("first-deploy-needs-an-administrator",)
    assert ENGINE.decide(approver, "app.approve", resource, APPROVAL | {"first_deploy": False}).allowed


@pytest.mark.req("DG1")
def test_a_machine_does_not_approve() -> None:
    service = Identity.of_service(Principal("service", "bot"))
    decision = ENGINE.decide(service, "app.approve", app(org_admin="service:bot"), APPROVAL)
    assert not decision.allowed


@pytest.mark.parametrize(
    ("action", "context"),
    [
        ("app.approve", {}),
        ("app.approve", APPROVAL | {"first_deploy": "no"}),
        ("app.no-such-action", {}),
        ("app.use", {"mode": "production", "extra": True}),
    ],
)
def test_a_question_that_does_not_fit_the_schema_is_refused(action: str, context: dict[str, ContextValue]) -> None:
    admin = person("admin@example.com", "group:admins")
    decision = ENGINE.decide(admin, action, app(org_admin="group:admins", app_user="group:admins"), context)
    assert not decision.allowed
    with pytest.raises(ForbiddenError, match="could not be evaluated") as refused:
        decision.require()
    assert refused.value.deciders == ("evaluation-error",)


def test_a_policy_without_id_or_with_a_type_error_is_not_loaded() -> None:
    schema = "entity P; entity R; action a appliesTo { principal: P, resource: R, context: {} };"
    with pytest.raises(ValueError, match="@id"):
        PolicyEngine.from_text("permit(principal, action, resource);", schema)
    with pytest.raises(ValueError, match="attribute"):
        PolicyEngine.from_text(
            '@id("x") @reason("y") permit(principal, action, resource) when { principal.age > 3 };', schema
        )


@pytest.mark.req("IN3")
def test_data_that_needs_a_person_is_not_given_to_the_app_alone() -> None:
    context = QUERY | {"demands_person": True}
    integration = Resource("Integration", "integration:orders-db", cascade([]))
    alone = Identity.of_service(Principal("app", "finance/refund-desk"))
    assert ENGINE.decide(alone, "integration.query", integration, context).deciders == ("some-data-needs-a-person",)
    assert ENGINE.decide(person("u@example.com"), "integration.query", integration, context).allowed
    other = context | {"app": "finance/other"}
    assert not ENGINE.decide(person("u@example.com"), "integration.query", integration, other).allowed


@pytest.mark.req("IN6")
def test_nobody_queries_an_integration_that_is_switched_off() -> None:
    integration = Resource("Integration", "integration:orders-db", cascade([("org-admin", "user:u@example.com")]))
    assert ENGINE.decide(person("u@example.com"), "integration.query", integration, QUERY).allowed
    refused = ENGINE.decide(person("u@example.com"), "integration.query", integration, QUERY | {"enabled": False})
    assert (refused.allowed, refused.deciders) == (False, ("integration-switched-off",))
    unsaid = {key: value for key, value in QUERY.items() if key != "enabled"}
    assert not ENGINE.decide(person("u@example.com"), "integration.query", integration, unsaid).allowed


@pytest.mark.req("RT2")
def test_an_app_opens_the_hosts_that_it_declared_and_no_other() -> None:
    alone = Identity.of_service(Principal("app", "finance/refund-desk"))
    assert ENGINE.decide(alone, "egress.connect", app(), {"declared": True}).deciders == ("declared-egress",)
    refused = ENGINE.decide(alone, "egress.connect", app(), {"declared": False})
    assert (refused.allowed, refused.deciders) == (False, ("undeclared-egress",))
    assert not ENGINE.decide(person("u@example.com"), "egress.connect", app(), {"declared": True}).allowed


@pytest.mark.req("IN9")
@pytest.mark.parametrize(
    ("changed", "decider"),
    [("", "declared-webhooks"), ("declared", ""), ("signed", ""), ("enabled", "webhooks-of-what-is-off")],
)
def test_a_webhook_is_delivered_when_it_is_declared_signed_and_on(changed: str, decider: str) -> None:
    sender = Identity.of_service(Principal("service", "webhook/crm/changes"))
    facts = {fact: fact != changed for fact in ("declared", "signed", "enabled")}
    decision = ENGINE.decide(sender, "webhook.deliver", app(), facts)
    assert decision.allowed is (changed == "")
    assert not decider or decision.deciders == (decider,)
    assert not ENGINE.decide(person("u@example.com"), "webhook.deliver", app(), facts).allowed


STEP_UPS = PolicyEngine.built_in(
    """
    @id("fresh") @reason("fresh") @max_age("900")
    forbid (principal is Person, action in [Action::"app.kill", Action::"app.revive"], resource)
    unless { principal.sign_in_age <= 900 };
    @id("strong") @reason("strong") @max_age("300") @second_factor
    forbid (principal is Person, action in [Action::"app.kill"], resource)
    unless { principal.sign_in_age <= 300 && principal.second_factor };
    """
)


@pytest.mark.req("ID2")
@pytest.mark.parametrize(
    ("action", "sign_in", "allowed", "step_up"),
    [
        ("app.kill", SignIn(10, second_factor=True), True, None),
        ("app.kill", SignIn(10, second_factor=False), False, StepUp(300, second_factor=True)),
        ("app.kill", SignIn(301, second_factor=True), False, StepUp(300, second_factor=True)),
        ("app.kill", SignIn(901, second_factor=True), False, StepUp(300, second_factor=True)),
        ("app.kill", None, False, StepUp(300, second_factor=True)),
        ("app.revive", SignIn(901, second_factor=True), False, StepUp(900)),
        ("app.revive", SignIn(900, second_factor=False), True, None),
        ("app.read", None, True, None),
    ],
)
def test_policy_can_demand_another_sign_in(
    action: str, sign_in: SignIn | None, allowed: bool, step_up: StepUp | None
) -> None:
    admin = replace(person("root@example.com"), sign_in=sign_in)
    decision = STEP_UPS.decide(admin, action, app(org_admin="user:root@example.com"))
    assert (decision.allowed, decision.step_up) == (allowed, step_up)
    if step_up is not None:
        with pytest.raises(StepUpNeededError) as refused:
            decision.require()
        assert (refused.value.status, refused.value.second_factor) == (401, step_up.second_factor)


@pytest.mark.req("ID2")
def test_nobody_is_asked_to_sign_in_again_for_what_they_may_not_do() -> None:
    nobody = STEP_UPS.decide(person("u@example.com"), "app.kill", app())
    assert (nobody.allowed, nobody.step_up) == (False, None)
    with pytest.raises(ForbiddenError) as refused:
        nobody.require()
    assert not isinstance(refused.value, StepUpNeededError)
    service = Identity.of_service(Principal("service", "nightly"))
    assert STEP_UPS.decide(service, "app.kill", app(org_admin="service:nightly")).allowed


@pytest.mark.req("ID1")
def test_every_action_of_people_is_known_by_what_it_is_done_to() -> None:
    kinds = ("Organization", "Folder", "App", "Integration", "Secret", "Model")
    of_planes_and_apps = {
        "access-review.apply", "consent.fetch", "secret.fetch", "pass.issue", "report.take", "egress.connect"
    }  # fmt: skip
    of_planes_and_apps |= {"webhook.deliver"}
    assert set().union(*(ENGINE.actions_on(kind) for kind in kinds)) == ENGINE.actions - of_planes_and_apps
    assert "app.kill" in ENGINE.actions_on("App")
    assert "app.kill" not in ENGINE.actions_on("Folder")
