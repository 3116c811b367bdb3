"""The model gateway seen by the official libraries, with a model's server that remembers what reached it."""

import json
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.core.redaction import Redacted
from bailiwick.dataplane.gateways.model import Upstreams
from bailiwick.dataplane.guard import RateLimit
from tests.control.exporters.certificates import Certificates
from tests.fixtures.model_gateway import EVE, SECRET, ModelHouse, model, model_house
from tests.fixtures.model_server import KEY, WORDS, ModelServer, data, model_server

SAID = "".join(WORDS)
ASK: Any = [{"role": "user", "content": "Where is my order?"}]
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.fixture
def house(tmp_path: Path, server: ModelServer) -> Iterator[ModelHouse]:
    with model_house(tmp_path / "plane") as made:
        made.keys = {"support-model": KEY, "writer": KEY}
        made.tell(model(url=server.url), model("writer", url=server.url, family="anthropic", model="opal-4"))
        yield made


def gpt(house: ModelHouse, token: str = "bwt_eve", url: str = "", **more: Any) -> openai.OpenAI:
    return openai.OpenAI(api_key=token, base_url=f"{url or house.url}/v1", max_retries=0, timeout=20, **more)


def claude(house: ModelHouse, token: str = "bwt_eve", url: str = "") -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key=token, base_url=url or house.url, max_retries=0, timeout=20)


def settled(house: ModelHouse, count: int = 1) -> Any:
    """Return the last audit event once there are so many."""
    over = time.monotonic() + 10
    while len(house.events) < count:
        assert time.monotonic() < over, house.events
        time.sleep(0.01)
    return house.events[-1]


@pytest.mark.req("AI2", "AI7")
def test_every_endpoint_works_with_the_official_libraries(house: ModelHouse, server: ModelServer) -> None:
    chat = gpt(house).chat.completions.create(model="support-model", messages=ASK)
    assert chat.choices[0].message.content == SAID
    assert gpt(house).responses.create(model="support-model", input="Where?").output_text == SAID
    embedded = gpt(house).embeddings.create(model="support-model", input="Where?", encoding_format="float")
    assert embedded.data[0].embedding == [0.25, -0.5]
    message = claude(house).messages.create(model="writer", max_tokens=100, messages=ASK)
    assert message.content[0].text == SAID
    assert claude(house).messages.count_tokens(model="writer", messages=ASK).input_tokens == 42
    assert [model.id for model in gpt(house).models.list()] == ["support-model"]
    assert [model.id for model in claude(house).models.list()] == ["writer"]
    assert [call.document["model"] for call in server.calls] == ["nova-large", "nova-large", "nova-large", "opal-4",
                                                                "opal-4"]  # fmt: skip


@pytest.mark.req("AI2", "AI7")
def test_streams_come_as_they_are_written(house: ModelHouse, server: ModelServer) -> None:
    stream = gpt(house).chat.completions.create(model="support-model", messages=ASK, stream=True)
    assert [word for chunk in stream if (word := chunk.choices[0].delta.content)] == WORDS
    events = gpt(house).responses.create(model="support-model", input="Where?", stream=True)
    assert "".join(item.delta for item in events if item.type == "response.output_text.delta") == SAID
    with claude(house).messages.stream(model="writer", max_tokens=100, messages=ASK) as told:
        assert [word for word in told.text_stream if word] == WORDS
    first = data({"choices": [{"index": 0, "delta": {"content": "at once "}, "finish_reason": None}]})
    server.says = (200, "text/event-stream", [first, 3.0, b"data: [DONE]\n\n"])
    began = time.monotonic()
    chunk = next(iter(gpt(house).chat.completions.create(model="support-model", messages=ASK, stream=True)))
    assert (chunk.choices[0].delta.content, time.monotonic() - began < 2.5) == ("at once ", True)


