"""Tools that models use: those of an app's integrations are asked as the use of the integration, by whoever calls."""

from typing import Any

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.grants import DataGrant, ToolGrant
from bailiwick.core.messages import DesiredState, IntegrationState, McpConnection
from bailiwick.core.policy import PoliciesInForce
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.statements import SigningKey
from bailiwick.dataplane.gateways.model import About, Caller
from bailiwick.dataplane.prompts import PromptQuestions
from tests.fixtures.model_gateway import model
from tests.fixtures.routing import state_of

pytestmark = pytest.mark.req("AI6", "IN3")
PERSON = Identity(Principal("user", "eve@example.com"), frozenset({"user:eve@example.com"}))
APP = Identity.of_service(Principal("app", "team/desk"))


def connected(name: str, **given: Any) -> IntegrationState:
    opened = (ToolGrant(tool="refund", digest="0" * 64),)
    grant = DataGrant(integration=name, tables=(), served=opened, **given.pop("grant", {}))
    connection = McpConnection(kind="mcp", url="https://tools.example.com/mcp")
    return IntegrationState(name=name, resource=f"{name}-desk", connection=connection, grant=grant, roles={}, **given)


def questions(*integrations: IntegrationState, policies: str = "") -> PromptQuestions:
    app = state_of(SigningKey.generate()).model_copy(update={"integrations": integrations})
    desired = DesiredState(
        version=1, plane="production", time=utc_now(), sign_in_url="", apps=(app,), epochs={}, models=(model(),),
        policies=policies,
    )  # fmt: skip
    engine = PoliciesInForce(environment="production")
    assert engine.install(1, policies) == ""
    return PromptQuestions(engine, lambda: desired)


def decided(
    asking: PromptQuestions, tool: str, identity: Identity = PERSON, app: str = "team/desk"
) -> tuple[bool, str]:
    decision = asking.tool(Caller(identity, app, "rel_1" if app else ""), model(), About(), tool)
    return decision.allowed, " ".join(decision.deciders)


@pytest.mark.parametrize("tool", ["orders__refund", "mcp__orders__refund", "orders.refund", "orders_desk__refund"])
def test_a_tool_of_an_integration_is_asked_as_its_use(tool: str) -> None:
    assert decided(questions(connected("orders")), tool) == (True, "granted-apps-query")
    assert decided(questions(connected("orders", enabled=False)), tool) == (False, "integration-switched-off")
    assert decided(questions(connected("orders", stopped="it leaks", enabled=False)), tool)[0] is False


def test_a_tool_that_no_access_opens_is_refused_and_data_that_needs_a_person_has_one() -> None:
    asking = questions(connected("orders", grant={"demands_person": True}))
    assert decided(asking, "orders__delete_everything") == (False, "data-grant")
    assert decided(asking, "orders__refund") == (True, "granted-apps-query")
    assert decided(asking, "orders__refund", APP) == (False, "some-data-needs-a-person")


def test_an_agent_may_use_what_both_may() -> None:
    forbidden = """@id("not-eve") @reason("not her")
    forbid (principal == Person::"user:eve@example.com", action == Action::"integration.query", resource);"""
    agent = Principal.parse(f"agent:helper/for/{PERSON.principal}")
    identity = Identity(agent, frozenset({str(agent)}), behalf=PERSON)
    assert decided(questions(connected("orders")), "orders__refund", identity)[0] is True
    assert decided(questions(connected("orders"), policies=forbidden), "orders__refund", identity)[0] is False


def test_other_tools_are_asked_once_a_policy_speaks_of_them() -> None:
    policy = """@id("no-mail") @reason("nobody mails")
    forbid (principal, action == Action::"model.use-tool", resource) when { context.tool == "send_mail" };"""
    assert decided(questions(connected("orders")), "send_mail")[0] is True
    assert decided(questions(connected("orders"), policies=policy), "send_mail") == (False, "no-mail")
    assert decided(questions(connected("orders"), policies=policy), "orders__refund", app="")[0] is True
