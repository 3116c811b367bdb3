"""A coding agent at work for a person, from outside: its name in the log, and no more than both may do."""

import json

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.journeys.conftest import Demo


@pytest.mark.req("IN3", "ID4")
def test_an_agent_of_the_builder_works_and_approves_nothing(demo: Demo) -> None:
    token = demo.cli("builder", "agent", "token", "--agent", "claude-code").stdout.strip()
    api = httpx2.Client(base_url=demo.ready["api_url"], headers={"authorization": f"Bearer {token}"})
    assert api.get("/me").json()["principal"] == "agent:claude-code/for/user:builder@example.com"
    asked = {"principal": api.get("/me").json()["principal"], "kind": "folder"}
    may = {(item["action"], item["resource"]) for item in api.get("/what-can", params=asked).json()["what"]}
    assert ("app.create", "folder:finance") in may
    assert ("folder.create", "folder:finance") not in may
    refused = api.post("/roles", json={"role": "builder", "holder": "user:user@example.com", "scope": "folder:finance"})
    assert refused.status_code == 403
    found = json.loads(demo.cli("auditor", "service", "list", "--kind", "agent", "--json").stdout)["services"]
    assert [(item["name"], item["last_used"] is not None) for item in found] == [("agent:claude-code", True)]
    demo.cli("admin", "service", "disable", "agent:claude-code", "--reason", "the test is over")
    assert api.get("/me").status_code == 401
    demo.cli("admin", "service", "enable", "agent:claude-code", "--reason", "for other tests")


@pytest.mark.req("RV1", "IN3")
async def test_the_ready_file_names_the_door_for_agents_and_its_tokens_open_it(demo: Demo) -> None:
    headers = {"authorization": f"Bearer {demo.ready['tokens']['builder']}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(demo.ready["mcp_url"], http_client=http)) as client,
    ):
        made = await client.call_tool("create_app", {"app": "finance/by-an-agent"})
        systems = await client.call_tool("describe_integrations", {})
        rules = await client.call_tool("house_rules", {"folder": "finance"})
    assert not made.is_error
    assert not systems.is_error
    assert not rules.is_error
