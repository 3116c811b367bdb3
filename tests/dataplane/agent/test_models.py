"""Models from inside a sandbox: on the app's own loopback, without a credential, for whom the app serves."""

import json
from collections.abc import Iterator

import pytest

from tests.fixtures.model_gateway import model
from tests.fixtures.model_server import WORDS, ModelServer, model_server
from tests.fixtures.plane import MANIFEST, PlaneHouse

WITH_MODEL = f'{MANIFEST}\n[models.default]\nuse = "support-model"\n'
ASKS = """
import json, os, urllib.error, urllib.request

def ask(path, body):
    base = os.environ["OPENAI_BASE_URL" if "chat" in path else "ANTHROPIC_BASE_URL"]
    asked = urllib.request.Request(base + path, json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(asked) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as fault:
        return json.load(fault)

def answer(path):
    if path == "/environment":
        return {name: value for name, value in os.environ.items() if "OPENAI" in name or "ANTHROPIC" in name}
    messages = [{"role": "user", "content": "where is it?"}]
    if path == "/messages":
        return ask("/v1/messages", {"model": "default", "max_tokens": 9, "messages": messages})
    return ask("/chat/completions", {"model": path.strip("/"), "messages": messages})

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    said = json.dumps(answer(scope["path"])).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said})
"""


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.mark.req("AI1", "AI2")
async def test_an_app_asks_the_model_that_it_declares_for_the_person_it_serves(
    house: PlaneHouse, server: ModelServer
) -> None:
    house.models = (
        model(url=server.url, has_key=False),
        model("other", url=server.url, has_key=False, model="opal-4", open_to=frozenset({"folder:finance"})),
    )
    state = house.release({"app.py": ASKS}, manifest=WITH_MODEL)
    await house.until_running(state)
    said = json.loads((await house.get("/default")).text)
    assert said["choices"][0]["message"]["content"] == "".join(WORDS)
    event = await house.until_event("model.called")
    assert (event.actor, event.app, event.release) == ("user:user@example.com", "finance/desk", state.release)
    assert event.deciders == ("apps-call-the-models-that-they-declare",)
    assert len(event.trace) == 32
    refused = json.loads((await house.get("/other")).text)
    assert "no policy lets" in refused["error"]["message"]
    wrong = json.loads((await house.get("/messages")).text)
    assert (wrong["type"], wrong["error"]["type"]) == ("error", "not_found_error")
    environment = json.loads((await house.get("/environment")).text)
    assert environment == {
        "OPENAI_BASE_URL": "http://gateway.models.internal/v1",
        "ANTHROPIC_BASE_URL": "http://gateway.models.internal",
        "OPENAI_API_KEY": "none-is-needed",
        "ANTHROPIC_API_KEY": "none-is-needed",
    }
    assert len(server.calls) == 1


@pytest.mark.req("AI2")
async def test_an_app_that_declares_none_finds_no_gateway(house: PlaneHouse, server: ModelServer) -> None:
    house.models = (model(url=server.url, has_key=False),)
    await house.until_running(house.release({"app.py": ASKS}))
    assert json.loads((await house.get("/environment")).text) == {}


@pytest.mark.req("AI2")
async def test_a_model_that_is_taken_back_is_refused_at_the_next_call(house: PlaneHouse, server: ModelServer) -> None:
    house.models = (model(url=server.url, has_key=False),)
    state = house.release({"app.py": ASKS}, manifest=WITH_MODEL)
    await house.until_running(state)
    assert "choices" in json.loads((await house.get("/default")).text)
    house.models = (model(url=server.url, has_key=False, open_to=frozenset({"app:finance/books"})),)
    await house.serve(state)
    assert "no policy lets" in json.loads((await house.get("/default")).text)["error"]["message"]
    house.models = ()
    await house.serve(state)
    assert "no model is configured here" in json.loads((await house.get("/default")).text)["error"]["message"]
