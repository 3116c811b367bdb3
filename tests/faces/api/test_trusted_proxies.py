"""Behind proxies that the settings name, a request comes from where they say; from anybody else, from where it does."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from bailiwick.control.identity import API_AUDIENCE
from bailiwick.faces.server import faces_config
from tests.fixtures.company import APP, Company
from tests.fixtures.policies import case_of, in_force

OFFICE = """@id("office") @reason("apps are stopped from the office only")
forbid (principal is Person, action == Action::"app.kill", resource)
unless { context.request.address.isInRange(ip("10.0.0.0/8")) };"""


@pytest.fixture
def more_settings() -> dict[str, Any]:
    return {"trusted_proxies": ("192.0.2.0/24",)}


@pytest.mark.req("ID1")
@pytest.mark.parametrize(
    ("peer", "said", "allowed"),
    [
        ("192.0.2.1", "10.1.1.1", True),
        ("192.0.2.1", "203.0.113.1", False),
        # What a client wrote itself stands before what the proxy added.
        ("192.0.2.1", "10.1.1.1, 203.0.113.1", False),
        ("203.0.113.1", "10.1.1.1", False),
        ("127.0.0.1", "10.1.1.1", False),
        ("10.1.1.1", "203.0.113.1", True),
    ],
)
async def test_only_a_trusted_proxy_is_believed(company: Company, peer: str, said: str, allowed: bool) -> None:
    in_force(company, OFFICE, case_of("app.kill"))
    config = faces_config(company.control)
    config.load()
    issued = company.control.identity.issue_token(
        company.people["admin"], audience=API_AUDIENCE, lifetime=timedelta(minutes=5), purpose="test"
    )
    headers = {"Authorization": f"Bearer {issued.secret}", "X-Forwarded-For": said}
    transport = httpx2.ASGITransport(config.loaded_app, client=(peer, 4711))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        answer = await client.post(f"/api/v1/kill/{APP}", json={"reason": "x"}, headers=headers)
    assert answer.is_success is allowed, answer.text
    if not allowed:
        assert answer.json()["deciders"] == ["house@1/office"]
