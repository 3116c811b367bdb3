"""MCP servers from inside a sandbox: an app speaks plain Streamable HTTP, for whom it serves, without a credential."""

import json

import pytest

from bailiwick.core.grants import DataGrant, ToolGrant
from bailiwick.core.messages import BearerToken, IntegrationState, McpConnection
from bailiwick.core.tool_definitions import digest_of
from tests.fixtures.mcp_server import TOKEN, ticket_server
from tests.fixtures.plane import PlaneHouse

pytestmark = pytest.mark.req("IN1", "IN3", "IN9")
ASKS = """
import json, os, urllib.request

def ask(document, session=None):
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    if session:
        headers["mcp-session-id"] = session
    asked = urllib.request.Request(os.environ["TICKETS_URL"], json.dumps(document).encode(), headers)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        text, kind = answer.read().decode(), answer.headers["content-type"] or ""
        said = text.rpartition("data: ")[2] if kind == "text/event-stream" else text
        return answer.headers["mcp-session-id"], json.loads(said) if said else None

def answer(path):
    if path == "/environment":
        return dict(os.environ)
    client = {"name": "app", "version": "1"}
    begin = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
    session, _ = ask({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": begin})
    ask({"jsonrpc": "2.0", "method": "notifications/initialized"}, session)
    params = {"name": path[1:], "arguments": {"project": "emea", "limit": 3}}
    return ask({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params}, session)[1]

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    said = json.dumps(answer(scope["path"])).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said})
"""


async def test_an_app_calls_a_tool_for_the_person_it_serves(house: PlaneHouse) -> None:
    house.tell_secret("tickets-token", TOKEN)
    with ticket_server() as server:
        tools = {
            tool.name: tool.model_dump(by_alias=True, exclude_none=True) for tool in await server.server.list_tools()
        }
        tickets = IntegrationState(
            name="tickets",
            resource="ticket-server",
            connection=McpConnection(
                kind="mcp", url=server.url, credential=BearerToken(kind="bearer", secret="tickets-token")
            ),
            grant=DataGrant(
                integration="ticket-server",
                tables=(),
                served=(ToolGrant(tool="search", digest=digest_of(tools["search"])),),
            ),
            roles={},
        )
        state = house.release({"app.py": ASKS}, integrations=(tickets,))
        await house.until_running(state)
        found = json.loads((await house.get("/search")).text)
        refused = json.loads((await house.get("/close_ticket")).text)
        environment = json.loads((await house.get("/environment")).text)
        told = await house.until_event("tool.called")
    assert found["result"]["content"][0]["text"] == "3 of emea by age"
    assert "no access opens the tool close_ticket" in refused["error"]["message"]
    assert environment["TICKETS_URL"] == "http://tickets.internal/mcp"
    assert TOKEN not in str(environment)
    assert (told.actor, told.resource, told.app) == (
        "user:user@example.com", "integration:ticket-server", "finance/desk"
    )  # fmt: skip
