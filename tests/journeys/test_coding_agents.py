"""The real Claude Code and Codex, offline before a scripted model: through the model gateway, and the door for agents.

They find an app, send a change that the review refuses, and read what was found. What they hold are tokens of minutes.
"""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.npm import installed
from tests.fixtures.releasing import SPAWNS
from tests.journeys.conftest import Demo, free_port_range, start_demo, stop_demo
from tests.journeys.test_models import Eventually

pytestmark = [pytest.mark.req("AI2", "ID4", "RV1"), pytest.mark.timeout(900), pytest.mark.long]
KEY = "the-key-of-the-model-server"
CLIENT_SECONDS = 180
ASKED = "Find my app, send the change, and read what was found."
MANIFEST = """[app]
name = "{name}"
purpose = "Shows orders to support staff"
kind = "web"
runtime = "python3"
entrypoint = "app:app"
"""


def script(app: str) -> list[dict[str, Any]]:
    """Return what the model asks for, one tool after the other."""
    files = {"bailiwick.toml": {"text": MANIFEST.format(name=app.partition("/")[2])}, "app.py": {"text": SPAWNS}}
    change = {"app": app, "base": "$commit", "message": "First", "files": files, "model": "scripted"}
    return [
        {"tool": "find_apps", "arguments": {"words": app}},
        {"tool": "submit_change", "arguments": change},
        {"tool": "findings", "arguments": {"app": app}},
    ]


@contextlib.contextmanager
def scripted_model(packages: Path, app: str) -> Iterator[str]:
    """Yield the address of a model that follows the script for an app."""
    process = subprocess.Popen(
        ["node", "model.mjs"], cwd=packages, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(script(app)))
    process.stdin.close()
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@dataclass
class Desk:
    """Where a person works with a coding agent: their machine, and the platform."""

    demo: Demo
    packages: Path
    home: Path

    def program(self, pattern: str) -> Path:
        """Return the program of a client for this machine."""
        return next(iter(sorted((self.packages / "node_modules").glob(pattern))))

    def tokens(self, agent: str) -> dict[str, str]:
        """Return what the client is given: short-lived tokens for the door of agents, and for models."""
        door = self.demo.cli("builder", "agent", "token", "--agent", agent, "--door", "mcp").stdout.strip()
        return {"BAILIWICK_MCP_TOKEN": door, "MODEL_TOKEN": self.demo.cli("builder", "model", "token").stdout.strip()}

    def run(self, *command: str | Path, **environment: str) -> list[dict[str, Any]]:
        """Run a client to its end, with nothing of this environment; return the events that it prints as JSON."""
        folder = self.home / "work"
        folder.mkdir(parents=True, exist_ok=True)
        # Whoever is spoken to but this machine lies behind a proxy that is not there.
        nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
        own = {"PATH": os.environ["PATH"], "HOME": str(self.home), "NO_PROXY": "127.0.0.1", **nowhere, **environment}
        done = subprocess.run(
            command, cwd=folder, env=own, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=CLIENT_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def told(self, action: str) -> list[dict[str, Any]]:
        """Return the audit events of an action."""
        done = self.demo.cli("auditor", "audit", "search", "--action", action, "--json")
        found: list[dict[str, Any]] = json.loads(done.stdout)["events"]
        return found


@pytest.fixture(scope="module")
def running(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Path]]:
    packages = installed("coding-agents", "model.mjs")
    key = tmp_path_factory.mktemp("model") / "key"
    key.write_text(KEY)
    with scripted_model(packages, "finance/by-claude") as claude, scripted_model(packages, "finance/by-codex") as codex:
        models = [
            {"name": name, "wire": wire, "url": f"{url}/v1", "model": "scripted", "key": {"file": str(key)},
             "open_to": ["user:builder@example.com"]}
            for name, wire, url in (
                ("house-writer", "anthropic", claude), ("house-coder", "openai-responses", codex)
            )
        ]  # fmt: skip
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BAILIWICK_INFERENCE__MODELS", json.dumps(models))
            demo = start_demo(home / "coding", free_port_range())
        for app in ("finance/by-claude", "finance/by-codex"):
            demo.cli("builder", "app", "create", app)
        if "agent:codex" not in demo.cli("admin", "service", "list").stdout:
            words = ("--owner", "user:admin@example.com", "--purpose", "Writes code for people", "--public")
            demo.cli("admin", "service", "create", "agent:codex", *words)
            demo.cli("admin", "role", "assign", "builder", "agent:codex", "folder:finance")
        yield demo, packages
        stop_demo(demo)


@pytest.fixture
def desk(running: tuple[Demo, Path], tmp_path: Path) -> Desk:
    return Desk(*running, tmp_path / "home")


