"""Models from outside: an app's, from its sandbox, and a person's, with a token; both by the gateway and in the log."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from playwright.sync_api import sync_playwright

from tests.fixtures.model_server import KEY, WORDS, ModelServer, model_server
from tests.fixtures.studio import calls, says
from tests.journeys.conftest import Demo, free_port_range, start_demo, stop_demo
from tests.journeys.test_bad_input import IDENTITY, LOCK
from tests.journeys.test_spine import CHROMIUM, Visitor

Eventually = Callable[..., Any]
ASKER = "finance/asker"
ASK: Any = [{"role": "user", "content": "Where is my order?"}]
MANIFEST = """[app]
name = "asker"
purpose = "Asks a model where an order is"
kind = "web"
runtime = "python3"
entrypoint = "asker:app"

[models.default]
use = "support-model"
"""
CODE = """import json
import os
import urllib.request

BASE = os.environ["OPENAI_BASE_URL"]


def ask():
    body = {"model": "default", "messages": [{"role": "user", "content": "Where is my order?"}]}
    asked = urllib.request.Request(BASE + "/chat/completions", json.dumps(body).encode())
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)["choices"][0]["message"]["content"]


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": ask().encode()})
"""
TELLS = """async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"told"})
"""


def gpt(demo: Demo, token: str) -> openai.OpenAI:
    return openai.OpenAI(api_key=token, base_url=f"{demo.ready['model_url']}/v1", max_retries=0)


@pytest.mark.req("AI2")
@pytest.mark.long
def test_with_no_model_configured_a_call_says_so_in_the_form_of_its_wire(demo: Demo) -> None:
    with pytest.raises(openai.NotFoundError, match="no model is configured here"):
        gpt(demo, demo.ready["tokens"]["builder"]).chat.completions.create(model="any", messages=ASK)
    with pytest.raises(openai.AuthenticationError):
        gpt(demo, "bwt_guessed").chat.completions.create(model="any", messages=ASK)
    assert "no model was given to you" in demo.cli("builder", "model", "list").stdout


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.fixture(scope="module")
def asking(home: Path, server: ModelServer) -> Iterator[Demo]:
    key = home / "model-key"
    key.write_text(KEY)
    model = {
        "name": "support-model", "wire": "openai-chat", "url": server.url, "model": "nova-large",
        "key": {"file": str(key)}, "open_to": ["user:builder@example.com", "folder:finance", "agent:studio"],
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAILIWICK_INFERENCE__MODELS", json.dumps([model]))
        running = start_demo(home / "asking", free_port_range())
    yield running
    stop_demo(running)


@pytest.mark.req("AI1", "AI2", "IN3")
def test_an_app_and_its_builder_reach_a_model_and_hold_no_key(
    asking: Demo, server: ModelServer, tmp_path: Path, eventually: Eventually
) -> None:
    token = asking.cli("builder", "model", "token").stdout.strip()
    assert "support-model" in asking.cli("builder", "model", "list").stdout
    gpt(asking, token).chat.completions.create(model="support-model", messages=ASK)
    with pytest.raises(openai.PermissionDeniedError):
        gpt(asking, asking.ready["tokens"]["auditor"]).chat.completions.create(model="support-model", messages=ASK)
    folder = tmp_path / "asker"
    folder.mkdir()
    files = {"bailiwick.toml": MANIFEST, "asker.py": CODE, "requirements.lock": LOCK.read_text()}
    for name, text in files.items():
        (folder / name).write_text(text)
    for command in (["init", "--quiet", "--initial-branch=main"], ["add", "-A"], ["commit", "-qm", "ask"]):
        subprocess.run(["git", *IDENTITY, *command], cwd=folder, check=True)
    asking.cli("builder", "app", "create", ASKER)
    asking.cli("builder", "push", ASKER, cwd=folder)
    eventually(lambda: "preview running" in " ".join(asking.cli("builder", "app", "show", ASKER).stdout.split()), 90)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = Visitor(browser, asking, "builder@example.com").open(
            f"http://asker.preview.localhost:{asking.port + 10}"
        )
        assert "".join(WORDS) in page.inner_text("body")
        browser.close()
    assert {call.headers["authorization"] for call in server.calls} == {f"Bearer {KEY}"}

    def called() -> list[dict[str, Any]]:
        done = asking.cli("auditor", "audit", "search", "--action", "model.called", "--json")
        found: list[dict[str, Any]] = json.loads(done.stdout)["events"]
        return found

    events = eventually(lambda: called() if len(called()) == len(server.calls) else None)
    assert {(event["actor"], event["app"], event["plane"]) for event in events} == {
        ("user:builder@example.com", "", "production"),
        ("user:builder@example.com", ASKER, "editor"),
    }
    assert "Where is my order" not in json.dumps(events)


@pytest.mark.req("RV1", "RV10", "IN3", "RT1")
def test_an_app_that_the_studio_wrote_runs_as_a_preview_and_waits_for_its_approval(
    asking: Demo, server: ModelServer, eventually: Eventually
) -> None:
    owner = ("--owner", "user:admin@example.com", "--purpose", "Writes apps with builders")
    asking.cli("admin", "service", "create", "agent:studio", *owner)
    asking.cli("admin", "role", "assign", "builder", "agent:studio", "folder:finance")
    manifest = MANIFEST.replace("asker", "teller").partition("[models")[0]
    written = (("bailiwick.toml", manifest), ("teller.py", TELLS), ("requirements.lock", LOCK.read_text()))
    server.once[:] = [
        calls(*(("write_file", {"path": path, "text": text}) for path, text in written)),
        calls(("show_preview", {"message": "It tells"}), ("preview_status", {})),
        says("It tells what it was asked to."),
    ]
    with asking.api("builder") as api:
        asked = {"app": "finance/teller", "model": "support-model", "create": True}
        conversation = api.post("/studio/conversations", json=asked).json()["id"]
        path = f"/studio/conversations/{conversation}"
        assert api.post(f"{path}/ask", json={"text": "An app that tells"}).status_code == 202
        events = api.get(f"{path}/events", timeout=120).text
        found = api.get(path).json()
        assert "event: over" in events, events
        assert found["state"] == "idle", found
        status = next(step["text"] for step in found["steps"] if step["tool"] == "preview_status")
        assert status.startswith("live, running"), found
        address = found["preview"]
        deploy = api.post(f"{path}/deploy", json={"message": "It tells"}).json()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        assert "told" in Visitor(browser, asking, "builder@example.com").open(address).inner_text("body")
        browser.close()
    assert "finance/teller" in asking.cli("admin", "approve", "--list").stdout
    assert asking.cli("builder", "approve", deploy["id"], "--reason", "mine", ok=False).returncode != 0
    asking.cli("admin", "approve", deploy["id"], "--reason", "read it")
    said = asking.cli("auditor", "audit", "search", "--action", "model.called", "--json").stdout
    actors = {event["actor"] for event in json.loads(said)["events"] if event["context"].get("streamed")}
    assert actors == {"agent:studio/for/user:builder@example.com"}
