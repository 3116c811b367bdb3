"""A company with a studio, seen through the API."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bailiwick.control.identity import API_AUDIENCE
from bailiwick.faces.api import build_api
from tests.fixtures.company import APP, Company
from tests.fixtures.studio import Reply, StudioHouse, studio_house

_SECONDS = 60


@dataclass
class Studio:
    """The studio as a program sees it, of a company that is there."""

    company: Company
    house: StudioHouse
    client: httpx2.AsyncClient

    def headers(self, who: str) -> dict[str, str]:
        """Return the headers of somebody."""
        issued = self.company.control.identity.issue_token(
            self.company.people[who], audience=API_AUDIENCE, lifetime=timedelta(minutes=5), purpose="test"
        )
        return {"authorization": f"Bearer {issued.secret}"}

    async def post(self, path: str, body: dict[str, Any], who: str = "builder", ok: bool = True) -> dict[str, Any]:
        """Ask for something."""
        answer = await self.client.post(f"/v1/studio/conversations{path}", json=body, headers=self.headers(who))
        assert not ok or answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, path: str = "", who: str = "builder", ok: bool = True) -> dict[str, Any]:
        """Look at something."""
        answer = await self.client.get(f"/v1/studio/conversations{path}", headers=self.headers(who))
        assert not ok or answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def begin(self, model: str = "writer", app: str = APP, **more: Any) -> str:
        """Begin a conversation; return its id."""
        return str((await self.post("", {"app": app, "model": model, **more}))["id"])

    async def turn(self, conversation: str, text: str, *replies: Reply, **more: Any) -> dict[str, Any]:
        """Ask, have the model say what it is to say, and return the conversation once the turn is over."""
        self.house.server.once[:] = replies
        await self.post(f"/{conversation}/ask", {"text": text, **more})
        return await self.over(conversation)

    async def over(self, conversation: str) -> dict[str, Any]:
        """Return a conversation once no turn is under way: its events end then."""
        path = f"/v1/studio/conversations/{conversation}/events"
        async with asyncio.timeout(_SECONDS):
            events = await self.client.get(path, headers=self.headers("builder"))
        assert "event: over" in events.text
        return await self.get(f"/{conversation}")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[StudioHouse]:
    with studio_house(tmp_path / "house") as made:
        yield made


@pytest.fixture
def more_settings(house: StudioHouse) -> dict[str, Any]:
    return house.settings


@pytest.fixture
async def studio(company: Company, house: StudioHouse) -> AsyncIterator[Studio]:
    house.open(company)
    transport = httpx2.ASGITransport(build_api(company.control))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api", timeout=60) as client:
        yield Studio(company, house, client)