@pytest.mark.req("AI2")
def test_a_call_is_audited_by_its_sizes_and_never_by_its_words(house: ModelHouse) -> None:
    gpt(house).chat.completions.create(model="support-model", messages=ASK)
    event = settled(house)
    assert (event.action, event.actor, event.resource) == (
        "model.called",
        "user:eve@example.com",
        "model:support-model",
    )
    assert (event.context["tokens_in"], event.context["tokens_out"]) == (120, 30)
    assert event.deciders == ("models-are-called-by-those-they-were-given-to",)
    gpt(house).chat.completions.create(
        model="support-model", messages=ASK, stream=True, stream_options={"include_usage": True}
    ).close()
    claude(house).messages.create(model="writer", max_tokens=9, messages=ASK)
    told = settled(house, 3)
    assert (told.context["tokens_in"], told.context["tokens_out"], told.context["endpoint"]) == (
        120,
        30,
        "/v1/messages",
    )
    written = " ".join(event.model_dump_json() for event in house.events)
    assert "order" not in written
    assert KEY not in written


@pytest.mark.req("AI2")
def test_the_key_is_added_on_the_way_and_never_comes_back(house: ModelHouse, server: ModelServer) -> None:
    gpt(house).chat.completions.create(model="support-model", messages=ASK)
    claude(house).messages.create(model="writer", max_tokens=9, messages=ASK)
    assert server.calls[0].headers["authorization"] == f"Bearer {KEY}"
    assert server.calls[1].headers["x-api-key"] == KEY
    assert "bwt_eve" not in str([(call.headers, call.body) for call in server.calls])
    # A server that repeats what it was sent, in pieces that part the key.
    halves = [b'{"error": {"message": "' + KEY[:10].encode(), KEY[10:].encode() + b' is wrong"}}']
    for status in (400, 401, 403, 500):
        server.says = (status, "application/json", list(halves))
        server.more_headers = {"x-echo": KEY, "x-request-id": f"req_{KEY}"}
        answer = httpx2.post(
            f"{house.url}/v1/chat/completions",
            json={"model": "support-model", "messages": ASK},
            headers={"authorization": "Bearer bwt_eve"},
        )
        assert answer.status_code == (502 if status in {401, 403} else status)
        assert KEY not in answer.text + str(answer.headers)


@pytest.mark.req("AI1")
def test_secrets_in_any_string_of_a_call_do_not_leave(house: ModelHouse, server: ModelServer) -> None:
    token = "ghp_" + "a1B2" * 9
    tool = {"type": "function", "function": {"name": "look", "description": SECRET, "parameters": {"type": "object"}}}
    asked: Any = [
        {"role": "system", "content": f"The password is {SECRET}."},
        {"role": "user", "content": [{"type": "text", "text": f"Use {token}"}]},
        {"role": "assistant", "tool_calls": [{"id": "c", "type": "function",
                                              "function": {"name": "look", "arguments": json.dumps({"key": token})}}]},
        {"role": "tool", "tool_call_id": "c", "content": f"{KEY} and {SECRET}"},
    ]  # fmt: skip
    gpt(house).chat.completions.create(
        model="support-model", messages=asked, tools=[tool], metadata={SECRET: token}, user=SECRET
    )
    sent = server.calls[0].body.decode()
    assert all(secret not in sent for secret in (SECRET, token, KEY))
    assert "The password is •••." in sent
    told = settled(house).context
    assert (told["redacted"], told["redacted.known-secret"], told["redacted.secret"]) == (9, 6, 3)
    claude(house).messages.create(
        model="writer", max_tokens=9, messages=ASK, system=SECRET, extra_headers={"anthropic-beta": SECRET}
    )
    assert SECRET not in str((server.calls[1].headers, server.calls[1].body))


