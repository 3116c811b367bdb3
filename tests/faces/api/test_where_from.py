"""Answers about access where policy asks for a network: from the asker's own, or from the one that is named."""

from typing import Any

import httpx2
import pytest

from bailiwick.faces.server import Faces
from tests.faces.api.test_api import bearer
from tests.fixtures.company import APP, Company
from tests.fixtures.policies import case_of, in_force

OFFICE = """@id("stops-from-the-office")
@reason("apps are stopped from the office only")
forbid (principal, action == Action::"app.kill", resource)
unless { context.request.address.isInRange(ip("10.0.0.0/8")) };
"""


def asking_from(company: Company, address: str) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(Faces(company.control), client=(address, 40000))
    return httpx2.AsyncClient(transport=transport, base_url="http://bailiwick", headers=bearer(company, "admin"))


@pytest.fixture
def office(company: Company) -> Company:
    in_force(company, OFFICE, case_of("app.kill"))
    return company


@pytest.mark.req("ID1")
@pytest.mark.parametrize(("address", "somebody"), [("10.1.2.3", True), ("203.0.113.9", False)])
async def test_who_can_is_answered_for_where_the_asker_is(office: Company, address: str, somebody: bool) -> None:
    async with asking_from(office, address) as api:
        asked = {"action": "app.kill", "resource": f"app:{APP}"}
        answer = (await api.get("/api/v1/who-can", params=asked)).json()
        assert ("user:admin@example.com" in [item["holder"] for item in answer["who"]]) == somebody
        what = (await api.get("/api/v1/what-can", params={"principal": "user:admin@example.com"})).json()["what"]
        assert ("app.kill" in {item["action"] for item in what}) == somebody


@pytest.mark.req("ID1")
async def test_other_systems_say_where_the_request_comes_from(office: Company) -> None:
    async def ask(api: httpx2.AsyncClient, **context: Any) -> Any:
        admin = {"type": "user", "id": "admin@example.com"}
        body = {"subject": admin, "action": {"name": "app.kill"}, "resource": {"type": "app", "id": APP}}
        return (await api.post("/access/v1/evaluation", json={**body, "context": context})).json()

    # Where the other system itself stands says nothing about the person it asks about.
    async with asking_from(office, "10.1.2.3") as api:
        assert (await ask(api, address="10.9.9.9"))["decision"]
        for elsewhere in ({"address": "203.0.113.9"}, {"address": "garbage"}, {}):
            refused = await ask(api, **elsewhere)
            assert (refused["decision"], refused["context"]["policies"]) == (False, ["house@1/stops-from-the-office"])
        assert not (await ask(api, address=["10.9.9.9"]))["decision"]
