"""The API at its door: who gets in, writes that are sent twice, lists in pages, and errors that say what to do."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest

from bailiwick.control.identity import API_AUDIENCE, GIT_AUDIENCE
from bailiwick.faces.api import build_api
from tests.fixtures.company import APP, Company


@pytest.fixture
async def api(company: Company) -> Iterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(build_api(company.control))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client


def bearer(company: Company, who: str, audience: str = API_AUDIENCE) -> dict[str, str]:
    issued = company.control.identity.issue_token(
        company.people[who], audience=audience, lifetime=timedelta(minutes=5), purpose="test"
    )
    return {"Authorization": f"Bearer {issued.secret}"}


@pytest.mark.req("ID1", "ID4")
async def test_a_token_for_another_door_or_none_opens_nothing(api: httpx2.AsyncClient, company: Company) -> None:
    for headers in ({}, {"Authorization": "Bearer bwt_forged"}, bearer(company, "admin", GIT_AUDIENCE)):
        answer = await api.get("/v1/apps", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["hint"]


async def test_a_write_that_is_sent_again_is_answered_again_and_done_once(
    api: httpx2.AsyncClient, company: Company
) -> None:
    headers = {**bearer(company, "builder"), "Idempotency-Key": str(uuid.uuid4())}
    first = await api.post("/v1/apps", json={"path": "finance/other"}, headers=headers)
    again = await api.post("/v1/apps", json={"path": "finance/other"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert [action for action, _ in company.actions()].count("app.created") == 2  # the company's own, and this one
    without = await api.post("/v1/apps", json={"path": "finance/other"}, headers=bearer(company, "builder"))
    assert without.status_code == 409


async def test_a_key_belongs_to_one_request_of_one_person(api: httpx2.AsyncClient, company: Company) -> None:
    key = str(uuid.uuid4())
    mine = {**bearer(company, "builder"), "Idempotency-Key": key}
    await api.post("/v1/apps", json={"path": "finance/one"}, headers=mine)
    other = await api.post("/v1/apps", json={"path": "finance/two"}, headers=mine)
    assert other.status_code == 400
    assert "used for another request" in other.json()["title"]
    theirs = {**bearer(company, "second"), "Idempotency-Key": key}
    assert (await api.post("/v1/apps", json={"path": "finance/two"}, headers=theirs)).status_code == 201
    bad = {**bearer(company, "builder"), "Idempotency-Key": "x"}
    assert (await api.post("/v1/apps", json={"path": "finance/three"}, headers=bad)).status_code == 400


async def test_a_refusal_is_kept_under_its_key_too(api: httpx2.AsyncClient, company: Company) -> None:
    headers = {**bearer(company, "user"), "Idempotency-Key": str(uuid.uuid4())}
    first = await api.post("/v1/apps", json={"path": "finance/mine"}, headers=headers)
    again = await api.post("/v1/apps", json={"path": "finance/mine"}, headers=headers)
    assert (first.status_code, again.status_code) == (403, 403)
    assert again.json()["deciders"] == ["default-deny"]
    assert "one of these roles would do" in again.json()["hint"]
    assert "builder" in again.json()["hint"]


def test_a_request_whose_answer_was_lost_is_not_done_again(company: Company) -> None:
    from bailiwick.core.errors import ConflictError

    assert company.control.repeats.begin("user:a@example.com", "key-of-a-request", "hash") is None
    with pytest.raises(ConflictError) as told:
        company.control.repeats.begin("user:a@example.com", "key-of-a-request", "hash")
    assert "look whether it took effect" in told.value.hint


@pytest.mark.req("OB1")
async def test_lists_come_in_pages_that_lose_and_repeat_nothing(api: httpx2.AsyncClient, company: Company) -> None:
    headers = bearer(company, "admin")
    for place, kind in (("/v1/roles", "roles"), ("/v1/apps", "apps")):
        whole = (await api.get(place, headers=headers)).json()[kind]
        found, cursor = [], ""
        while True:
            page = (await api.get(place, headers=headers, params={"limit": 1, "cursor": cursor})).json()
            found += page[kind]
            cursor = page["cursor"]
            if not cursor:
                break
        assert found == whole
        assert len(whole) >= 1


@pytest.mark.req("ID1")
async def test_who_can_names_policies_and_mistyped_actions(api: httpx2.AsyncClient, company: Company) -> None:
    headers = bearer(company, "admin")
    answer = await api.get("/v1/who-can", params={"action": "app.approve", "resource": f"app:{APP}"}, headers=headers)
    who = {item["holder"]: item["deciders"] for item in answer.json()["who"]}
    assert who["user:approver@example.com"] == ["approvers-of-later-deploys"]
    assert "user:builder@example.com" not in who
    wrong = await api.get("/v1/who-can", params={"action": "app.kil", "resource": f"app:{APP}"}, headers=headers)
    assert wrong.status_code == 400
    assert wrong.json()["hint"] == "did you mean app.kill?"


async def test_unknown_fields_and_bad_bodies_are_named(api: httpx2.AsyncClient, company: Company) -> None:
    answer = await api.post("/v1/apps", json={"path": "finance/x", "owner": "me"}, headers=bearer(company, "builder"))
    assert answer.status_code == 422
    assert "owner" in answer.json()["title"]


@pytest.mark.req("SE1")
async def test_a_secret_goes_in_and_never_comes_out(api: httpx2.AsyncClient, company: Company) -> None:
    headers = {**bearer(company, "admin"), "Idempotency-Key": str(uuid.uuid4())}
    value = "correct-horse-battery-staple"
    put = await api.put("/v1/secrets/stripe-key", json={"value": value}, headers=headers)
    listed = await api.get("/v1/secrets", headers=headers)
    assert put.json() == {"name": "stripe-key", "version": 1}
    assert value not in put.text + listed.text
    refused = await api.put("/v1/secrets/stripe-key", json={"value": value}, headers=bearer(company, "builder"))
    assert refused.status_code == 403
    assert value not in refused.text
