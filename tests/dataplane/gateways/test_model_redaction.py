"""Personal data in prompts, seen by the official libraries: names for it leave, and it comes back in its places."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.masking import Masker
from bailiwick.core.redaction import AnswerSearch, Placeholders, Redaction
from bailiwick.dataplane.gateways.model.returning import Returning
from tests.dataplane.gateways.test_model_gateway import claude, gpt, settled
from tests.fixtures.model_gateway import ModelHouse, model, model_house
from tests.fixtures.model_server import KEY, ModelServer, data, model_server

pytestmark = pytest.mark.req("AI2")
MAIL, IBAN = "ada.lovelace@analytical.example.org", "DE89370400440532013000"
PROMPT = f"Write to {MAIL} about the account {IBAN}."
TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.fixture
def house(tmp_path: Path, server: ModelServer) -> Iterator[ModelHouse]:
    with model_house(tmp_path / "plane") as made:
        made.keys = dict.fromkeys(("support-model", "writer", "plain"), KEY)
        made.tell(
            model(url=server.url, redact="all", images=True),
            model("writer", url=server.url, family="anthropic", model="opal-4", redact="all"),
            model("plain", url=server.url, model="plain-1"),
        )
        yield made


def user(text: str) -> Any:
    return [{"role": "user", "content": text}]


def events(*documents: Any) -> tuple[int, str, list[bytes | float]]:
    return 200, "text/event-stream", [data(item, item.get("type", "")) for item in documents]


def chat_event(**delta: Any) -> Any:
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}  # fmt: skip


def test_what_leaves_has_names_for_people_and_what_comes_back_has_them_again(
    house: ModelHouse, server: ModelServer
) -> None:
    call = {"id": "t", "type": "function", "function": {"name": "send", "arguments": '{"to": "[EMAIL_1]"}'}}
    words = "Dear [EMAIL_1], [IBAN_1] is yours; [EMAIL_2] is nobody's."
    message = {"role": "assistant", "content": words, "tool_calls": [call]}
    answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "m",
              "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}  # fmt: skip
    server.says = (200, "application/json", [json.dumps(answer).encode()])
    said = gpt(house).chat.completions.create(model="support-model", messages=user(PROMPT)).choices[0].message
    assert said.content == f"Dear {MAIL}, {IBAN} is yours; [EMAIL_2] is nobody's."
    assert said.tool_calls is not None
    assert json.loads(said.tool_calls[0].function.arguments) == {"to": MAIL}  # type: ignore[union-attr]
    assert server.calls[0].document["messages"] == user("Write to [EMAIL_1] about the account [IBAN_1].")
    told = settled(house).context
    assert (told["redacted"], told["redacted.email"], told["redacted.iban"]) == (2, 1, 1)
    assert MAIL not in str(told)


def test_one_value_has_one_name_in_all_of_a_conversation_and_in_the_next_turn(
    house: ModelHouse, server: ModelServer
) -> None:
    first = user(f"Who is {MAIL}?")
    later = [*first, {"role": "assistant", "content": f"{MAIL} is a customer."}, *user(f"And bob@example.org, {MAIL}?")]
    for messages in (first, later):
        gpt(house).chat.completions.create(model="support-model", messages=messages)
    assert server.calls[0].document["messages"][0]["content"] == "Who is [EMAIL_1]?"
    assert [item["content"] for item in server.calls[1].document["messages"]] == [
        "Who is [EMAIL_1]?",
        "[EMAIL_1] is a customer.",
        "And [EMAIL_2], [EMAIL_1]?",
    ]


def test_a_name_that_the_prompt_has_already_is_nobodys(house: ModelHouse, server: ModelServer) -> None:
    server.says = (200, "application/json", [b'{"choices": [{"message": {"content": "[EMAIL_1] [EMAIL_2]"}}]}'])
    said = gpt(house).chat.completions.create(model="support-model", messages=user(f"[EMAIL_1] is not {MAIL}"))
    assert server.calls[0].document["messages"][0]["content"] == "[EMAIL_1] is not [EMAIL_2]"
    assert said.choices[0].message.content == f"[EMAIL_1] {MAIL}"


def test_without_personal_data_by_policy_only_secrets_go_and_come_back_to_whoever_sent_them(
    house: ModelHouse, server: ModelServer
) -> None:
    server.says = (200, "application/json", [b'{"choices": [{"message": {"content": "use [SECRET_1]"}}]}'])
    said = gpt(house).chat.completions.create(model="plain", messages=user(f"{MAIL} has {TOKEN}"))
    assert server.calls[0].document["messages"][0]["content"] == f"{MAIL} has [SECRET_1]"
    assert said.choices[0].message.content == f"use {TOKEN}"
    other = gpt(house).chat.completions.create(model="plain", messages=user("what is [SECRET_1]?"))
    assert other.choices[0].message.content == "use [SECRET_1]"


def test_a_stream_comes_back_whole_however_it_is_cut(house: ModelHouse, server: ModelServer) -> None:
    text = "Dear [EMAIL_1], see [IBAN_1] and [more"
    letters = [chat_event(content=letter) for letter in text]
    stop = {**chat_event(), "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    status, kind, pieces = events(*letters, stop)
    server.says = (status, kind, [*pieces, b"data: [DONE]\n\n"])
    stream = gpt(house).chat.completions.create(model="support-model", messages=user(PROMPT), stream=True)
    got = [chunk.choices[0].delta.content or "" for chunk in stream]
    assert "".join(got) == f"Dear {MAIL}, see {IBAN} and [more"
    # What has a capital may be a part of what is personal; it goes on once it is known to be none.
    assert got[0] == "" and got[-1] == ""


def test_arguments_of_tools_are_json_with_whatever_stands_in_a_value(house: ModelHouse, server: ModelServer) -> None:
    written = {"note": "[SECRET_1] [EMAIL_1]"}
    arguments = json.dumps(written)
    begin = {"type": "content_block_start", "index": 0,
             "content_block": {"type": "tool_use", "id": "t", "name": "note", "input": {}}}  # fmt: skip
    start = {"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "model": "m",
             "content": [], "stop_reason": None, "stop_sequence": None,
             "usage": {"input_tokens": 1, "output_tokens": 1}}}  # fmt: skip
    pieces = [{"type": "content_block_delta", "index": 0,
               "delta": {"type": "input_json_delta", "partial_json": arguments[place : place + 3]}}
              for place in range(0, len(arguments), 3)]  # fmt: skip
    end = [{"type": "content_block_stop", "index": 0},
           {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": {"output_tokens": 9}}, {"type": "message_stop"}]  # fmt: skip
    server.says = events(start, begin, *pieces[:4], {"type": "ping"}, *pieces[4:], *end)
    with claude(house).messages.stream(model="writer", max_tokens=9, messages=user(f"{TOKEN} of {MAIL}")) as stream:
        block = stream.get_final_message().content[0]
    assert server.calls[0].document["messages"] == user("[SECRET_1] of [EMAIL_1]")
    assert block.type == "tool_use"
    assert block.input == {"note": f"{TOKEN} {MAIL}"}


def test_responses_tell_pieces_and_the_whole(house: ModelHouse, server: ModelServer) -> None:
    common = {"item_id": "m", "output_index": 0, "content_index": 0}
    cut = [{"type": "response.output_text.delta", **common, "delta": piece, "sequence_number": number, "logprobs": []}
           for number, piece in enumerate(["to [EM", "AIL_", "1]", " now ["])]  # fmt: skip
    whole = {"type": "response.output_text.done", **common, "text": "to [EMAIL_1] now [", "sequence_number": 9,
             "logprobs": []}  # fmt: skip
    server.says = events(*cut, whole)
    stream = gpt(house).responses.create(model="support-model", input=PROMPT, stream=True)
    said: Any = list(stream)
    pieces = [item.delta for item in said if item.type == "response.output_text.delta"]
    assert "".join(pieces) == f"to {MAIL} now ["
    assert said[-1].text == f"to {MAIL} now ["


def test_names_of_tools_and_pictures_leave_as_they_are(house: ModelHouse, server: ModelServer) -> None:
    tool: Any = {"type": "function", "function": {"name": "april_report", "parameters": {"type": "object"}}}
    picture = "data:image/png;base64," + "iVBORw0KGgo4111111111111111AAAA" * 2000
    content: Any = [{"type": "image_url", "image_url": {"url": picture}}, {"type": "text", "text": MAIL}]
    asked: Any = [{"role": "user", "content": content}]
    gpt(house).chat.completions.create(model="support-model", messages=asked, tools=[tool])
    sent = server.calls[0].document
    assert sent["tools"] == [tool]
    assert sent["messages"][0]["content"][0]["image_url"]["url"] == picture
    assert sent["messages"][0]["content"][1]["text"] == "[EMAIL_1]"


NAMES = Placeholders()
WORDS = {NAMES.of(kind, value): value for kind, value in (("email", MAIL), ("secret", 'a"b\\c\n'), ("iban", IBAN))}


@given(
    st.lists(st.sampled_from([*WORDS, "[", "]", "[EMAIL_", "1", "text ", "[SECRET_2]", "é"]), max_size=12).map("".join),
    st.lists(st.integers(1, 9), min_size=1, max_size=9),
    st.integers(1, 40),
)
def test_a_stream_says_what_the_whole_would(text: str, cuts: list[int], packet: int) -> None:
    pieces, place = [], 0
    while place < len(text):
        size = cuts[len(pieces) % len(cuts)]
        pieces.append(text[place : place + size])
        place += size
    written = b"".join(data(chat_event(content=piece)) for piece in pieces) + b"data: [DONE]\n\n"
    returning = Returning(AnswerSearch(Redaction("secrets"), Masker(), [], NAMES), lambda _: None, streamed=True)
    passed = [returning.feed(written[at : at + packet]) for at in range(0, len(written), packet)]
    out = b"".join([*passed, returning.rest()])
    lines = [line[6:] for line in out.decode().splitlines() if line.startswith("data: {")]
    assert "".join(json.loads(line)["choices"][0]["delta"]["content"] for line in lines) == NAMES.restore(text)
    assert out.endswith(b"data: [DONE]\n\n")
