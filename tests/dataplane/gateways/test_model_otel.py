"""Calls of models as a collector of OpenTelemetry sees them: by the conventions, and only what is on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import AzureUpstream, ModelPrice
from bailiwick.core.principals import Call
from bailiwick.core.telemetry import Gate, own_register
from bailiwick.dataplane.otel import Collector, ModelCall, OtlpCollector
from bailiwick.dataplane.otel.attributes import TOKENS, measures, provider_of, span_attributes
from bailiwick.dataplane.otel.messages import MOST_CHARACTERS, input_messages, output_messages
from bailiwick.dataplane.otel.series import MOST_SERIES, Series
from tests.dataplane.gateways.test_model_gateway import ASK, TRACE, claude, gpt
from tests.fixtures.model_gateway import EVE, ModelHouse, model, model_house
from tests.fixtures.model_server import KEY, ModelServer, model_server
from tests.fixtures.otlp_receiver import OtlpReceiver, otlp_receiver, told

pytestmark = pytest.mark.req("AI2", "AI3", "OB1")
SPAN, WORD, MAIL = "b7ad6b7169203331", "heliotrope", "ada.lovelace@analytical.example.org"
USUAL = tuple(sorted(name for name in own_register().on(1, {}) if name.startswith("otel.")))
TEXTS = ("otel.gen_ai.input.messages", "otel.gen_ai.output.messages")


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.fixture(scope="module")
def receiver() -> Iterator[OtlpReceiver]:
    with otlp_receiver() as made:
        yield made


@pytest.fixture(scope="module")
def house(
    server: ModelServer, receiver: OtlpReceiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModelHouse]:
    folder = tmp_path_factory.mktemp("plane")
    (folder / "headers").write_text("Authorization: Bearer of-the-collector\n\n")
    given = {"url": f"{receiver.url}/", "headers_file": folder / "headers"}
    quick = {"every_seconds": 0.05, "metrics_seconds": 0.05}
    with model_house(folder, otlp=OtlpCollector.model_validate({**given, **quick})) as made:
        yield made


@pytest.fixture(autouse=True)
def fresh(house: ModelHouse, server: ModelServer, receiver: OtlpReceiver) -> None:
    server.says = None
    for kept in (receiver.requests, receiver.seen, receiver.headers, house.events):
        kept.clear()
    tell(house, server)


def tell(house: ModelHouse, server: ModelServer, otel: tuple[str, ...] = USUAL) -> None:
    house.keys = dict.fromkeys(("support-model", "writer"), KEY)
    price = ModelPrice(input=2.0, output=10.0)
    house.tell(
        model(url=server.url, logs="redacted", redact="all", price=price),
        model("writer", url=server.url, family="anthropic", model="opal-4", logs="metadata"),
        otel=otel,
    )
    house.calls[TRACE] = Call(EVE, "finance/desk", "rel_1", TRACE)


def test_a_call_is_a_span_of_the_request_that_it_serves_by_the_conventions(
    house: ModelHouse, server: ModelServer, receiver: OtlpReceiver
) -> None:
    traced = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
    said: Any = [{"role": "user", "content": f"{WORD} {MAIL}"}]
    gpt(house, url=house.app_url).chat.completions.create(model="default", messages=said, extra_headers=traced)
    claude(house).messages.create(model="writer", max_tokens=9, messages=ASK)
    receiver.wait(lambda: len(receiver.spans) == 2 and len(receiver.metrics(TOKENS)) == 4)
    chat, message = receiver.spans
    assert (chat.trace_id.hex(), chat.parent_span_id.hex(), chat.name) == (TRACE, SPAN, "chat nova-large")
    assert (chat.kind, chat.status.code, len(chat.span_id)) == (Span.SPAN_KIND_CLIENT, Status.STATUS_CODE_UNSET, 8)
    assert 0 < chat.end_time_unix_nano - chat.start_time_unix_nano < 60e9
    found = told(chat.attributes)
    assert len(found.pop("gen_ai.conversation.id")) > 4
    assert found == {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "nova-large",
        "gen_ai.request.stream": False, "gen_ai.usage.input_tokens": 120, "gen_ai.usage.output_tokens": 30,
        "server.address": "127.0.0.1", "server.port": int(server.url.split(":")[2].removesuffix("/v1")),
        "http.response.status_code": 200, "bailiwick.model": "support-model", "bailiwick.app": "finance/desk",
        "bailiwick.release": "rel_1", "bailiwick.cost": 0.00054, "bailiwick.redacted.email": 1,
    }  # fmt: skip
    # Nobody's request: a trace of its own.
    assert (message.trace_id.hex() != TRACE, message.parent_span_id, message.name) == (True, b"", "chat opal-4")
    assert told(message.attributes)["gen_ai.provider.name"] == "anthropic"
    resource = receiver.requests[0].resource_spans[0].resource
    assert told(resource.attributes) == {"service.name": "bailiwick", "service.instance.id": "production"}
    by_way = {
        (told(point.attributes)["gen_ai.provider.name"], told(point.attributes)["gen_ai.token.type"]): point
        for point in receiver.metrics(TOKENS)
    }
    assert (by_way["openai", "input"].sum, by_way["openai", "output"].sum) == (120, 30)
    assert len(by_way["openai", "input"].bucket_counts) == len(by_way["openai", "input"].explicit_bounds) + 1
    (took,) = [point for point in receiver.metrics("gen_ai.client.operation.duration")
               if told(point.attributes)["gen_ai.provider.name"] == "anthropic"]  # fmt: skip
    assert 0 < took.sum < 60
    assert {item["authorization"] for item in receiver.headers} == {"Bearer of-the-collector"}
    # No word of prompt and answer, no name of a person, whatever the model's log keeps.
    wire = b"".join(receiver.seen)
    assert not [word for word in (WORD, MAIL, "order", "eve@example.com", KEY) if word.encode() in wire]


def test_texts_leave_only_where_the_log_keeps_them_and_the_register_says_so(
    house: ModelHouse, server: ModelServer, receiver: OtlpReceiver
) -> None:
    tell(house, server, (*USUAL, *TEXTS, "otel.user.id"))
    said: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"{WORD} {MAIL}"}]
    gpt(house).chat.completions.create(model="support-model", messages=said)
    claude(house).messages.create(model="writer", max_tokens=9, messages=ASK)
    receiver.wait(lambda: len(receiver.spans) == 2)
    found = [told(span.attributes) for span in receiver.spans]
    assert json.loads(found[0]["gen_ai.input.messages"]) == [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": f"{WORD} [EMAIL_1]"}]},
    ]
    assert json.loads(found[0]["gen_ai.output.messages"])[0]["parts"][0]["content"] == "The order was sent."
    assert found[0]["user.id"] == "user:eve@example.com"
    assert not [name for name in found[1] if name.endswith(".messages")]
    assert MAIL.encode() not in b"".join(receiver.seen)
    # Switched off, from the next call on; and what nobody declared does not leave either.
    receiver.requests.clear()
    tell(house, server, ("otel.gen_ai.request.model", "otel.bailiwick.unknown"))
    gpt(house).chat.completions.create(model="support-model", messages=said)
    receiver.wait(lambda: len(receiver.spans) == 1)
    assert told(receiver.spans[0].attributes) == {"gen_ai.request.model": "nova-large"}


def test_a_fault_is_told_as_one(house: ModelHouse, server: ModelServer, receiver: OtlpReceiver) -> None:
    server.says = (400, "application/json", [b'{"error": {"message": "no"}}'])
    with pytest.raises(openai.BadRequestError):
        gpt(house).chat.completions.create(model="support-model", messages=ASK)
    receiver.wait(lambda: len(receiver.spans) == 1)
    (span,) = receiver.spans
    assert (span.status.code, told(span.attributes)["error.type"]) == (Status.STATUS_CODE_ERROR, "400")


def call(**given: Any) -> ModelCall:
    usual: dict[str, Any] = {
        "began": 1, "milliseconds": 5.0, "trace": "", "parent": "", "operation": "chat", "provider": "openai",
        "name": "m", "model": "nova", "host": "h", "port": 443, "app": "", "release": "", "person": "",
        "conversation": "", "streamed": False, "status": 200, "fault": "", "tokens_in": 1, "tokens_out": 2,
        "cached": 0, "written": 0, "cost": None,
    }  # fmt: skip
    return ModelCall(**{**usual, **given})


ON = Gate(frozenset(USUAL), frozenset(own_register().fields))


@pytest.mark.parametrize("statuses", [[503, 502, 429], [302], [400], [500]])
def test_what_the_collector_does_not_take_is_lost_counted_and_told(
    receiver: OtlpReceiver, statuses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.answers = list(statuses)
    events: list[Any] = []
    settings = OtlpCollector(url=receiver.url, every_seconds=300, metrics_seconds=3600)
    made = Collector(settings, "p", lambda: ON, events.append, utc_now)
    monkeypatch.setattr(made._stop, "wait", lambda _: False)
    made.observe(call())
    made._send_all()
    assert (made.lost, receiver.answers, receiver.spans) == (1, [], [])
    assert [(event.action, event.context) for event in events] == [("telemetry.lost", {"count": 1})]
    made.observe(call())
    made._send_all()
    assert (made.lost, len(receiver.spans)) == (1, 1)
    monkeypatch.undo()
    made.close()


def test_nothing_waits_for_a_collector_that_is_away(receiver: OtlpReceiver) -> None:
    events: list[Any] = []
    made = Collector(
        OtlpCollector(url="http://127.0.0.1:9", every_seconds=300, queue=3), "p", lambda: ON, events.append, utc_now
    )
    for _ in range(10):
        made.observe(call())
    assert made.lost == 7
    made.close()
    assert made.lost == 10
    assert [event.context for event in events] == [{"count": 10}]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://collector.example.com:4318", "over https only"),
        ("ftp://collector.example.com", "must be an http or https address"),
        ("https://token@collector.example.com", "goes into headers_file"),
        ("https://collector.example.com/?token=x", "goes into headers_file"),
    ],
)
def test_a_collector_elsewhere_is_told_over_tls_and_its_token_is_in_a_file(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        OtlpCollector(url=url)


def test_headers_that_are_none_are_named_without_what_they_say(tmp_path: Path) -> None:
    (tmp_path / "headers").write_text("authorization: Bearer x\nthe secret alone\n")
    with pytest.raises(ValueError, match="line 2, is no header") as fault:
        _ = OtlpCollector(url="https://c.example.com", headers_file=tmp_path / "headers").headers
    assert "secret alone" not in str(fault.value)


def test_series_and_texts_are_bounded() -> None:
    series = Series()
    for number in range(MOST_SERIES + 50):
        series.add(TOKENS, 1.0, {"gen_ai.request.model": f"m{number}"})
    points = series.take()[TOKENS]
    assert (len(points), points[-1].count) == (MOST_SERIES + 1, 50)
    assert points[-1].attributes == {"otel.metric.overflow": True}
    assert series.take() == {}
    long: Any = {"messages": [{"role": "user", "content": "a" * MOST_CHARACTERS}, {"role": "user", "content": "last"}]}
    written = input_messages(json.dumps(long))
    assert len(written) < MOST_CHARACTERS + 1000
    assert json.loads(written)[-1]["parts"][0]["content"] == "last"


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ('{"system": "s", "messages": [{"content": [{"type": "text", "text": "a"}, {"type": "image"}]}]}',
         ["s", "a", None]),
        ('{"instructions": "s", "input": "a"}', ["s", "a"]),
        ('{"input": ["a", "b", 3]}', ["a", "b"]),
        ('{"messages": [{"role": "user", "content": "cut… ', ['{"messages": [{"role": "user", "content": "cut… ']),
        ("[" * 100_000, ["[" * MOST_CHARACTERS]),
        ('{"messages": 5, "system": 7}', []),
    ],
)  # fmt: skip
def test_prompts_of_every_wire_are_messages(prompt: str, texts: list[Any]) -> None:
    found = json.loads(input_messages(prompt))
    assert [part.get("content") for item in found for part in item["parts"]] == texts


def test_answers_of_every_wire_are_messages() -> None:
    for answer in (
        {"choices": [{"message": {"content": "yes"}}, {"message": None}]},
        {"content": [{"type": "text", "text": "yes"}, {"type": "tool_use"}]},
        {"output": [{"type": "message", "content": [{"type": "output_text", "text": "yes"}]}, 5]},
    ):
        assert json.loads(output_messages(json.dumps(answer), streamed=False))[0]["parts"][0]["content"] == "yes"
    assert json.loads(output_messages("{half", streamed=True))[0]["parts"][0]["content"] == "{half"


def test_providers_are_named_as_the_conventions_name_them() -> None:
    azure = AzureUpstream.model_validate({"api_version": "2024-10-21"})
    assert provider_of(model("m", upstream=azure)) == "azure.ai.openai"
    assert provider_of(model("m", family="anthropic")) == "anthropic"


def test_every_attribute_and_metric_is_declared() -> None:
    """The gate tells each name that the register does not have."""
    missing: list[str] = []
    gate = Gate(frozenset(own_register().fields), frozenset(own_register().fields), missing.append)
    whole = call(app="a", release="r", person="p", conversation="c", fault="f", cached=1, written=1, cost=1.0,
                 redacted={"email": 1}, status=500)  # fmt: skip
    assert len(span_attributes(whole, gate)) == 19
    assert len(measures(whole, gate)) == 3
    assert missing == []
