"""Answers are looked through before anybody sees them: every string, whole and in streams, and faults end them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from bailiwick.core.messages import PromptRules
from bailiwick.core.redaction import AnswerSearch
from bailiwick.core.redaction_rules import OwnRules, OwnWords
from tests.dataplane.gateways.test_model_gateway import ASK, claude, gpt, settled
from tests.dataplane.gateways.test_model_redaction import MAIL, TOKEN, chat_event, events, user
from tests.fixtures.model_gateway import SECRET, ModelHouse, model, model_house
from tests.fixtures.model_server import KEY, ModelServer, model_server

pytestmark = pytest.mark.req("AI1", "SE1")
OTHER = "ghp_" + "Zx9Q" * 9
OWN = OwnRules(dictionaries=(OwnWords(name="project", words=("Project Bluebird",)),))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.fixture
def house(tmp_path: Path, server: ModelServer) -> Iterator[ModelHouse]:
    with model_house(tmp_path / "plane") as made:
        made.keys, made.prompts = dict.fromkeys(("support-model", "writer", "all"), KEY), PromptRules(own=OWN)
        made.tell(
            model(url=server.url),
            model("writer", url=server.url, family="anthropic", model="opal-4"),
            model("all", url=server.url, model="nova-2", redact="all"),
        )
        yield made


def whole(document: Any, status: int = 200) -> tuple[int, str, list[bytes | float]]:
    return status, "application/json", [json.dumps(document).encode()]


def chat(**message: Any) -> Any:
    return {"id": "chatcmpl-8d7f6a5b4c3d2e1f", "object": "chat.completion", "created": 1, "model": "m",
            "system_fingerprint": "fp_44709d6fcb",
            "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1}}  # fmt: skip


def test_every_string_of_a_whole_answer_is_looked_through(house: ModelHouse, server: ModelServer) -> None:
    call = {"id": "call_Zm9vYmFyYmF6cXV4", "type": "function",
            "function": {"name": "run", "arguments": json.dumps({"env": f"TOKEN={OTHER}"})}}  # fmt: skip
    server.says = whole(
        chat(content=f"It is {OTHER}, or {SECRET}; see Project Bluebird.", reasoning_content=OTHER, tool_calls=[call])
        | {"metadata": {OTHER: "x"}}
    )
    answer = gpt(house).chat.completions.create(model="support-model", messages=ASK)
    message: Any = answer.choices[0].message
    assert message.content == "It is [SECRET], or •••; see [PROJECT]."
    assert message.reasoning_content == "[SECRET]"
    assert json.loads(message.tool_calls[0].function.arguments) == {"env": "TOKEN=[SECRET]"}
    assert (answer.id, message.tool_calls[0].id) == ("chatcmpl-8d7f6a5b4c3d2e1f", "call_Zm9vYmFyYmF6cXV4")
    assert OTHER not in answer.model_dump_json()
    told = settled(house).context
    assert (told["masked"], told["masked.secret"], told["masked.known-secret"], told["masked.project"]) == (6, 4, 1, 1)


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (500, "application/json", json.dumps({"error": {"message": f"no such key: {OTHER}"}})),
        (400, "text/plain", f"bad key {OTHER}"),
        (200, "text/html", f"<p>{OTHER}</p>"),
        (200, "application/json", f'{{"a": "{OTHER}", "a": "b"}}'),
        (200, "application/json", f'{{"a": "\\u0067hp_{OTHER[4:]}"}}'),
        (200, "application/json", f'{{"broken": "{OTHER}'),
    ],
    ids=["error", "plain", "page", "key-twice", "escaped", "broken"],
)
def test_errors_and_what_is_no_json_are_looked_through_too(
    house: ModelHouse, server: ModelServer, status: int, kind: str, body: str
) -> None:
    server.says = (status, kind, [body.encode()])
    answer = httpx2.post(f"{house.url}/v1/chat/completions", json={"model": "support-model", "messages": ASK},
                         headers={"authorization": "Bearer bwt_eve"})  # fmt: skip
    assert answer.status_code == status
    assert OTHER not in answer.text and OTHER[4:] not in answer.text


def test_personal_data_is_masked_where_policy_takes_it_out_of_prompts_and_ones_own_comes_back(
    house: ModelHouse, server: ModelServer
) -> None:
    server.says = whole(chat(content="Write to [EMAIL_1], not to eve@example.net."))
    for name, words in (("all", f"Write to {MAIL}, not to [EMAIL]."),
                        ("support-model", "Write to [EMAIL_1], not to eve@example.net.")):  # fmt: skip
        said = gpt(house).chat.completions.create(model=name, messages=user(f"Who is {MAIL}?"))
        assert said.choices[0].message.content == words


def test_what_the_caller_sent_is_not_masked_when_it_comes_back(house: ModelHouse, server: ModelServer) -> None:
    server.says = whole(chat(content=f"[SECRET_1] is yours, and so is the key of {MAIL}; {OTHER} is not."))
    said = gpt(house).chat.completions.create(model="support-model", messages=user(f"{TOKEN} of {MAIL}"))
    assert said.choices[0].message.content == f"{TOKEN} is yours, and so is the key of {MAIL}; [SECRET] is not."


def test_secrets_in_streams_are_masked_however_they_are_cut(house: ModelHouse, server: ModelServer) -> None:
    text = f"It is {OTHER}, or {SECRET} so far."
    letters = [chat_event(content=text[place : place + 3]) for place in range(0, len(text), 3)]
    logprobs = {"content": [{"token": OTHER[:8], "logprob": -1.0, "bytes": None, "top_logprobs": []}]}
    letters[3]["choices"][0]["logprobs"] = logprobs
    calls = [chat_event(tool_calls=[{"index": 0, "id": "t", "function": {"name": "run", "arguments": ""}}])]
    arguments = json.dumps({"key": OTHER, "then": 1})
    calls += [chat_event(tool_calls=[{"index": 0, "function": {"arguments": arguments[place : place + 5]}}])
              for place in range(0, len(arguments), 5)]  # fmt: skip
    stop = {**chat_event(), "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    status, kind, pieces = events(*letters, *calls, stop)
    server.says = (status, kind, [*pieces, b"data: [DONE]\n\n"])
    got = [
        chunk.choices[0]
        for chunk in gpt(house).chat.completions.create(model="support-model", messages=ASK, stream=True)
    ]
    assert "".join(choice.delta.content or "" for choice in got) == "It is [SECRET], or ••• so far."
    told = [call for choice in got for call in choice.delta.tool_calls or ()]
    written = "".join((call.function.arguments or "") for call in told if call.function is not None)
    assert json.loads(written) == {"key": "[SECRET]", "then": 1}
    assert [call.function.name for call in told if call.function and call.function.name] == ["run"]
    assert not any(choice.logprobs for choice in got) and got[-1].finish_reason == "stop"
    assert settled(house).context["masked"] == 3


def test_thinking_is_looked_through_and_signatures_are_left(house: ModelHouse, server: ModelServer) -> None:
    signature = "EqQBCkYIBxgCKkDdm9vYmFy" * 8
    start = {"type": "message_start", "message": {"id": "msg_01", "type": "message", "role": "assistant", "model": "m",
             "content": [], "stop_reason": None, "stop_sequence": None,
             "usage": {"input_tokens": 1, "output_tokens": 1}}}  # fmt: skip
    block = {"type": "content_block_start", "index": 0,
             "content_block": {"type": "thinking", "thinking": "", "signature": ""}}  # fmt: skip
    pieces = [{"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": part}}
              for part in ("they said ", OTHER[:9], OTHER[9:])]  # fmt: skip
    end = [{"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": signature}},
           {"type": "content_block_stop", "index": 0},
           {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 9}}, {"type": "message_stop"}]  # fmt: skip
    server.says = events(start, block, *pieces, {"type": "ping"}, *end)
    with claude(house).messages.stream(model="writer", max_tokens=9, messages=ASK) as stream:
        thought = stream.get_final_message().content[0]
    assert thought.type == "thinking"
    assert (thought.thinking, thought.signature) == ("they said [SECRET]", signature)


def broken(_self: object, _text: object, *_: object) -> Any:
    raise MemoryError


def test_a_search_that_fails_ends_the_answer_with_an_error_of_its_wire(
    house: ModelHouse, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AnswerSearch, "masked", broken)
    with pytest.raises(openai.InternalServerError, match=r"could not be looked through.*no more is shown"):
        gpt(house).chat.completions.create(model="support-model", messages=ASK)
    with pytest.raises(openai.APIError, match="could not be looked through"):
        list(gpt(house).chat.completions.create(model="support-model", messages=ASK, stream=True))
    with pytest.raises(anthropic.APIStatusError, match="could not be looked through"):
        list(claude(house).messages.create(model="writer", max_tokens=9, messages=ASK, stream=True))
    assert settled(house, 3).outcome == "failed"