@pytest.mark.req("AI1")
def test_a_body_that_can_be_read_in_two_ways_does_not_leave(house: ModelHouse, server: ModelServer) -> None:
    bodies = [
        b'{"model": "support-model", "messages": [{"content": "%b", "content": "hello"}]}' % SECRET.encode(),
        b'{"model": "support-model", "n": NaN}',
        b'{"model": "support-model"',
        b'["support-model"]',
        b'{"messages": []}',
        b"\xff\xfe{}",
        b'{"model": "support-model", "m": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ]
    for body in bodies:
        answer = httpx2.post(
            f"{house.url}/v1/chat/completions", content=body, headers={"authorization": "Bearer bwt_eve"}
        )
        assert answer.status_code == 400, body[:60]
        assert answer.json()["error"]["type"] == "invalid_request_error"
    assert server.calls == []
    assert settled(house, len(bodies)).outcome == "refused"


@pytest.mark.req("AI1")
def test_what_is_not_changed_leaves_as_it_came(house: ModelHouse, server: ModelServer) -> None:
    house.tell(model(url=server.url, model="support-model"))
    body = b'{ "model" : "support-model", "x": 1.10, "messages": [{"role":"user","content":"\\ud83d half"}] }'
    httpx2.post(f"{house.url}/v1/chat/completions", content=body, headers={"authorization": "Bearer bwt_eve"})
    assert server.calls[0].body == body


@pytest.mark.req("AI1")
def test_a_scanner_that_fails_refuses_the_call(house: ModelHouse, server: ModelServer) -> None:
    def broken(_: Sequence[str]) -> Redacted:
        raise OSError("no memory")

    house.models.gateway.search.of = lambda _: broken  # type: ignore[method-assign]
    with pytest.raises(openai.InternalServerError, match="nothing was sent"):
        gpt(house).chat.completions.create(model="support-model", messages=ASK)
    assert server.calls == []
    assert settled(house).deciders == ("redaction-before-sending",)


@pytest.mark.req("AI2")
def test_nobody_calls_a_model_that_was_not_given_to_them(house: ModelHouse, server: ModelServer) -> None:
    house.tokens["bwt_mallory"] = Identity.of_service(Principal("service", "mallory"))
    with pytest.raises(openai.PermissionDeniedError, match="no policy lets service:mallory"):
        gpt(house, "bwt_mallory").chat.completions.create(model="support-model", messages=ASK)
    with pytest.raises(anthropic.PermissionDeniedError, match="no policy lets"):
        claude(house, "bwt_mallory").messages.create(model="writer", max_tokens=9, messages=ASK)
    assert list(gpt(house, "bwt_mallory").models.list()) == []
    for token in ("bwt_unknown", "a.b.c", "x" * 9000, ""):
        headers = {"x-api-key": token} if token else {}
        answer = httpx2.post(f"{house.url}/v1/messages", json={"model": "writer"}, headers=headers)
        assert (answer.status_code, answer.json()["error"]["type"]) == (401, "authentication_error")
    # An agent may do what both may: the person may, the agent was given nothing.
    agent = Identity.of_service(Principal("agent", "claude-code")).for_person(EVE)
    house.tokens["bwm_agent"] = agent
    with pytest.raises(openai.PermissionDeniedError, match="agent:claude-code"):
        gpt(house, "bwm_agent").chat.completions.create(model="support-model", messages=ASK)
    assert server.calls == []


@pytest.mark.req("AI2")
def test_whoever_is_revoked_is_refused_at_once_and_their_calls_end(house: ModelHouse, server: ModelServer) -> None:
    gpt(house).chat.completions.create(model="support-model", messages=ASK)
    signed = house.pass_of(EVE)
    gpt(house, signed).chat.completions.create(model="support-model", messages=ASK)
    first = data({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]})
    server.says = (200, "text/event-stream", [first, *[0.1, first] * 100])
    stream = iter(gpt(house).chat.completions.create(model="support-model", messages=ASK, stream=True))
    next(stream)
    house.tell(model(url=server.url), epochs={"user:eve@example.com": 1})
    with pytest.raises(Exception, match=r"(?i)incomplete|closed|connection|peer"):
        list(stream)
    assert server.hung_up.wait(10)
    for token in ("bwt_eve", signed):
        with pytest.raises(openai.AuthenticationError):
            gpt(house, token).chat.completions.create(model="support-model", messages=ASK)


@pytest.mark.req("RT5")
def test_the_calls_of_a_stopped_model_end_and_new_ones_are_refused_in_words(
    house: ModelHouse, server: ModelServer
) -> None:
    first = data({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]})
    server.says = (200, "text/event-stream", [first, *[0.1, first] * 100])
    stream = iter(gpt(house).chat.completions.create(model="support-model", messages=ASK, stream=True))
    next(stream)
    house.loop.call_soon_threadsafe(house.models.gateway.end_using, "another-model")
    next(stream)
    house.tell(model(url=server.url, stopped="it answers with secrets"))
    house.loop.call_soon_threadsafe(house.models.gateway.end_using, "support-model")
    with pytest.raises(Exception, match=r"(?i)incomplete|closed|connection|peer"):
        list(stream)
    assert server.hung_up.wait(10)
    with pytest.raises(openai.InternalServerError, match="is stopped: it answers with secrets"):
        gpt(house).chat.completions.create(model="support-model", messages=ASK)
    assert gpt(house).models.list().data == []


