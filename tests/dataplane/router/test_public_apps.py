"""An app that an administrator opened to everybody: who gets in unknown, as whom, and what stays closed to them."""

import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from bailiwick.core.clock import utc_now
from bailiwick.core.guardrails import AccessRails, Guardrails
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.policy import PolicyEngine, Resource, cascade
from bailiwick.core.principals import Identity, Principal, visitor_from
from bailiwick.core.rollouts import RolloutStep
from bailiwick.core.statements import SigningKey
from bailiwick.dataplane.router import IdentityTokens
from tests.fixtures.plane import HELLO, PlaneHouse
from tests.fixtures.routing import Served, state_of

PUBLIC = Guardrails(access=AccessRails(public=True))
NO_ROLES = cascade([])


def open_to_everybody(served: Served, **fields: object) -> None:
    served.site.state = served.site.state.model_copy(update={"guardrails": PUBLIC, **fields})
    served.site.known.clear()


async def ask(served: Served, *headers: str, path: str = "/hello") -> tuple[int, str]:
    browser = await served.browser()
    browser.ask("GET", path, *headers, signed_in=False)
    found = await browser.answer()
    return found.status, served.app.headers[-1].get("x-bailiwick-user", "") if found.status == 200 else ""


@pytest.mark.req("ID1", "IN3")
async def test_a_public_app_serves_whom_nobody_knows_as_anonymous(served: Served) -> None:
    assert (await ask(served))[0] == 401
    open_to_everybody(served)
    assert await ask(served, "X-Bailiwick-User: ann@example.com") == (200, "anonymous")
    assert served.traces[-1].principal == "anonymous:visitor"
    # A cookie that is worth nothing is no obstacle; a bearer token that is worth nothing is an answer.
    assert await ask(served, "Cookie: bailiwick_pass=old; own=1") == (200, "anonymous")
    assert served.app.headers[-1]["cookie"] == "own=1"
    assert (await ask(served, "Authorization: Bearer old"))[0] == 401


@pytest.mark.req("ID1")
async def test_whoever_is_signed_in_at_a_public_app_is_themselves_with_a_role_or_without(served: Served) -> None:
    open_to_everybody(served, roles=NO_ROLES)
    stranger = Identity(Principal("user", "eve@example.com"), frozenset({"user:eve@example.com"}))
    token = issue_pass(Pass(stranger, "team/desk", "production", "s", utc_now() + timedelta(hours=1)), served.key)
    assert await ask(served, f"Authorization: Bearer {token}") == (200, "eve@example.com")


@pytest.mark.req("ID1")
async def test_previews_stay_closed_whatever_is_said(served: Served) -> None:
    open_to_everybody(served, mode="preview")
    assert (await ask(served))[0] == 401


@pytest.mark.req("ID1")
async def test_who_wants_to_be_known_signs_in_and_comes_back_to_where_they_were(served: Served) -> None:
    open_to_everybody(served)
    browser = await served.browser()
    browser.ask("GET", "/.bailiwick/sign-in?to=/mine", signed_in=False)
    found = await browser.answer()
    assert found.status == 302
    assert found.headers["location"].startswith("http://console/sign-in?app=team%2Fdesk&mode=production")
    assert "bailiwick_attempt=" in found.headers["set-cookie"]


