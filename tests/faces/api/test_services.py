"""Service identities over the API: the inventory with its flags, and the whole life of one."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from joserfc.jwk import ECKey
from sqlalchemy import update

from bailiwick.control.identity import API_AUDIENCE, ServiceDraft
from bailiwick.control.identity.tables import PersonRow, ServiceRow
from bailiwick.core.clock import utc_now
from bailiwick.faces.api import build_api
from tests.fixtures.company import APP, Company
from tests.fixtures.issuer import own_assertion

HERE = "http://127.0.0.1:8400"
NIGHTLY = "service:nightly"
KEY = ECKey.generate_key("P-256")


class Api:
    """The API as one of the company calls it."""

    def __init__(self, company: Company, client: httpx2.AsyncClient) -> None:
        self.company, self._client = company, client

    async def call(self, who: str, method: str, path: str, body: Any = None) -> httpx2.Response:
        issued = self.company.control.identity.issue_token(
            self.company.people[who], audience=API_AUDIENCE, lifetime=timedelta(minutes=5), purpose="test"
        )
        headers = {"authorization": f"Bearer {issued.secret}"}
        return await self._client.request(method, f"/v1/services{path}", json=body, headers=headers)

    async def listed(self, who: str = "admin", query: str = "") -> dict[str, dict[str, Any]]:
        answer = await self.call(who, "GET", query)
        assert answer.status_code == 200, answer.text
        return {item["name"]: item for item in answer.json()["services"]}


@pytest.fixture
async def api(company: Company) -> AsyncIterator[Api]:
    transport = httpx2.ASGITransport(build_api(company.control))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        yield Api(company, client)


def make(company: Company, name: str = NIGHTLY, owner: str = "user:builder@example.com", days: int = 90) -> None:
    company.control.services.create(company.people["admin"], ServiceDraft(name, owner, "Sends the report", days))


def change(company: Company, **values: Any) -> None:
    with company.control.store.transaction() as session:
        session.execute(update(ServiceRow).values(**values))


@pytest.mark.req("ID4", "IN5")
async def test_the_life_of_a_service_identity(api: Api) -> None:
    body = {"name": NIGHTLY, "owner": "user:builder@example.com", "purpose": "Sends the report", "days": 30}
    made = await api.call("admin", "POST", "", body)
    assert (made.status_code, made.json()["state"]) == (201, "active")
    key = await api.call("admin", "POST", f"/{NIGHTLY}/keys", {"jwk": KEY.as_dict(private=False)})
    assert key.status_code == 201, key.text
    trust = {"issuer": "https://ci.example", "subject": "job:nightly"}
    trusted = await api.call("admin", "POST", f"/{NIGHTLY}/trusts", trust)
    assert (trusted.status_code, trusted.json()["audience"]) == (201, HERE)
    shown = (await api.call("builder", "GET", f"/{NIGHTLY}")).json()
    assert [item["id"] for item in shown["keys"]] == [KEY.thumbprint()]
    assert [item["subject"] for item in shown["trusts"]] == ["job:nightly"]
    longer = (await api.call("admin", "POST", f"/{NIGHTLY}/prolong", {"days": 300})).json()
    assert longer["expires"] > made.json()["expires"]
    other = await api.call("admin", "PATCH", f"/{NIGHTLY}", {"owner": "group:admin"})
    assert (other.json()["owner"], other.json()["purpose"]) == ("group:admin", "Sends the report")
    off = await api.call("admin", "POST", f"/{NIGHTLY}/disable", {"reason": "it went wild"})
    assert off.json()["state"] == "disabled"
    on = await api.call("admin", "POST", f"/{NIGHTLY}/enable", {"reason": "it is tame"})
    assert on.json()["state"] == "active"
    for path in (f"/{NIGHTLY}/keys/{KEY.thumbprint()}/remove", f"/{NIGHTLY}/trusts/{trusted.json()['id']}/remove"):
        assert (await api.call("admin", "POST", path, {"reason": "rotated"})).status_code == 200
    assert (await api.call("admin", "POST", f"/{NIGHTLY}/remove", {"reason": "over"})).status_code == 200
    assert (await api.call("admin", "GET", f"/{NIGHTLY}")).status_code == 404


@pytest.mark.req("ID4")
async def test_bad_bodies_and_strangers_are_refused_with_what_to_do(api: Api) -> None:
    make(api.company)
    private = KEY.as_dict(private=True)
    for who, method, path, body, status in (
        ("builder", "POST", "", {"name": "service:x", "owner": "group:admin", "purpose": "x"}, 403),
        ("admin", "POST", "", {"name": "service:x", "owner": "group:admin"}, 422),
        ("admin", "POST", "", {"name": "service:x", "owner": "group:admin", "purpose": "x", "days": 1000}, 422),
        ("admin", "POST", "", {"name": "service:x", "owner": "group:admin", "purpose": "x", "secret": "x"}, 422),
        ("admin", "POST", f"/{NIGHTLY}/keys", {"jwk": private}, 400),
        ("admin", "POST", f"/{NIGHTLY}/keys", {"jwk": {}}, 400),
        ("admin", "POST", f"/{NIGHTLY}/trusts", {"issuer": "http://ci.example", "subject": "x"}, 400),
        ("admin", "POST", f"/{NIGHTLY}/disable", {"reason": ""}, 400),
        ("admin", "POST", f"/{NIGHTLY}/keys/none/remove", {"reason": "x"}, 404),
        ("user", "GET", f"/{NIGHTLY}", None, 404),
        ("admin", "GET", "/service:none", None, 404),
        ("admin", "GET", "?unused_for=0", None, 422),
        ("admin", "GET", "?flag=nonsense", None, 422),
    ):
        answer = await api.call(who, method, path, body)
        assert answer.status_code == status, (path, body, answer.text)
        assert str(private["d"]) not in answer.text


@pytest.mark.req("IN5", "ID4")
async def test_the_inventory_holds_everything_that_is_no_person(api: Api) -> None:
    company, admin = api.company, api.company.people["admin"]
    make(company)
    make(company, "agent:coder")
    company.control.identity.roles.assign(admin, "builder", NIGHTLY, "folder:finance")
    token = company.control.directory.issue_token(admin, "entra", days=10, purpose="people").token
    found = await api.listed()
    assert {item["kind"] for item in found.values()} == {
        "service", "agent", "app", "directory", "plane", "integration",
    }  # fmt: skip
    assert found[NIGHTLY]["scope"] == ["builder on folder:finance"]
    assert found[NIGHTLY]["owner"] == "user:builder@example.com"
    assert found[f"app:{APP}"]["owner"] == "user:builder@example.com"
    assert {"plane:editor", "plane:production"} <= found.keys()
    account = found["integration:orders-db/production"]
    assert account["scope"] == ["account u at postgresql://127.0.0.1:5432/orders", "offers orders:read"]
    assert found[f"directory:entra/{token.id}"]["flags"] == ["expiring"]
    assert list(await api.listed(query="?kind=agent")) == ["agent:coder"]


@pytest.mark.req("IN5")
async def test_what_is_unused_expiring_expired_disabled_or_ownerless_is_flagged(api: Api) -> None:
    company = api.company
    make(company)
    assert (await api.listed())[NIGHTLY]["flags"] == []
    assert NIGHTLY in await api.listed(query="?expiring=90&flag=expiring")
    change(company, created=utc_now() - timedelta(days=40))
    assert (await api.listed())[NIGHTLY]["flags"] == []
    assert (await api.listed(query="?unused_for=30"))[NIGHTLY]["flags"] == ["unused"]
    company.control.services.add_key(company.people["admin"], NIGHTLY, dict(KEY.as_dict(private=False)))
    company.control.exchange.for_itself(own_assertion(NIGHTLY, KEY, HERE), audience="api")
    used = (await api.listed(query="?unused_for=30"))[NIGHTLY]
    assert (used["flags"], used["last_used"] is not None) == ([], True)
    change(company, expires=utc_now() - timedelta(seconds=1))
    assert (await api.listed())[NIGHTLY]["flags"] == ["expired"]
    change(company, expires=utc_now() + timedelta(days=60), active=False)
    assert (await api.listed())[NIGHTLY]["flags"] == ["disabled"]
    with company.control.store.transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.email == "builder@example.com").values(active=False))
    found = await api.listed(query="?flag=ownerless")
    assert set(found) == {NIGHTLY, f"app:{APP}"}


@pytest.mark.req("IN5", "ID1")
async def test_everybody_sees_what_they_own_and_readers_all(api: Api) -> None:
    make(api.company)
    make(api.company, "service:other", "user:admin@example.com")
    assert set(await api.listed("builder")) == {NIGHTLY, f"app:{APP}"}
    assert await api.listed("user") == {}
    assert {NIGHTLY, "service:other", "plane:editor"} <= set(await api.listed("security"))


async def test_the_inventory_comes_in_pages(api: Api) -> None:
    whole = list(await api.listed(query="?limit=200"))
    paged: list[str] = []
    cursor = ""
    while True:
        answer = (await api.call("admin", "GET", f"?limit=2&cursor={cursor}")).json()
        paged += [item["name"] for item in answer["services"]]
        cursor = answer["cursor"]
        if not cursor:
            break
    assert paged == whole


@pytest.mark.req("IN5")
async def test_the_last_use_of_what_acts_elsewhere_is_in_the_audit_log(api: Api) -> None:
    control = api.company.control
    with control.store.transaction() as session:
        control.audit.note(session, f"app:{APP}", "query.executed", "integration:orders-db", app=APP)
        control.audit.note(session, "plane:editor", "certificate.issued", "plane:editor")
        control.audit.note(session, f"app:{APP}x", "query.refused", "integration:orders-db")
    found = await api.listed()
    for name in (f"app:{APP}", "plane:editor", "integration:orders-db/production", "integration:orders-db/editor"):
        assert found[name]["last_used"] is not None, name
    assert found["plane:production"]["last_used"] is None
    assert "unused" in found["plane:production"]["flags"]