@pytest.mark.req("AI2")
def test_the_control_plane_is_not_asked_about_every_call(house: ModelHouse) -> None:
    for _ in range(3):
        gpt(house).chat.completions.create(model="support-model", messages=ASK)
    assert house.asked == 1


@pytest.mark.req("AI2")
def test_whoever_guesses_tokens_keeps_the_control_plane_no_busier_than_others(house: ModelHouse) -> None:
    house.door._asks = RateLimit(0.01)
    codes = [
        httpx2.get(f"{house.url}/v1/models", headers={"x-api-key": f"bwt_guess{number}"}).status_code
        for number in range(5)
    ]
    assert (codes, house.asked) == ([401, 503, 503, 503, 503], 1)
    # Whoever has a pass goes on.
    gpt(house, house.pass_of(EVE)).chat.completions.create(model="support-model", messages=ASK)


@pytest.mark.req("AI2")
def test_an_app_calls_on_its_own_socket_for_whom_it_serves(house: ModelHouse, server: ModelServer) -> None:
    house.calls[TRACE] = Call(EVE, "finance/desk", "rel_1", TRACE)
    app = gpt(house, "anything", house.app_url)
    app.chat.completions.create(model="default", messages=ASK)
    traced = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    app.chat.completions.create(model="support-model", messages=ASK, extra_headers=traced)
    event = settled(house, 2)
    assert [item.actor for item in house.events] == ["app:finance/desk", "user:eve@example.com"]
    assert (event.app, event.release, event.trace) == ("finance/desk", "rel_1", TRACE)
    assert "traceparent" not in server.calls[1].headers
    # What the manifest does not declare is not there for the app, and a trace of another app gives nobody's rights.
    house.tell(model("other", url=server.url))
    with pytest.raises(openai.PermissionDeniedError):
        app.chat.completions.create(model="other", messages=ASK)
    house.calls[TRACE] = Call(EVE, "finance/books", "rel_1", TRACE)
    for trace in (TRACE, "f" * 32):
        with pytest.raises(openai.PermissionDeniedError, match="the trace"):
            app.chat.completions.create(
                model="default", messages=ASK, extra_headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
            )
    # A token that is good at the other door makes no difference here.
    house.tell(model(url=server.url, open_to=frozenset({"group:support"})))
    with pytest.raises(openai.PermissionDeniedError):
        gpt(house, "bwt_eve", house.app_url).chat.completions.create(model="default", messages=ASK)


@pytest.mark.req("AI2")
def test_with_no_model_the_answer_says_so_in_the_form_of_the_wire(house: ModelHouse) -> None:
    house.tell()
    with pytest.raises(openai.NotFoundError, match="no model is configured here"):
        gpt(house).chat.completions.create(model="gpt-5", messages=ASK)
    with pytest.raises(anthropic.NotFoundError, match="no model is configured here"):
        claude(house).messages.create(model="opal-4", max_tokens=9, messages=ASK)


@pytest.mark.req("AI2")
def test_a_name_is_ours_the_manifests_or_the_servers_and_of_this_wire(house: ModelHouse, server: ModelServer) -> None:
    gpt(house).chat.completions.create(model="nova-large", messages=ASK)
    with pytest.raises(openai.NotFoundError, match="does not speak this wire"):
        gpt(house).chat.completions.create(model="writer", messages=ASK)
    house.tell(model(url=server.url), model("second", url=server.url))
    with pytest.raises(openai.NotFoundError, match="no model of that name"):
        gpt(house).chat.completions.create(model="nova-large", messages=ASK)