def was_done(desk: Desk, agent: str, app: str, model: str, eventually: Eventually) -> None:
    """See that the platform knows what a client did: for whom, by which door, and that nothing went round the gate."""
    who = f"agent:{agent}/for/user:builder@example.com"
    called = [item for item in desk.told("tool.called") if item["actor"] == who]
    assert {item["resource"] for item in called} == {"tool:find_apps", "tool:submit_change", "tool:findings"}
    with desk.demo.api("builder") as api:
        (revision,) = api.get(f"/history/{app}").json()["revisions"]
    assert revision["accepted"] is False
    assert (revision["door"], revision["verified_agent"]) == ("mcp", f"agent:{agent}")
    asked = eventually(lambda: [item for item in desk.told("model.called") if item["resource"] == f"model:{model}"], 60)
    assert {item["actor"] for item in asked} == {"user:builder@example.com"}


def test_claude_code_sends_a_change_and_reads_what_was_found(desk: Desk, eventually: Eventually) -> None:
    tokens = desk.tokens("claude-code")
    server = {"type": "http", "url": desk.demo.ready["mcp_url"],
              "headers": {"Authorization": "Bearer ${BAILIWICK_MCP_TOKEN}"}}  # fmt: skip
    events = desk.run(
        desk.program("@anthropic-ai/claude-code-linux-*/claude"),
        "--print", ASKED, "--model", "house-writer", "--mcp-config", json.dumps({"mcpServers": {"bailiwick": server}}),
        "--strict-mcp-config", "--allowedTools", "mcp__bailiwick", "--output-format", "stream-json", "--verbose",
        ANTHROPIC_BASE_URL=desk.demo.ready["model_url"],
        ANTHROPIC_AUTH_TOKEN=tokens["MODEL_TOKEN"],
        ANTHROPIC_DEFAULT_HAIKU_MODEL="house-writer",
        BAILIWICK_MCP_TOKEN=tokens["BAILIWICK_MCP_TOKEN"],
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
        ENABLE_TOOL_SEARCH="false",
    )  # fmt: skip
    results = [
        part
        for event in events
        if event["type"] == "user"
        for part in event["message"]["content"]
        if part["type"] == "tool_result"
    ]
    found, sent, read = (str(item["content"]) for item in results)
    assert "finance/by-claude" in found
    # What its model is shown of a refused change, and of the review: the rule, and what to do next.
    assert results[1].get("is_error") is True
    for words in (sent, read):
        assert "process-spawning" in words
    assert "mend these and call submit_change again" in sent
    assert events[-1]["result"] == "All is done."
    was_done(desk, "claude-code", "finance/by-claude", "house-writer", eventually)


def test_codex_sends_a_change_and_reads_what_was_found(desk: Desk, eventually: Eventually) -> None:
    tokens = desk.tokens("codex")
    settings = {
        "model": "house-coder",
        "model_provider": "bailiwick",
        "approval_policy": "never",
        "model_providers.bailiwick.name": "Bailiwick",
        "model_providers.bailiwick.base_url": f"{desk.demo.ready['model_url']}/v1",
        "model_providers.bailiwick.env_key": "BAILIWICK_MODEL_TOKEN",
        "model_providers.bailiwick.wire_api": "responses",
        "mcp_servers.bailiwick.url": desk.demo.ready["mcp_url"],
        "mcp_servers.bailiwick.bearer_token_env_var": "BAILIWICK_MCP_TOKEN",
        "mcp_servers.bailiwick.default_tools_approval_mode": "approve",
    }
    options = [word for name, value in settings.items() for word in ("--config", f"{name}={json.dumps(value)}")]
    events = desk.run(
        desk.program("@openai/codex-linux-*/vendor/*/bin/codex"),
        "exec", "--skip-git-repo-check", "--json", *options, ASKED,
        BAILIWICK_MODEL_TOKEN=tokens["MODEL_TOKEN"],
        BAILIWICK_MCP_TOKEN=tokens["BAILIWICK_MCP_TOKEN"],
    )  # fmt: skip
    calls = [
        event["item"]
        for event in events
        if event["type"] == "item.completed" and event["item"]["type"] == "mcp_tool_call"
    ]
    assert [item["tool"] for item in calls] == ["find_apps", "submit_change", "findings"]
    found, sent, read = (json.dumps(item) for item in calls)
    assert "finance/by-codex" in found
    for words in (sent, read):
        assert "process-spawning" in words
    assert "mend these and call submit_change again" in sent
    assert events[-2]["item"]["text"] == "All is done."
    was_done(desk, "codex", "finance/by-codex", "house-coder", eventually)
