"""The token endpoint for machines, as programs call it: RFC 6749, 7523 and 8693 over HTTP."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from joserfc.jwk import ECKey

from bailiwick.control.identity import API_AUDIENCE, GIT_AUDIENCE, ServiceDraft, TrustDraft
from bailiwick.faces.server import Faces
from tests.fixtures.company import APP, Company
from tests.fixtures.issuer import WORKLOAD, Issuer, own_assertion

HERE = "http://127.0.0.1:8400"
NIGHTLY, AGENT = "service:nightly", "agent:claude-code"
KEY = ECKey.generate_key("P-256")
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
async def door(company: Company) -> AsyncIterator[httpx2.AsyncClient]:
    admin, services = company.people["admin"], company.control.services
    services.create(admin, ServiceDraft(NIGHTLY, "group:admin", "For the tests", 30))
    services.create(admin, ServiceDraft(AGENT, "group:admin", "For the tests", 30, public=True))
    services.add_key(admin, NIGHTLY, dict(KEY.as_dict(private=False)))
    transport = httpx2.ASGITransport(Faces(company.control))
    async with httpx2.AsyncClient(transport=transport, base_url=HERE) as client:
        yield client


async def ask(door: httpx2.AsyncClient, **form: str) -> httpx2.Response:
    return await door.post("/oauth/token", data=form)


async def me(door: httpx2.AsyncClient, token: str) -> dict[str, Any]:
    answer = await door.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def persons(company: Company, who: str, audience: str = API_AUDIENCE) -> str:
    lifetime = timedelta(minutes=5)
    return company.control.identity.issue_token(
        company.people[who], audience=audience, lifetime=lifetime, purpose="test"
    ).secret


@pytest.mark.req("ID4", "IN1")
async def test_a_service_shows_its_signature(door: httpx2.AsyncClient) -> None:
    assertion = own_assertion(NIGHTLY, KEY, f"{HERE}/oauth/token")
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": assertion}
    answer = await ask(door, **form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["sub"]) == ("Bearer", NIGHTLY)
    assert 890 <= body["expires_in"] <= 900
    assert "refresh_token" not in body
    assert (await me(door, body["access_token"]))["principal"] == NIGHTLY
    again = await ask(door, **form)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_client")


@pytest.mark.req("ID4", "IN1")
async def test_a_service_shows_no_secret(door: httpx2.AsyncClient) -> None:
    answer = await ask(door, grant_type="client_credentials", client_id=NIGHTLY, client_secret="hunter2")
    assert answer.json()["error"] == "invalid_client"
    assert "never with a secret" in answer.json()["error_description"]
    assert "hunter2" not in answer.text


@pytest.mark.req("ID4", "IN1")
async def test_a_workload_shows_its_own_issuers_token(
    company: Company, door: httpx2.AsyncClient, issuer: Issuer
) -> None:
    terms = TrustDraft(issuer.url, "bailiwick", WORKLOAD)
    company.control.services.add_trust(company.people["admin"], NIGHTLY, terms)
    for form in (
        {"grant_type": EXCHANGE, "subject_token": issuer.token(), "subject_token_type": JWT},
        {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": issuer.token()},
    ):
        answer = await ask(door, **form)
        assert answer.status_code == 200, answer.text
        assert (await me(door, answer.json()["access_token"]))["principal"] == NIGHTLY
    issuer.rotate("unheard-of")
    issuer.answers["/keys"] = b"nonsense"
    bad = await ask(door, grant_type=EXCHANGE, subject_token=issuer.token(), subject_token_type=JWT)
    assert bad.json()["error"] == "invalid_request"


@pytest.mark.req("IN1")
async def test_an_issuer_that_is_away_is_said_to_be(company: Company, door: httpx2.AsyncClient, issuer: Issuer) -> None:
    terms = TrustDraft(issuer.url, "bailiwick", WORKLOAD)
    company.control.services.add_trust(company.people["admin"], NIGHTLY, terms)
    issuer.close()
    answer = await ask(door, grant_type=EXCHANGE, subject_token=issuer.token(), subject_token_type=JWT)
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")


@pytest.mark.req("IN3", "ID4")
async def test_a_person_gets_a_token_for_their_agent(company: Company, door: httpx2.AsyncClient) -> None:
    form = {"grant_type": EXCHANGE, "subject_token_type": ACCESS, "client_id": AGENT}
    answer = await ask(door, **form, subject_token=persons(company, "builder"))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["issued_token_type"] == ACCESS
    assert (body["sub"], body["act"]) == ("user:builder@example.com", {"sub": AGENT})
    who = await me(door, body["access_token"])
    assert who["principal"] == "agent:claude-code/for/user:builder@example.com"
    assert (who["act"], who["for"]) == ({"sub": AGENT}, "user:builder@example.com")
    bearer = {"authorization": f"Bearer {body['access_token']}"}
    refused = await door.post("/api/v1/apps", json={"path": "finance/other"}, headers=bearer)
    assert (refused.status_code, refused.json()["deciders"]) == (403, ["default-deny"])
    company.control.identity.roles.assign(company.people["admin"], "builder", AGENT, "folder:finance")
    made = await door.post("/api/v1/apps", json={"path": "finance/other"}, headers=bearer)
    assert made.status_code == 201
    assert ("app.created", "agent:claude-code/for/user:builder@example.com") in company.actions()


@pytest.mark.req("IN3", "ID4")
async def test_what_does_not_go_together_is_refused(company: Company, door: httpx2.AsyncClient) -> None:
    person = {"grant_type": EXCHANGE, "subject_token": persons(company, "builder"), "subject_token_type": ACCESS}
    agent = {**person, "client_id": AGENT}
    for form, error in (
        (person, "invalid_request"),
        ({**agent, "scope": "everything"}, "invalid_scope"),
        ({**agent, "audience": "the-bank"}, "invalid_target"),
        ({**agent, "resource": "https://elsewhere.example"}, "invalid_target"),
        ({**agent, "resource": f"{HERE}/git", "audience": "api"}, "invalid_target"),
        ({**agent, "requested_token_type": JWT}, "invalid_request"),
        ({**agent, "subject_token_type": "urn:x"}, "invalid_request"),
        ({**agent, "subject_token_type": JWT}, "invalid_request"),
        ({**agent, "actor_token": "x"}, "invalid_request"),
        ({**agent, "actor_token_type": ACCESS}, "invalid_request"),
        ({**agent, "actor_token": "x", "actor_token_type": "urn:x"}, "invalid_request"),
        ({**agent, "actor_token": "x", "actor_token_type": ACCESS}, "invalid_request"),
        ({**agent, "subject_token": persons(company, "builder", GIT_AUDIENCE)}, "invalid_request"),
        ({**agent, "client_id": NIGHTLY}, "invalid_request"),
        ({"grant_type": EXCHANGE, "subject_token_type": ACCESS}, "invalid_request"),
    ):
        answer = await ask(door, **form)
        assert (answer.status_code, answer.json().get("error")) == (400, error), (form, answer.text)


@pytest.mark.req("IN3")
async def test_an_agents_token_dies_with_the_sign_in_that_it_came_of(
    company: Company, door: httpx2.AsyncClient
) -> None:
    from sqlalchemy import update

    from bailiwick.control.identity.credentials import hash_of
    from bailiwick.control.identity.tables import FamilyRow, TokenRow

    control, subject = company.control, persons(company, "builder")
    now = control.clock()
    family = FamilyRow(
        id="fam_x", client="bailiwick-cli", email="builder@example.com", epoch=0, audiences=["api"], address="",
        created=now, last_used=now, expires=now + timedelta(days=1), second_factor=False,
    )  # fmt: skip
    with control.store.transaction() as session:
        session.add(family)
        session.flush()
        session.execute(update(TokenRow).where(TokenRow.secret_hash == hash_of(subject)).values(family="fam_x"))
    form = {"grant_type": EXCHANGE, "subject_token_type": ACCESS, "client_id": AGENT, "subject_token": subject}
    token = (await ask(door, **form)).json()["access_token"]
    await me(door, token)
    with control.store.transaction() as session:
        session.execute(update(FamilyRow).values(ended=now))
    answer = await door.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401


@pytest.mark.req("IN1")
async def test_the_metadata_say_what_machines_can_do(door: httpx2.AsyncClient) -> None:
    told = (await door.get("/.well-known/oauth-authorization-server")).json()
    assert EXCHANGE in told["grant_types_supported"]
    assert "client_credentials" in told["grant_types_supported"]
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    algorithms = told["token_endpoint_auth_signing_alg_values_supported"]
    assert "ES256" in algorithms
    assert not [name for name in algorithms if name.startswith("HS") or name == "none"]


@pytest.mark.req("IN3")
async def test_other_systems_can_ask_about_an_agent_for_somebody(company: Company, door: httpx2.AsyncClient) -> None:
    company.control.identity.roles.assign(company.people["admin"], "builder", AGENT, "folder:finance")
    bearer = {"authorization": f"Bearer {persons(company, 'admin')}"}
    for who, allowed in (("builder", True), ("user", False)):
        subject = {"type": "agent", "id": f"claude-code/for/user:{who}@example.com"}
        question = {"subject": subject, "action": {"name": "app.push"}, "resource": {"type": "app", "id": APP}}
        answer = await door.post("/access/v1/evaluation", json=question, headers=bearer)
        assert answer.json()["decision"] is allowed, answer.text


@pytest.mark.req("ID4")
async def test_a_machine_gives_its_token_back(company: Company, door: httpx2.AsyncClient) -> None:
    form = {"grant_type": EXCHANGE, "subject_token_type": ACCESS, "client_id": AGENT}
    token = (await ask(door, **form, subject_token=persons(company, "builder"))).json()["access_token"]
    await me(door, token)
    for _ in range(2):
        assert (await door.post("/oauth/revoke", data={"token": token})).status_code == 200
    answer = await door.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert company.actions().count(("token.ended", "agent:claude-code/for/user:builder@example.com")) == 1