@pytest.mark.req("AI2")
def test_budgets_stop_hard_and_outlive_the_plane(tmp_path: Path, server: ModelServer) -> None:
    now = [datetime(2026, 5, 1, 12, tzinfo=UTC)]

    def open_again() -> Any:
        return model_house(tmp_path / "plane", lambda: now[0])

    spare = {"caller_tokens_per_day": 400, "most_output_tokens": 50, "url": server.url, "has_key": False}
    with open_again() as house:
        house.tell(model(**spare))
        for _ in range(2):
            gpt(house).chat.completions.create(model="support-model", messages=ASK)
        with pytest.raises(openai.RateLimitError) as refused:
            gpt(house).chat.completions.create(model="support-model", messages=ASK, max_tokens=200)
        assert refused.value.code == "insufficient_quota"
        assert refused.value.response.headers["x-should-retry"] == "false"
        assert settled(house, 3).deciders == ("model-budget",)
        # Others have a budget of their own.
        house.tokens["bwt_bob"] = Identity(Principal("user", "bob@example.com"), frozenset({"group:support"}))
        gpt(house, "bwt_bob").chat.completions.create(model="support-model", messages=ASK)
    with open_again() as house:
        house.tell(model(**spare))
        with pytest.raises(openai.RateLimitError):
            gpt(house).chat.completions.create(model="support-model", messages=ASK, max_tokens=200)
        now[0] += timedelta(days=1)
        gpt(house).chat.completions.create(model="support-model", messages=ASK, max_tokens=200)
        house.tell(model(**spare, caller_calls_per_day=1))
        with pytest.raises(openai.RateLimitError, match="1 times a day"):
            gpt(house).chat.completions.create(model="support-model", messages=ASK)


@pytest.mark.req("AI2")
def test_what_one_caller_spends_counts_for_all(house: ModelHouse, server: ModelServer) -> None:
    house.tell(model("writer", family="anthropic", url=server.url, tokens_per_day=200))
    claude(house).messages.create(model="writer", max_tokens=9, messages=ASK)
    house.tokens["bwt_bob"] = Identity(Principal("user", "bob@example.com"), frozenset({"group:support"}))
    with pytest.raises(anthropic.RateLimitError, match="200 tokens a day"):
        claude(house, "bwt_bob").messages.create(model="writer", max_tokens=100, messages=ASK)


@pytest.mark.req("AI2")
def test_a_caller_that_hangs_up_ends_the_call_at_the_server_and_pays_for_what_came(
    house: ModelHouse, server: ModelServer
) -> None:
    piece = data({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]})
    server.says = (200, "text/event-stream", [piece, *[0.05, piece] * 200])
    stream = gpt(house).chat.completions.create(model="support-model", messages=ASK, stream=True)
    next(iter(stream))
    stream.close()
    assert server.hung_up.wait(10)
    event = settled(house)
    assert (event.outcome, event.reason, event.context["status"]) == ("failed", "the caller hung up", 499)
    assert event.context["tokens_out"] >= 1
    assert event.context["tokens_estimated"]
    server.says = (200, "application/json", [5.0])
    with pytest.raises(openai.APITimeoutError):
        gpt(house).with_options(timeout=0.3).chat.completions.create(model="support-model", messages=ASK)
    assert settled(house, 2).context["tokens_in"] > 0


@pytest.mark.req("AI2")
def test_faults_of_the_server_are_passed_on_or_told_in_the_form_of_the_wire(
    house: ModelHouse, server: ModelServer
) -> None:
    overloaded = b'{"type": "error", "error": {"type": "overloaded_error", "message": "later"}}'
    server.says = (529, "application/json", [overloaded])
    with pytest.raises(anthropic.APIStatusError) as told:
        claude(house).messages.create(model="writer", max_tokens=9, messages=ASK)
    assert (told.value.status_code, told.value.body) == (529, json.loads(overloaded))
    server.says, server.more_headers = (429, "application/json", [b"{}"]), {"retry-after": "7", "set-cookie": "a=b"}
    with pytest.raises(openai.RateLimitError) as limited:
        gpt(house).chat.completions.create(model="support-model", messages=ASK)
    assert limited.value.response.headers["retry-after"] == "7"
    assert "set-cookie" not in limited.value.response.headers
    house.tell(model("elsewhere", url=server.url, has_key=False), model("gone", has_key=False))
    server.more_headers, server.says = {"location": "http://127.0.0.1:1/"}, (302, "text/plain", [])
    with pytest.raises(openai.InternalServerError, match="do not go"):
        gpt(house).chat.completions.create(model="elsewhere", messages=ASK)
    with pytest.raises(openai.InternalServerError, match="is not reached"):
        gpt(house).chat.completions.create(model="gone", messages=ASK)
    assert settled(house, 4).outcome == "failed"
    assert house.models.gateway.budget.used("support-model:each", "user:eve@example.com") == 0


