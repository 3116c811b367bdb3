"""What servers, models and callers do wrong: storms, broken streams, lies, loops; all bounded and accounted."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import openai
import pytest

from bailiwick.core.messages import IntegrationLimits, ModelPrice
from tests.dataplane.gateways.test_model_gateway import ASK, gpt, settled
from tests.fixtures.model_gateway import SECRET, ModelHouse, model, model_house
from tests.fixtures.model_server import KEY, ModelServer, data, model_server

pytestmark = pytest.mark.req("AI2")
DONE = b"data: [DONE]\n\n"
PIECE = data({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]})
EVE = "user:eve@example.com"


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Iterator[ModelHouse]:
    with model_house(tmp_path_factory.mktemp("plane")) as made:
        made.keys = {"support-model": KEY}
        yield made


@pytest.fixture(autouse=True)
def fresh(house: ModelHouse, server: ModelServer, request: pytest.FixtureRequest) -> str:
    """Return the name of a model of this test's own: what was counted of others is not in the way."""
    name = f"m{abs(hash(request.node.name)) % 10**9}"
    server.says, server.half, server.once = None, False, []
    server.calls.clear()
    server.hung_up.clear()
    house.events.clear()
    house.keys[name] = KEY
    limits = IntegrationLimits.model_validate({"breaker": {"failures": 1000}})
    house.tell(model(name, url=server.url, limits=limits, price=ModelPrice(input=2.0, output=10.0)))
    return name


def used(house: ModelHouse, name: str) -> tuple[int, int]:
    """Return what is used of the budget of each caller, and what is used or set aside of it."""
    budget = house.models.gateway.budget
    return budget.used(f"{name}:each", EVE), sum(
        budget._local.taken(item) for item in budget._local._held if item.budget.startswith(f"{name}:")
    )


@pytest.mark.parametrize("status", [429, 500, 529])
def test_a_storm_is_answered_in_the_form_of_the_wire_and_leaves_nothing_set_aside(
    house: ModelHouse, server: ModelServer, fresh: str, status: int
) -> None:
    server.says = (status, "application/json", [b'{"error": {"message": "later", "type": "overloaded_error"}}'])

    def ask(_: int) -> int:
        try:
            gpt(house).chat.completions.create(model=fresh, messages=ASK)
        except openai.APIStatusError as fault:
            assert fault.body is not None
            return fault.status_code
        return 200

    with ThreadPoolExecutor(8) as callers:
        answers = set(callers.map(ask, range(40)))
    # A server that is overloaded is left alone after a while, in words of the wire as well.
    assert status in answers <= {status, 503}
    assert len(server.calls) <= 60, "repeats are a share of all calls"
    settled(house, 40 if status < 529 else 1)
    called = [event for event in house.events if (event.action, event.resource) == ("model.called", f"model:{fresh}")]
    assert {event.outcome for event in called} == {"failed"}
    assert used(house, fresh) == (0, 0)
    server.says = None
    assert ask(0) in ({200} if status < 529 else {200, 503})


BROKEN: dict[str, list[bytes | float]] = {
    "no-json": [b"data: {not json\n\n", PIECE, DONE],
    "no-text": [b"data: \xff\xfe\x00\n\n", PIECE, DONE],
    "no-field": [b"choices are many\n\n", PIECE, DONE],
    "no-object": [b"data: [1, 2]\n\n", b"data: null\n\n", PIECE, DONE],
    "deep": [b"data: " + b"[" * 50_000 + b"\n\n", PIECE, DONE],
    "wrong-types": [data({"choices": 5}), data({"choices": [None, 7, {"delta": 3}]}), PIECE, DONE],
    "line-ends": [PIECE.replace(b"\n", b"\r\n"), DONE.replace(b"\n", b"\r\n")],
    "comments": [b": keep alive\n\n" * 500, PIECE, DONE],
    "no-end": [PIECE, b'data: {"choices": [{"delta": {"content": "b"}}]}'],
    "no-stream": [b'{"choices": []}'],
    "nothing": [],
}


@pytest.mark.parametrize("how", sorted(BROKEN))
def test_a_stream_that_is_none_ends_and_is_accounted(
    house: ModelHouse, server: ModelServer, fresh: str, how: str
) -> None:
    server.says = (200, "text/event-stream", BROKEN[how])
    answer = httpx2.post(
        f"{house.url}/v1/chat/completions", json={"model": fresh, "messages": ASK, "stream": True},
        headers={"authorization": "Bearer bwt_eve"}, timeout=20,
    )  # fmt: skip
    event = settled(house)
    assert (answer.status_code, event.action) == (200, "model.called")
    assert KEY not in answer.text
    assert SECRET not in answer.text
    spent = event.context["tokens_in"] + event.context["tokens_out"]
    assert (spent > 0, event.context["tokens_estimated"]) == (True, True)
    assert used(house, fresh) == (spent, spent) or used(house, fresh) == (spent, 0)
    # The gateway is there for the next one.
    server.says = None
    assert gpt(house).chat.completions.create(model=fresh, messages=ASK).choices[0].message.content
    settled(house, 2)


