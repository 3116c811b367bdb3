"""Answers that are given again: only where settings say so, to nobody else, until anything changes."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from bailiwick.core.messages import AnswerRules
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.core.prompt_logs import BY_TOKEN, LOG_PATH
from bailiwick.dataplane.gateways.model import Caller, KeptAnswers
from bailiwick.dataplane.gateways.model.bodies import read_body
from bailiwick.dataplane.gateways.model.conversation import read_conversation
from bailiwick.dataplane.gateways.model.kept_answers import Slot, Wish, wish_of
from bailiwick.dataplane.gateways.model.paths import ENDPOINTS
from bailiwick.dataplane.gateways.model.policing import About, Admitted, Noticed
from bailiwick.dataplane.router.wire import RequestHead, parse_request
from tests.dataplane.gateways.test_prompt_log import opener
from tests.fixtures.model_gateway import EVE, ModelHouse, model, model_house
from tests.fixtures.model_server import KEY, ModelServer, model_server

pytestmark = pytest.mark.req("AI5", "AI2", "DG1")
ANN = Identity(Principal("user", "ann@example.com"), frozenset({"user:ann@example.com", "group:support"}))
CHAT = "/v1/chat/completions"
COLD: dict[str, Any] = {"messages": [{"role": "user", "content": "Where is it?"}], "temperature": 0}
TRACES = {"a" * 32: EVE, "b" * 32: ANN}
EVERY = {"seconds": 300, "when": ["temperature-zero", "embeddings"]}


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Iterator[ModelHouse]:
    with model_house(tmp_path_factory.mktemp("plane")) as made:
        made.keys = dict.fromkeys(("support-model", "shared", "never", "opal"), KEY)
        made.tokens["bwt_ann"] = ANN
        for trace, identity in TRACES.items():
            made.calls[trace] = Call(identity, "finance/desk", "rel_1", trace)
        yield made


def told(house: ModelHouse, server: ModelServer, **more: Any) -> None:
    price = {"input": 1.0, "output": 2.0}
    house.tell(
        model(
            "support-model",
            url=server.url,
            answers=EVERY,
            logs="full",
            price=price,
            tokens_per_day=10**12,
            caller_tokens_per_day=10**12,
        ),
        model("shared", url=server.url, model="shared-1", answers={**EVERY, "of": "app"}),
        model("never", url=server.url, model="never-1"),
        model("opal", url=server.url, family="anthropic", model="opal-4", answers=EVERY),
        **more,
    )


@pytest.fixture(autouse=True)
def fresh(house: ModelHouse, server: ModelServer) -> None:
    server.says, server.more_headers = None, {}
    told(house, server)
    house.events.clear()
    server.calls.clear()


def ask(
    house: ModelHouse, body: Any = COLD, name: str = "support-model", path: str = CHAT, token: str = "bwt_eve",
    app: str = "", headers: Any = (),
) -> httpx2.Response:  # fmt: skip
    """Ask by token, or as an app that serves the person of a trace."""
    raw = body if isinstance(body, bytes) else json.dumps({"model": name, **body}).encode()
    sent = [("content-type", "application/json"), *headers]
    sent.append(("traceparent", f"00-{app}-{'1' * 16}-01") if app else ("authorization", f"Bearer {token}"))
    url = (house.app_url if app else house.url) + path
    answer = httpx2.post(url, content=raw, headers=sent, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer


def called(house: ModelHouse, count: int) -> list[Any]:
    over = time.monotonic() + 10
    while len(found := [event for event in house.events if event.action == "model.called"]) < count:
        assert time.monotonic() < over, house.events
        time.sleep(0.01)
    return found


def said(answer: httpx2.Response) -> str:
    """Return the words of an answer; those of a stream, which may stand in other pieces of it, together."""
    if not answer.headers["content-type"].startswith("text/event-stream"):
        return answer.text
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    pieces = [choice["delta"].get("content", "") for line in lines[:-1] for choice in json.loads(line)["choices"]]
    return "".join(pieces)


def hit(answer: httpx2.Response) -> str:
    return answer.headers.get("x-bailiwick-cache", "")


def test_an_answer_is_given_again_in_its_form_and_costs_nothing(house: ModelHouse, server: ModelServer) -> None:
    for place, extra in enumerate(({}, {"stream": True, "stream_options": {"include_usage": True}})):
        first = ask(house, {**COLD, **extra})
        called(house, 2 * place + 1)
        assert house.models.gateway.budget.report()
        second = ask(house, {**COLD, **extra})
        assert (hit(first), hit(second), second.headers["cache-control"]) == ("miss", "hit", "private, no-store")
        assert int(second.headers["age"]) >= 0
        assert "age" not in first.headers
        assert said(second) == said(first) != ""
        assert second.headers["content-type"] == first.headers["content-type"]
        called(house, 2 * place + 2)
        assert not house.models.gateway.budget.report(), "nothing was used of any budget"
    assert len(server.calls) == 2
    once, again = called(house, 4)[:2]
    assert once.context["cost"] > 0 and "given_again" not in once.context
    assert (again.context["given_again"], again.context["cost"], again.context["tokens_in"]) == (True, 0, 0)
    assert again.context["age_seconds"] >= 0 and again.context["streamed"] is False
    # It stands in the prompt log as any call.
    entries = httpx2.get(f"{house.url}{LOG_PATH}", params={"app": ""}, headers=opener(house, BY_TOKEN), timeout=20)
    assert entries.text.count("Where is it?") >= 4
    assert ask(house, {"input": "x", "encoding_format": "float"}, path="/v1/embeddings").content == (
        ask(house, {"input": "x", "encoding_format": "float"}, path="/v1/embeddings").content
    )
    message = {**COLD, "max_tokens": 5}
    assert [hit(ask(house, message, "opal", "/v1/messages")) for _ in range(2)] == ["miss", "hit"]


@pytest.mark.parametrize(
    ("name", "extra", "path"),
    [
        ("never", {}, CHAT),
        ("support-model", {"temperature": 0.1}, CHAT),
        ("support-model", {"temperature": False}, CHAT),
        ("support-model", {"temperature": None}, CHAT),
        ("support-model", {"n": 2}, CHAT),
        ("support-model", {"tools": [{"type": "function", "function": {"name": "pay", "parameters": {}}}]}, CHAT),
        ("support-model", {"functions": [{"name": "pay", "parameters": {}}]}, CHAT),
        ("support-model", {"web_search_options": {}}, CHAT),
        ("support-model", {"something": "new"}, CHAT),
        ("support-model", {"messages": [{"role": "tool", "tool_call_id": "1", "content": "paid"}]}, CHAT),
        ("support-model", {"messages": None, "input": "Where?"}, "/v1/responses"),
        ("support-model", {"messages": None, "input": "Where?", "previous_response_id": "resp_1"}, "/v1/responses"),
        ("opal", {"mcp_servers": [{"name": "x"}], "max_tokens": 5}, "/v1/messages"),
    ],
)
def test_what_no_policy_names_or_has_effects_is_asked_each_time(
    house: ModelHouse, server: ModelServer, name: str, extra: dict[str, Any], path: str
) -> None:
    body = {key: value for key, value in {**COLD, **extra}.items() if key != "messages" or value is not None}
    assert [hit(ask(house, body, name, path)) for _ in range(2)] == ["", ""]
    assert len(server.calls) == 2


def test_nobody_is_given_what_another_one_was(house: ModelHouse, server: ModelServer) -> None:
    eve, ann = TRACES
    for asking in ({"token": "bwt_eve"}, {"token": "bwt_ann"}, {"app": eve}, {"app": ann}):
        assert [hit(ask(house, **asking)) for _ in range(2)] == ["miss", "hit"], asking
    assert len(server.calls) == 4
    # Where settings say so all of an app have them together, and whoever shows a token still has their own.
    told(house, server)
    server.calls.clear()
    for token in ("bwt_eve", "bwt_ann"):
        assert [hit(ask(house, name="shared", token=token)) for _ in range(2)] == ["miss", "hit"]


def test_whatever_planes_are_told_empties_it(house: ModelHouse, server: ModelServer) -> None:
    for change in ({}, {"epochs": {"user:ann@example.com": 7}}):
        assert hit(ask(house)) == "miss"
        assert hit(ask(house)) == "hit"
        told(house, server, **change)
    assert hit(ask(house)) == "miss"
    # A kill, before anything else is told.
    house.loop.call_soon_threadsafe(house.models.gateway.end_using, "support-model")
    over = time.monotonic() + 10
    while hit(ask(house)) != "miss":
        assert time.monotonic() < over
    house.loop.call_soon_threadsafe(house.models.gateway.end_revoked, {})
    while hit(ask(house)) != "miss":
        assert time.monotonic() < over


def test_what_is_kept_holds_no_secret_and_is_looked_through_again(house: ModelHouse, server: ModelServer) -> None:
    secret = "ghp_" + "a1B2" * 9
    body = {"choices": [{"message": {"role": "assistant", "content": f"it is {secret}"}}], "usage": {}}
    server.says = (200, "application/json", [json.dumps(body).encode()])
    for _ in range(2):
        assert secret not in ask(house).text
    kept = [one.body for shelf in house.models.gateway.answers._found.values() for one in shelf.values()]
    assert kept and all(secret.encode() not in one for one in kept)
    # A value that the plane holds since then is not shown, although the answer was kept before.
    words = "the-new-password-of-the-warehouse"
    body["choices"][0]["message"]["content"] = f"it is {words}"  # type: ignore[index]
    server.says = (200, "application/json", [json.dumps(body).encode()])
    assert words in ask(house, {**COLD, "seed": 1}).text
    house.models._secrets = lambda: [words]
    again = ask(house, {**COLD, "seed": 1})
    assert hit(again) == "hit" and words not in again.text
    house.models._secrets = lambda: []


def test_what_failed_or_is_too_large_is_not_kept(house: ModelHouse, server: ModelServer) -> None:
    server.more_headers = {"cache-control": "no-store"}
    assert [hit(ask(house)) for _ in range(2)] == ["miss", "miss"]
    server.more_headers = {}
    server.says = (200, "application/json", [b'{"choices": [], "more": "' + b"x" * (17 * 2**20) + b'"}'])
    assert [hit(ask(house)) for _ in range(2)] == ["miss", "miss"]
    server.says = (400, "application/json", [b'{"error": {"message": "no"}}'])
    for _ in range(2):
        raw = json.dumps({"model": "support-model", **COLD})
        answer = httpx2.post(f"{house.url}{CHAT}", content=raw, headers={"authorization": "Bearer bwt_eve"}, timeout=20)
        assert (answer.status_code, hit(answer)) == (400, "miss")


def test_whoever_says_no_store_is_neither_given_nor_kept(house: ModelHouse, server: ModelServer) -> None:
    assert hit(ask(house, headers=[("cache-control", "no-store")])) == ""
    assert hit(ask(house)) == "miss"
    for words in ("No-Store", "max-age=0, no-store", 'private="x"', "no-cache, no-store", "s-maxage"):
        assert hit(ask(house, headers=[("cache-control", words)])) == "", words
    assert hit(ask(house, headers=[("cache-control", "max-age=60"), ("cache-control", "no-store")])) == ""
    assert hit(ask(house, headers=[("cache-control", "no-cache")])) == "miss"
    assert hit(ask(house, headers=[("cache-control", "max-age=600")])) == "hit"


def test_hostile_bodies_and_headers_do_not_meet(house: ModelHouse, server: ModelServer) -> None:
    def body_of(content: str, more: str = "") -> bytes:
        return f'{{"model": "support-model", "temperature": 0, "messages": [{content}]{more}}}'.encode()

    def text(words: str) -> str:
        return f'{{"role": "user", "content": "{words}"}}'

    bodies = [
        body_of(text("caf\u00e9")), body_of(text("cafe\u0301")), body_of(text("ca\ufb01")), body_of(text("cafi")),
        body_of(text("a\\u0000b")), body_of(text("ab")), body_of(text("a"), ', "seed": 1'),
        body_of(text("a"), ', "seed": 10'),
        body_of(text("a"), ', "top_p": 1'), body_of(text("a"), ', "top_p": 1.0'), body_of(text("a"), ', "top_p": true'),
        body_of('{"content": "a", "role": "user"}'), body_of(text("a")), body_of(text("a") + "," + text("a")),
        body_of(text('a\\"},{\\"role\\": \\"user\\", \\"content\\": \\"a')), body_of(text("\\ud800")),
        body_of(text("?")),
    ]  # fmt: skip
    assert [hit(ask(house, body)) for body in bodies] == ["miss"] * len(bodies)
    # White space and escapes are the same words.
    assert hit(ask(house, body_of(text("caf\\u00e9")).replace(b": ", b" :  "))) == "hit"
    twice = body_of(text("a"), ', "temperature": 0')
    headers = {"authorization": "Bearer bwt_eve"}
    assert httpx2.post(f"{house.url}{CHAT}", content=twice, headers=headers, timeout=20).status_code == 400
    first = [("anthropic-version", "2023-06-01")]
    body = {**COLD, "max_tokens": 5}
    for more in ([], [("anthropic-beta", "x")], [("anthropic-beta", "x,y")], [("accept", "text/plain")]):
        assert hit(ask(house, body, "opal", "/v1/messages", headers=[*first, *more])) == "miss", more
    assert hit(ask(house, body, "opal", "/v1/messages?beta=true", headers=first)) == "miss"


# -- the shelf itself --------------------------------------------------------------------------------------------------


def agent(person: Identity) -> Identity:
    return Identity(Principal("agent", f"coder/for/{person.principal}"), frozenset(), behalf=person)


def slot(shelf: KeptAnswers, caller: Caller, body: Any = COLD, **rules: Any) -> Slot:
    asked = read_body(json.dumps({"model": "m", **body}).encode())
    noticed = Noticed(read_conversation(asked.document), frozenset(), frozenset(), frozenset())
    admitted = Admitted("cnv", About(), frozenset(), {}, lambda _: pytest.fail("nobody asks"))
    state = model(answers=AnswerRules.model_validate(rules))
    found = shelf.slot(caller, state, asked, head(), ENDPOINTS[CHAT], noticed, admitted)
    assert found is not None
    return found


def head(*lines: str) -> RequestHead:
    written = "".join(f"{line}\r\n" for line in lines)
    return parse_request(f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n{written}\r\n".encode())


def test_tenants_apps_environments_and_persons_never_meet() -> None:
    shelf = KeptAnswers(lambda: None)
    desk = Caller(EVE, "finance/desk", tenant="one", environment="production")
    callers = [
        desk, replace(desk, tenant="two"), replace(desk, app="finance/des"), replace(desk, environment="editor"),
        replace(desk, identity=ANN), Caller(EVE, tenant="one"),
        replace(desk, identity=agent(EVE)), replace(desk, identity=agent(ANN)),
    ]  # fmt: skip
    names = {slot(shelf, caller).name for caller in callers}
    assert len(names) == len(callers)
    assert slot(shelf, desk, of="app").name == slot(shelf, replace(desk, identity=ANN), of="app").name
    assert slot(shelf, Caller(EVE), of="app").name != slot(shelf, Caller(ANN), of="app").name
    assert slot(shelf, desk, of="app").name != slot(shelf, desk).name


def test_no_more_is_kept_than_there_is_room_and_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now, state = 1000.0, [object()]
    monkeypatch.setattr(time, "monotonic", lambda: now)
    shelf = KeptAnswers(lambda: state[0])
    slots = [slot(shelf, Caller(EVE), {**COLD, "seed": n}, most=3, most_bytes=2048, seconds=60) for n in range(4)]
    for one in slots[:3]:
        shelf.put(one, b"text/plain", b"x" * 500)
    assert shelf.get(slots[0]) is not None
    shelf.put(slots[3], b"text/plain", b"x" * 500)
    assert [shelf.get(one) is not None for one in slots] == [True, False, True, True]
    shelf.put(slots[1], b"text/plain", b"x" * 1200)
    assert sum(len(kept.body) for kept in shelf._found["support-model"].values()) <= 2048
    shelf.put(slots[0], b"text/plain", b"x" * 5000)
    assert shelf.get(slots[1]) is not None
    now += 30
    assert shelf.get(replace(slots[1], wish=Wish(most_age=29))) is None
    assert shelf.get(slots[1]) is not None
    now += 30
    assert shelf.get(slots[1]) is None
    shelf.put(slots[2], b"text/plain", b"x")
    state[0] = object()
    assert shelf.get(slots[2]) is None
    shelf.put(slots[2], b"text/plain", b"x")
    assert not shelf._found, "what was asked under other rules is not kept"


@pytest.mark.parametrize(
    ("lines", "wish"),
    [
        ((), Wish()),
        (("cache-control: no-cache",), Wish(give=False)),
        (("pragma: no-cache",), Wish(give=False)),
        (("cache-control: max-age=0",), Wish(give=False, most_age=0)),
        (("cache-control: max-age=9, max-age=4",), Wish(most_age=4)),
        (("cache-control: no-cache", "cache-control: no-store"), Wish(give=False, keep=False)),
        (("cache-control: max-age=-1",), Wish(give=False, keep=False)),
        (("cache-control: max-age=\u0664",), Wish(give=False, keep=False)),
        (("cache-control: ,",), Wish()),
    ],
)
def test_what_a_caller_says_of_caches(lines: tuple[str, ...], wish: Wish) -> None:
    assert wish_of(head(*lines)) == wish
