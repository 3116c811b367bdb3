"""A directory at its door: a client with a token of its own, and what the control plane says of people afterwards."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from bailiwick.control.identity.tables import PersonRow
from bailiwick.faces.server import Faces
from tests.fixtures.company import Company

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Directory:
    """A client of `/scim/v2`."""

    company: Company
    http: httpx2.AsyncClient
    secret: str = field(repr=False)

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.secret}", **options.pop("headers", {})}
        return await self.http.request(method, f"/scim/v2{path}", json=body, headers=headers, **options)

    async def user(self, email: str, **fields: Any) -> dict[str, Any]:
        body = {"schemas": [USER], "userName": email, "active": True, "emails": [{"value": email, "primary": True}]}
        answer = await self.call("POST", "/Users", {**body, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def group(self, name: str, *members: str) -> dict[str, Any]:
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": member} for member in members]}
        answer = await self.call("POST", "/Groups", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def patch(self, path: str, *operations: dict[str, Any], **options: Any) -> httpx2.Response:
        return await self.call("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **options)

    async def found(self, query: str, kind: str = "Users") -> list[str]:
        answer = await self.call("GET", f"/{kind}", params={"filter": query, "sortBy": "id"})
        assert answer.status_code == 200, answer.text
        name = "userName" if kind == "Users" else "displayName"
        return sorted(item[name] for item in answer.json().get("Resources", []))

    def person(self, email: str) -> PersonRow | None:
        with self.company.control.store.transaction() as session:
            return session.query(PersonRow).filter_by(email=email).one_or_none()


def token_for(company: Company, directory: str, who: str = "admin") -> str:
    issued = company.control.directory.issue_token(company.people[who], directory, days=1, purpose="test")
    return issued.secret


@pytest.fixture
async def http(company: Company) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(Faces(company.control))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8400", timeout=60) as client:
        yield client


@pytest.fixture
def directory(company: Company, http: httpx2.AsyncClient) -> Directory:
    return Directory(company, http, token_for(company, "entra"))