@pytest.mark.req("AI2")
def test_a_stream_that_breaks_off_ends_with_an_error_of_its_wire(house: ModelHouse, server: ModelServer) -> None:
    whole = data({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]})
    server.half, server.says = True, (200, "text/event-stream", [whole])
    with pytest.raises(openai.APIError, match="broke off"):
        list(gpt(house).chat.completions.create(model="support-model", messages=ASK, stream=True))
    start = data({"type": "ping"}, "ping")
    server.says = (200, "text/event-stream", [start])
    with pytest.raises(anthropic.APIStatusError, match="broke off"):
        list(claude(house).messages.create(model="writer", max_tokens=9, messages=ASK, stream=True))
    # Half an event is not passed on.
    server.says = (200, "text/event-stream", [whole, b'data: {"choices'])
    with pytest.raises(openai.APIError, match="broke off"):
        list(gpt(house).chat.completions.create(model="support-model", messages=ASK, stream=True))
    server.says = (200, "application/json", [b'{"id": "chatcmpl'])
    with pytest.raises(openai.InternalServerError, match="broke off"):
        gpt(house).chat.completions.create(model="support-model", messages=ASK)


@pytest.mark.req("AI2")
def test_a_silent_server_is_waited_for_so_long_and_no_longer(house: ModelHouse, server: ModelServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        house.tell(model(url=url, timeout_seconds=0.3))
        with pytest.raises(openai.InternalServerError, match=r"said nothing for 0\.3 s") as told:
            gpt(house).chat.completions.create(model="support-model", messages=ASK)
    assert told.value.status_code == 504


@pytest.mark.req("AI2")
def test_what_is_no_call_is_refused(house: ModelHouse, server: ModelServer) -> None:
    headers = {"authorization": "Bearer bwt_eve"}
    body = {"model": "support-model", "messages": ASK}
    for path in ("/v1/files", "/v1/chat/completions/", "/v1//chat/completions", "/v1/chat%2Fcompletions", "/"):
        assert httpx2.post(f"{house.url}{path}", json=body, headers=headers).status_code == 404
    assert httpx2.get(f"{house.url}/v1/chat/completions", headers=headers).status_code == 405
    assert httpx2.post(f"{house.url}/v1/models", json=body, headers=headers).status_code == 405
    large = httpx2.post(f"{house.url}/v1/messages", content=b" " * (33 * 2**20), headers=headers)
    assert (large.status_code, large.json()["error"]["type"]) == (413, "request_too_large")

    def in_chunks() -> Iterator[bytes]:
        yield json.dumps(body).encode()[:20]
        yield json.dumps(body).encode()[20:]

    assert server.calls == []
    answer = httpx2.post(f"{house.url}/v1/chat/completions?beta=true", content=in_chunks(), headers=headers)
    assert answer.json()["choices"][0]["message"]["content"] == SAID
    httpx2.post(f"{house.url}/v1/chat/completions?key=a", json=body, headers={**headers, "x-forwarded-host": "evil"})
    assert [call.path for call in server.calls] == ["/v1/chat/completions?beta=true", "/v1/chat/completions"]
    assert "x-forwarded-host" not in server.calls[1].headers


@pytest.mark.req("AI2", "IN3")
def test_over_tls_the_servers_certificate_must_be_its_own(house: ModelHouse, tmp_path: Path) -> None:
    certificates = Certificates(tmp_path / "certificates")
    for name, words in (("localhost", ""), ("other.example", "is not reached")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificates.issue(name))
        with model_server(context) as server:
            house.tell(model(url=server.url))
            # An authority that nobody knows, then one that the gateway trusts.
            house.models.gateway.upstreams = Upstreams()
            with pytest.raises(openai.InternalServerError, match="is not reached"):
                gpt(house).chat.completions.create(model="support-model", messages=ASK)
            house.models.gateway.upstreams = Upstreams(ssl.create_default_context(cafile=str(certificates.ca)))
            if words:
                with pytest.raises(openai.InternalServerError, match=words):
                    gpt(house).chat.completions.create(model="support-model", messages=ASK)
                assert server.calls == []
                continue
            for _ in range(2):
                said = gpt(house).chat.completions.create(model="support-model", messages=ASK)
                assert said.choices[0].message.content == SAID
            assert (
                "".join(
                    chunk.choices[0].delta.content or ""
                    for chunk in gpt(house).chat.completions.create(model="support-model", messages=ASK, stream=True)
                )
                == SAID
            )
