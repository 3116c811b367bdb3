"""What leaves for models, counted and switched off at a plane: the wire of the model's server is watched."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import openai
import pytest

from bailiwick.core.messages import OTHERS, OutflowReport, OutflowSeen, OutflowSwitch
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.gateways.model import Caller, Outflows
from bailiwick.dataplane.gateways.model.outflows import Flow
from tests.dataplane.gateways.test_model_gateway import claude, gpt, settled
from tests.fixtures.model_gateway import EVE, ModelHouse, model, model_house
from tests.fixtures.model_server import KEY, ModelServer, model_server
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("AI2")
MAIL, IBAN, WORD = "ada.lovelace@analytical.example.org", "DE89370400440532013000", "heliotrope"
TRACE = "0af7651916cd43dd8448eb211c80319c"
NOW = datetime(2026, 3, 4, 5, tzinfo=UTC)
TOOL: Any = [
    {"role": "user", "content": f"Who is {MAIL}?"},
    {"role": "assistant", "content": None, "tool_calls": [
        {"id": "t", "type": "function", "function": {"name": "find", "arguments": "{}"}}]},
    {"role": "tool", "tool_call_id": "t", "content": f"{WORD} pays from {IBAN}"},
]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Iterator[ModelHouse]:
    with model_house(tmp_path_factory.mktemp("plane")) as made:
        made.keys = dict.fromkeys(("support-model", "writer", "plain"), KEY)
        yield made


@pytest.fixture(autouse=True)
def fresh(house: ModelHouse, server: ModelServer) -> None:
    until(lambda: not house.models.gateway.under_way)
    house.models.roll_up(0.0)
    house.reports.clear()
    house.events.clear()
    server.calls.clear()
    tell(house, server)


def tell(house: ModelHouse, server: ModelServer, *switches: OutflowSwitch) -> None:
    house.tell(
        model(url=server.url, redact="all"),
        model("writer", url=server.url, family="anthropic", model="opal-4", images=True),
        model("plain", url=server.url, model="plain-1"),
        outflow_switches=switches,
    )


def off(**named: Any) -> OutflowSwitch:
    return OutflowSwitch(id="off_1", by="user:admin@example.com", reason="until the audit", time=NOW, **named)


def told(house: ModelHouse) -> list[OutflowSeen]:
    house.models.roll_up(0.0)
    return [line for report in house.reports if isinstance(report, OutflowReport) for line in report.lines]


def wire(server: ModelServer) -> str:
    return b"".join(call.body for call in server.calls).decode()


def test_what_left_is_told_by_place_and_class_and_never_by_its_words(house: ModelHouse, server: ModelServer) -> None:
    gpt(house).chat.completions.create(model="support-model", messages=TOOL)
    claude(house).messages.create(model="writer", max_tokens=9, messages=[{"role": "user", "content": f"{MAIL}!"}])
    settled(house, 2)
    lines = {(line.model, line.place, line.data_class): line for line in told(house)}
    assert all((line.person, line.app, line.calls, line.refused) == ("user:eve@example.com", "", 1, 0)
               for line in lines.values())  # fmt: skip
    mail, iban = lines["support-model", "user", "email"], lines["support-model", "tool-results", "iban"]
    assert [(line.found, line.redacted, line.bytes) for line in (mail, iban)] == [(1, 1, 0), (1, 1, 0)]
    through = lines["writer", "user", "email"]
    assert (through.found, through.redacted) == (1, 0)
    assert {place for name, place, kind in lines if name == "support-model" and not kind} == {
        "settings", "user", "assistant", "tool-arguments", "tool-results"
    }  # fmt: skip
    # Together they are all strings that left, as the wire had them.
    sent = server.calls[0].document
    assert lines["support-model", "tool-results", ""].bytes == len(
        "".join(["role", "tool", "tool_call_id", "t", "content", sent["messages"][2]["content"]])
    )
    written = " ".join(report.model_dump_json() for report in house.reports)
    assert not any(text in written for text in (MAIL, IBAN, WORD, "lovelace"))


def test_an_app_is_told_with_the_person_whom_it_serves(house: ModelHouse) -> None:
    house.calls[TRACE] = Call(Identity(Principal("user", "ann@example.com"), frozenset()), "finance/desk", "rel", TRACE)
    for headers in ({}, {"traceparent": f"00-{TRACE}-{'1' * 16}-01"}):
        gpt(house, url=house.app_url).chat.completions.create(
            model="default", messages=[{"role": "user", "content": "hello"}], extra_headers=headers
        )
    settled(house, 2)
    assert {(line.app, line.person) for line in told(house)} == {
        ("finance/desk", ""), ("finance/desk", "user:ann@example.com")
    }  # fmt: skip


@pytest.mark.parametrize(
    "named",
    [
        {"place": "tool-results"},
        {"place": "tool-results", "model": "support-model"},
        {"data_class": "iban"},
        {"data_class": "iban", "place": "tool-results"},
        {"person": "user:eve@example.com"},
        {"model": "support-model"},
    ],
)
def test_what_is_switched_off_does_not_reach_the_wire(house: ModelHouse, server: ModelServer, named: Any) -> None:
    tell(house, server, off(**named))
    with pytest.raises(openai.PermissionDeniedError) as refused:
        gpt(house).chat.completions.create(model="support-model", messages=TOOL)
    assert "switched off by user:admin@example.com on 2026-03-04 (until the audit)" in str(refused.value)
    assert server.calls == []
    event = settled(house)
    assert (event.action, event.deciders) == ("model.refused", ("model-switch:off_1",))
    assert WORD not in event.model_dump_json()
    lines = told(house)
    assert {(line.calls, line.bytes, line.refused) for line in lines} == {(0, 0, 1)}
    # What it is not about goes on, and once it is on again, so does this.
    tell(house, server, off(**named, app="finance/other"))
    gpt(house).chat.completions.create(model="support-model", messages=TOOL)
    assert WORD in wire(server)


@pytest.mark.parametrize(
    "named",
    [
        {"place": "files"},
        {"data_class": "card"},
        {"data_class": "iban", "place": "user"},
        {"model": "plain"},
        {"app": "finance/desk"},
        {"person": "user:ann@example.com"},
    ],
)
def test_what_a_switch_is_not_about_leaves(house: ModelHouse, server: ModelServer, named: Any) -> None:
    tell(house, server, off(**named))
    gpt(house).chat.completions.create(model="support-model", messages=TOOL)
    assert WORD in wire(server)


def test_a_class_is_kept_in_also_where_personal_data_is_let_through(house: ModelHouse, server: ModelServer) -> None:
    tell(house, server, off(data_class="iban", model="plain"))
    ask: Any = [{"role": "user", "content": f"{WORD} {IBAN}"}]
    with pytest.raises(openai.PermissionDeniedError):
        gpt(house).chat.completions.create(model="plain", messages=ask)
    with pytest.raises(openai.PermissionDeniedError):
        gpt(house).embeddings.create(model="plain", input=[WORD, IBAN])
    assert server.calls == []
    gpt(house).chat.completions.create(model="plain", messages=[{"role": "user", "content": WORD}])
    assert WORD in wire(server)


@pytest.mark.parametrize("place", ["files", "tool-results", "user"])
def test_a_form_that_nobody_knows_is_about_every_place(house: ModelHouse, server: ModelServer, place: Any) -> None:
    tell(house, server, off(place=place))
    answer = httpx2.post(
        f"{house.url}/v1/chat/completions",
        json={"model": "plain", "messages": [{"role": "new-role", "content": WORD}]},
        headers={"authorization": "Bearer bwt_eve"},
    )
    assert (answer.status_code, server.calls) == (403, [])


def test_a_file_in_the_result_of_a_tool_is_both(house: ModelHouse, server: ModelServer) -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}}
    messages: Any = [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [image]}]}]
    for place in ("files", "tool-results"):
        tell(house, server, off(place=place))
        with pytest.raises(Exception, match="switched off"):
            claude(house).messages.create(model="writer", max_tokens=9, messages=messages)
    assert server.calls == []


def test_a_call_that_reached_nobody_left_nothing(house: ModelHouse) -> None:
    house.tell(model(url="http://127.0.0.1:1/v1"))
    with pytest.raises(openai.InternalServerError):
        gpt(house).chat.completions.create(model="support-model", messages=TOOL)
    settled(house)
    assert told(house) == []


def test_there_are_never_more_lines_than_planned() -> None:
    ticks = iter(range(10_000))
    outflows = Outflows(lambda: (), lambda: NOW + timedelta(seconds=next(ticks)), most_apart=10)
    target, flow = model(), Flow({"user": 5}, {("user", "email"): 1})
    for number in range(100):
        who = Identity(Principal("user", f"p{number}@example.com"), frozenset())
        outflows.add(Caller(who, app=f"finance/a{number}"), target, flow)
    lines = outflows.take()
    assert len(lines) <= 2 * 10 + 2
    assert sum(line.calls for line in lines if not line.data_class) == 100
    assert sum(line.bytes for line in lines) == 500
    assert {line.person for line in lines} > {OTHERS}
    assert outflows.take() == []


def test_an_agent_is_whom_it_works_for_too() -> None:
    agent = Identity(Principal("agent", "coder"), frozenset()).for_person(EVE)
    for name in ("agent:coder", "user:eve@example.com", "agent:coder/for/user:eve@example.com"):
        outflows = Outflows(lambda: (off(person=name),), lambda: NOW)  # noqa: B023 - called within
        with pytest.raises(Exception, match="switched off"):
            outflows.require(Caller(agent), model(), Flow({"user": 1}))
    assert json.loads(outflows.take()[0].model_dump_json())["refused"] == 1