def test_a_line_without_end_is_not_kept_without_end(house: ModelHouse, server: ModelServer, fresh: str) -> None:
    server.says = (200, "text/event-stream", [b"data: " + b"a" * 2**20, *[b"a" * 2**20] * 40, b"\n\n", DONE])
    with pytest.raises((openai.APIError, httpx2.HTTPError)):
        for _ in gpt(house).chat.completions.create(model=fresh, messages=ASK, stream=True):
            pass
    event = settled(house)
    assert (event.outcome, event.context["tokens_in"] > 0) == ("failed", True)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -5, "completion_tokens": -7},
        {"prompt_tokens": "many", "completion_tokens": None},
        {"prompt_tokens": 1.5, "completion_tokens": True},
        {"prompt_tokens": 10**30, "completion_tokens": 10**30},
        [],
        "much",
    ],
)
def test_a_server_that_lies_about_tokens_gives_nobody_any_back(
    house: ModelHouse, server: ModelServer, fresh: str, usage: Any
) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}
    said = {"id": "c", "object": "chat.completion", "created": 1, "model": "nova-large", "usage": usage,
            "choices": [choice]}  # fmt: skip
    server.says = (200, "application/json", [json.dumps(said).encode()])
    httpx2.post(
        f"{house.url}/v1/chat/completions", json={"model": fresh, "messages": ASK}, timeout=20,
        headers={"authorization": "Bearer bwt_eve"},
    )  # fmt: skip
    event = settled(house)
    assert min(event.context["tokens_in"], event.context["tokens_out"]) >= 0
    assert event.context["cost"] >= 0
    spent, _ = used(house, fresh)
    assert spent == event.context["tokens_in"] + event.context["tokens_out"] > 0
    assert spent < 2**63, "what is counted fits where it is kept"


def test_a_model_that_loops_on_tools_is_stopped_by_its_budget_and_billed_for_each_turn(
    house: ModelHouse, server: ModelServer, fresh: str
) -> None:
    call = {"id": "t", "type": "function", "function": {"name": "look_up", "arguments": '{"order": '}}
    said = {"id": "c", "object": "chat.completion", "created": 1, "model": "nova-large",
            "usage": {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60},
            "choices": [{"index": 0, "finish_reason": "tool_calls",
                         "message": {"role": "assistant", "content": None, "tool_calls": [call]}}]}  # fmt: skip
    server.says = (200, "application/json", [json.dumps(said).encode()])
    house.tell(model(fresh, url=server.url, caller_calls_per_day=12, price=ModelPrice(input=2.0, output=10.0)))
    messages: Any = list(ASK)
    with pytest.raises(openai.RateLimitError, match=r"may call .* 12 times a day, and did") as stopped:
        while True:
            message = gpt(house).chat.completions.create(model=fresh, messages=messages).choices[0].message
            # Arguments that are no JSON pass as they are: the caller decides what to do with them.
            assert message.tool_calls is not None
            assert message.tool_calls[0].function.arguments == '{"order": '
            messages += [message, {"role": "tool", "tool_call_id": "t", "content": "try again"}]
    assert stopped.value.response.headers["x-should-retry"] == "false"
    settled(house, 14)
    called = [event for event in house.events if event.action == "model.called"]
    assert (len(called), len(server.calls), used(house, fresh)[0]) == (12, 12, 12 * 60)
    assert {event.context["cost"] for event in called} == {0.0002}
    assert [event.resource for event in house.events if event.action == "model.budget-stopped"] == [EVE]


def test_whoever_hangs_up_in_the_midst_pays_for_what_came_and_holds_nothing(
    house: ModelHouse, server: ModelServer, fresh: str
) -> None:
    server.says = (200, "text/event-stream", [PIECE, *[0.05, PIECE] * 200])
    stream = gpt(house).chat.completions.create(model=fresh, messages=ASK, stream=True, max_tokens=500)
    pieces = iter(stream)
    for _ in range(3):
        next(pieces)
    began = time.monotonic()
    stream.close()
    assert server.hung_up.wait(10), "the call ends at the server"
    assert time.monotonic() - began < 5
    event = settled(house)
    assert (event.context["status"], 3 <= event.context["tokens_out"] < 100) == (499, True)
    spent = event.context["tokens_in"] + event.context["tokens_out"]
    assert used(house, fresh)[0] == spent
    cost = (event.context["tokens_in"] * 2.0 + event.context["tokens_out"] * 10.0) / 1e6
    assert event.context["cost"] == pytest.approx(cost, abs=2e-6)
    # What was set aside for the rest is there again: a call that needs nearly all of it goes.
    server.says = None
    house.tell(model(fresh, url=server.url, caller_tokens_per_day=spent + 700))
    gpt(house).chat.completions.create(model=fresh, messages=ASK, max_tokens=500)
    settled(house, 2)