@pytest.mark.req("ID1", "DG4")
def test_only_an_administrators_word_lets_anybody_in_and_data_that_needs_a_person_stays_closed() -> None:
    visitor = visitor_from("192.0.2.7")
    # A permit of an organisation's own opens nothing to people whom nobody knows.
    more = '@id("more") @reason("open") permit (principal, action == Action::"app.use", resource);'
    engine = PolicyEngine.built_in(more)
    app = Resource("App", "app:team/desk", NO_ROLES)
    for context in (
        {"mode": "production"},
        {"mode": "production", "public": False},
        {"mode": "preview", "public": True},
    ):
        decision = engine.decide(visitor, "app.use", app, context)
        assert not decision.allowed
        assert decision.deciders == ("nobody-unknown-where-nobody-said-so",)
    assert engine.decide(visitor, "app.use", app, {"mode": "production", "public": True}).allowed
    # Not even a role that is given to the name of visitors is theirs.
    held = Resource("App", "app:team/desk", cascade([("app-user", str(visitor.principal))]))
    assert not PolicyEngine.built_in().decide(visitor, "app.use", held, {"mode": "production"}).allowed

    facts = {"app": "team/desk", "granted_to": "team/desk", "enabled": True, "data_classes": frozenset[str]()}
    integration = Resource("Integration", "integration:orders", NO_ROLES)
    assert engine.decide(visitor, "integration.query", integration, {**facts, "demands_person": False}).allowed
    refused = engine.decide(visitor, "integration.query", integration, {**facts, "demands_person": True})
    assert refused.deciders == ("some-data-needs-a-person",)


def test_visitors_get_a_candidate_by_their_address() -> None:
    step = RolloutStep(rollout="rol_1", number=0, share=0.5)
    given = {step.gives(visitor_from(f"192.0.2.{number}")) for number in range(50)}
    assert given == {True, False}
    assert step.gives(visitor_from("192.0.2.1")) == step.gives(visitor_from("192.0.2.1"))


@pytest.mark.req("IN3")
async def test_an_app_can_prove_to_others_whose_request_it_serves(served: Served) -> None:
    await (await served.browser()).get("/hello")
    proof = served.app.headers[-1]["x-bailiwick-identity"]
    key = OKPKey.import_key(json.loads(served.identities.public_key))
    assert "d" not in json.loads(served.identities.public_key)
    claims = jwt.decode(proof, key, algorithms=["Ed25519"]).claims
    assert (claims["sub"], claims["aud"]) == ("user:ann@example.com", "production/team/desk")
    assert 0 < claims["exp"] - claims["iat"] <= 300
    with pytest.raises(JoseError):
        jwt.decode(proof, OKPKey.import_key(json.loads(IdentityTokens().public_key)), algorithms=["Ed25519"])


def test_a_proof_is_made_anew_before_it_ends_and_for_each_person_and_app() -> None:
    served_state = state_of(SigningKey.generate())
    now = [1000.0]
    tokens = IdentityTokens(clock=lambda: now[0])
    ann, bob = (Identity(Principal("user", name), frozenset()) for name in ("ann", "bob"))
    first = tokens.token(served_state, ann)
    assert tokens.token(served_state, ann) == first
    assert tokens.token(served_state, bob) != first
    assert tokens.token(served_state.model_copy(update={"mode": "preview"}), ann) != first
    now[0] += 61
    assert tokens.token(served_state, ann) != first


ENVIRONMENT = """
import os
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": os.environ["BAILIWICK_IDENTITY_KEY"].encode()})
"""


@pytest.mark.req("ID1", "ID3")
async def test_what_is_said_while_a_release_starts_counts_when_it_is_up(house: PlaneHouse) -> None:
    state = house.release({"app.py": HELLO}, guardrails=PUBLIC)
    await house.serve(state)
    await house.until_status("starting", state=state)
    await house.serve(state.model_copy(update={"guardrails": Guardrails(), "roles": NO_ROLES}))
    assert (await house.until_status("running", "failed", state=state)).status == "running"
    assert (await house.get_as_visitor("/")).status_code == 401
    assert (await house.get("/")).status_code == 403


@pytest.mark.req("ID1", "IN3")
async def test_a_plane_opens_and_closes_an_app_with_its_desired_state_and_gives_it_the_key(house: PlaneHouse) -> None:
    state = house.release({"app.py": ENVIRONMENT}, guardrails=PUBLIC, roles={})
    await house.until_running(state)
    found = await house.get_as_visitor("/")
    assert json.loads(found.text)["crv"] == "Ed25519"
    await house.serve(state.model_copy(update={"guardrails": Guardrails()}))
    assert (await house.get_as_visitor("/")).status_code == 401
    assert [event.actor for event in house.events("request.served")] == ["anonymous:visitor"]
