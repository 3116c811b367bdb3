"""A coding agent at work for a person, from outside: its name in the log, and no more than both may do."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.journeys.conftest import REFUND_DESK, Demo


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


@pytest.mark.req("RV1", "IN8", "OB4", "AI3")
async def test_an_agent_sends_an_app_sees_its_data_and_reads_what_it_writes(
    demo: Demo, eventually: Callable[..., Any]
) -> None:
    app = "finance/agents-desk"
    files = {
        str(path.relative_to(REFUND_DESK)): {"text": path.read_text()}
        for path in REFUND_DESK.rglob("*")
        if path.is_file() and path.suffix not in {".pyc", ".png"}
    }
    files["bailiwick.toml"]["text"] = files["bailiwick.toml"]["text"].replace('"refund-desk"', '"agents-desk"')
    (entry,) = [name for name in files if name.endswith("/app.py")]
    files[entry]["text"] += "\nprint('ready for ann@example.com')\n"
    token = demo.cli("builder", "agent", "token", "--agent", "claude-code", "--door", "mcp").stdout.strip()
    headers = {"authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=90) as http,
        Client(streamable_http_client(demo.ready["mcp_url"], http_client=http), mode="2026-07-28") as client,
    ):

        async def call(tool: str, **arguments: Any) -> Any:
            answer = await client.call_tool(tool, arguments)
            assert not answer.is_error, answer.content
            return answer.structured_content

        await call("create_app", app=app)
        await call("submit_change", app=app, message="First", files=files)
        preview = await call("run_preview", app=app, wait_seconds=50)
        assert preview["status"] in {"running", "starting"}, preview
        columns = await call("describe_columns", app=app, integration="orders")
        rows = await call("sample_rows", app=app, integration="orders", table="orders", rows=2)
        lines = await call("read_logs", app=app, text="ready", wait_seconds=20)
        production = await client.call_tool("read_logs", {"app": app, "mode": "production"})
    (orders,) = columns["integrations"]
    told = {item["column"]: item for table in orders["tables"] for item in table["columns"]}
    assert (told["card_number"]["mask"], told["card_number"]["class"]) == ("last4", "payment")
    assert [len(row) for row in rows["rows"]] == [len(rows["columns"])] * 2
    cards = [str(row[rows["columns"].index("card_number")]) for row in rows["rows"]]
    assert all(sum(sign.isdigit() for sign in card) == 4 for card in cards)
    assert [line["text"] for line in lines["lines"]] == ["ready for [EMAIL_1]"]
    assert production.is_error
    # The same by the command line, for builders only; and all of it is in the log, with who it was for.
    assert "ready for [EMAIL_1]" in demo.cli("builder", "logs", app, "--text", "ready").stdout
    assert demo.cli("auditor", "logs", app, ok=False).returncode == 1
    assert "18 tools" in demo.cli("admin", "agent", "verify-tools").stdout
    who = "agent:claude-code/for/user:builder@example.com"

    def audited(action: str) -> bool:
        found = json.loads(demo.cli("auditor", "audit", "search", "--action", action, "--json").stdout)["events"]
        return who in {event["actor"] for event in found}

    for action in ("app-log.read", "rows.sampled"):
        eventually(lambda action=action: audited(action), what=action)
