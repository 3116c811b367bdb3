"""The MCP gateway on a port of loopback, a real server behind it, and real clients in front."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from bailiwick.core.call_rules import ArgumentRule
from bailiwick.core.grants import DataGrant, FieldMask, Mask, PromptGrant, ResourceGrant, ToolGrant
from bailiwick.core.messages import BearerToken, McpConnection
from bailiwick.core.tool_definitions import digest_of
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.mcp import McpListener
from bailiwick.dataplane.gateways.services import ServiceGateway
from tests.fixtures.mcp_server import TOKEN, TicketServer, ticket_server
from tests.fixtures.service_gateway import APP, TRACE, World, served
from tests.fixtures.waiting import until

STATELESS, WITH_SESSIONS = "auto", "legacy"


@dataclass
class Desk(World):
    """The gateway with the ticket server."""

    tickets: TicketServer = field(kw_only=True)
    listeners: list[McpListener] = field(default_factory=list)

    @asynccontextmanager
    async def client(self, mode: str = WITH_SESSIONS, *, trace: str = TRACE, **given: Any) -> AsyncIterator[Client]:
        """Return a client of the app's, which serves a request under a trace."""
        headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"} if trace else {}
        async with httpx2.AsyncClient(headers=headers, timeout=20) as http:
            transport = streamable_http_client(f"{self.url}/mcp", http_client=http)
            async with Client(transport, mode=mode, **given) as made:
                yield made

    def said(self, action: str, count: int) -> list[dict[str, Any]]:
        """Return what was audited of an action, once there are so many: an answer may come before."""
        until(lambda: sum(event.action == action for event in self.events) >= count)
        return [dict(event.context) for event in self.events if event.action == action]


def grants(tickets: TicketServer, *more: Any) -> tuple[Any, ...]:
    """Return what the app may use, of the tools as the server defines them now."""
    listed = asyncio.run(tickets.server.list_tools())
    digests = {tool.name: digest_of(tool.model_dump(mode="json", by_alias=True, exclude_none=True)) for tool in listed}
    return (
        ToolGrant(
            tool="find_ticket", digest=digests["find_ticket"], fields=(FieldMask(path="email", mask=Mask.EMAIL),)
        ),
        ToolGrant(
            tool="search", digest=digests["search"], arguments=("project", "limit"),
            rules=(
                ArgumentRule(argument="project", equals_attribute="region"),
                ArgumentRule(argument="limit", at_most="20"),
            ),
        ),
        *(
            ToolGrant(tool=name, digest=digests[name])
            for name in ("count", "confirm", "at_length", "repeat_token")
        ),
        ResourceGrant(resource="tickets://open/{number}"),
        ResourceGrant(resource="notes://today"),
        PromptGrant(prompt="summarise"),
        *more,
    )  # fmt: skip


def binding(tickets: TicketServer, *more: Any) -> Binding:
    """Return what the app's socket stands for."""
    grant = DataGrant(integration="tickets", tables=(), served=grants(tickets, *more))
    return Binding(
        app=APP, release="rel_1", tenant="default", plane="production", resource="tickets", roles={}, grant=grant,
        name="tickets",
    )  # fmt: skip


@pytest.fixture(scope="module")
def tickets() -> Iterator[TicketServer]:
    with ticket_server() as made:
        yield made


@pytest.fixture
def desk(tickets: TicketServer) -> Iterator[Desk]:
    tickets.bodies.clear()
    tickets.heads.clear()
    tickets.tokens = {TOKEN}
    yield from opened(tickets)


def opened(tickets: TicketServer, *more: Any) -> Iterator[Desk]:
    """Serve the app's socket, with more grants than the usual ones."""
    made = Desk({"tickets-token": TOKEN}, tickets=tickets)
    made.connection = McpConnection(
        kind="mcp", url=tickets.url, credential=BearerToken(kind="bearer", secret="tickets-token"), timeout_seconds=10
    )

    def listening(gateway: ServiceGateway, binding: Binding) -> McpListener:
        made.listeners.append(McpListener(gateway, binding))
        return made.listeners[-1]

    with served(made, binding(tickets, *more), listening):
        yield made
