"""A company's server with the door for agents on it, and the official client in front of it."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult

from bailiwick.control.identity import MCP_AUDIENCE
from bailiwick.faces.server import Faces
from tests.fixtures.company import Company

_START_SECONDS = 30
OLD, NEW = "legacy", "2026-07-28"


@dataclass
class Door:
    """Where agents come in, and whose it is."""

    url: str
    company: Company

    @property
    def mcp(self) -> str:
        return f"{self.url}/mcp"

    def token(self, who: str, audience: str = MCP_AUDIENCE) -> str:
        """Return a token of somebody's."""
        identity, lifetime = self.company.people[who], timedelta(minutes=5)
        issue = self.company.control.identity.issue_token
        return issue(identity, audience=audience, lifetime=lifetime, purpose="test").secret

    @asynccontextmanager
    async def client(self, token: str, mode: str = NEW) -> AsyncIterator[Client]:
        """Give the official client, with a token."""
        headers = {"authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http,
            Client(streamable_http_client(self.mcp, http_client=http), mode=mode) as client,
        ):
            yield client

    async def call(self, who: str, tool: str, mode: str = NEW, **arguments: Any) -> CallToolResult:
        """Call a tool as somebody."""
        async with self.client(self.token(who), mode) as client:
            return await client.call_tool(tool, arguments)


def text_of(answer: CallToolResult) -> str:
    """Return what an agent reads of an answer."""
    (block,) = answer.content
    assert block.type == "text"
    return block.text


@pytest.fixture
def door(company: Company) -> Iterator[Door]:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{chosen.getsockname()[1]}"
    control = company.control
    settings = control.settings.model_copy(update={"public_url": url})
    company.control = replace(control, settings=settings)
    port = int(url.rpartition(":")[2])
    config = uvicorn.Config(
        Faces(company.control),
        host="127.0.0.1",
        port=port,
        log_level="critical",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    deadline = time.monotonic() + _START_SECONDS
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    yield Door(url, company)
    server.should_exit = True
    thread.join()
