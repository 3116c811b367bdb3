"""Where in bodies of every wire strings stand: what is in no known form is told as such, and never lost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.redaction import Own, Placeholders, Redacted
from bailiwick.dataplane.gateways.model.bodies import look_through, outgoing, read_body
from bailiwick.dataplane.gateways.model.outflows import Measured
from bailiwick.dataplane.gateways.model.places import Placed
from bailiwick.dataplane.gateways.model.search import PromptSearch

pytestmark = pytest.mark.req("AI2")
CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
_KEYS = st.sampled_from(
    ["messages", "input", "content", "role", "type", "user", "tool", "tool_use", "tool_result", "image", "output",
     "function_call_output", "tool_calls", "system", "tools", "text"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS | st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def place_of(document: dict[str, Any], path: str, text: str) -> str:
    placed = Placed(document, path)
    return placed.places[placed.texts.index(text)]


@pytest.mark.parametrize(
    ("path", "document", "place"),
    [
        (CHAT, {"messages": [{"role": "system", "content": "X"}]}, "system"),
        (CHAT, {"messages": [{"role": "developer", "content": [{"type": "text", "text": "X"}]}]}, "system"),
        (CHAT, {"messages": [{"role": "user", "content": "X"}]}, "user"),
        (CHAT, {"messages": [{"role": "assistant", "content": "X"}]}, "assistant"),
        (CHAT, {"messages": [{"role": "tool", "tool_call_id": "t", "content": "X"}]}, "tool-results"),
        (CHAT, {"messages": [{"role": "assistant", "tool_calls": [{"function": {"arguments": "X"}}]}]},
         "tool-arguments"),
        (CHAT, {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "X"}}]}]},
         "files"),
        (CHAT, {"messages": [{"role": "critic", "content": "X"}]}, "unread"),
        (CHAT, {"messages": [{"role": ["user"], "content": "X"}]}, "unread"),
        (CHAT, {"messages": "X"}, "unread"),
        (CHAT, {"tools": [{"function": {"description": "X"}}]}, "tool-definitions"),
        (CHAT, {"user": "X"}, "settings"),
        (CHAT, {"X": 1}, "settings"),
        (RESPONSES, {"input": "X"}, "user"),
        (RESPONSES, {"instructions": "X"}, "system"),
        (RESPONSES, {"input": [{"role": "user", "content": [{"type": "input_text", "text": "X"}]}]}, "user"),
        (RESPONSES, {"input": [{"type": "message", "role": "user", "content": [
            {"type": "input_file", "file_data": "X"}]}]}, "files"),
        (RESPONSES, {"input": [{"type": "function_call", "arguments": "X"}]}, "tool-arguments"),
        (RESPONSES, {"input": [{"type": "function_call_output", "output": "X"}]}, "tool-results"),
        (RESPONSES, {"input": [{"type": "computer_call_output", "output": {"type": "input_image", "image_url": "X"}}]},
         "tool-files"),
        (RESPONSES, {"input": [{"type": "file_search_call", "results": [{"text": "X"}]}]}, "tool-results"),
        (RESPONSES, {"input": [{"type": "reasoning", "summary": [{"text": "X"}]}]}, "assistant"),
        (RESPONSES, {"input": [{"type": "item_reference", "id": "X"}]}, "settings"),
        (RESPONSES, {"input": [{"type": "something_new", "text": "X"}]}, "unread"),
        ("/v1/embeddings", {"input": ["X"]}, "input"),
        (MESSAGES, {"system": [{"type": "text", "text": "X"}]}, "system"),
        (MESSAGES, {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": "X"}]}]},
         "tool-results"),
        (MESSAGES, {"messages": [{"role": "user", "content": [
            {"type": "tool_result", "content": [{"type": "image", "source": {"data": "X"}}]}]}]}, "tool-files"),
        (MESSAGES, {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": {"X": "y"}}]}]},
         "tool-arguments"),
        (MESSAGES, {"messages": [{"role": "user", "content": [{"type": "document", "source": {"data": "X"}}]}]},
         "files"),
        (MESSAGES, {"messages": [{"role": "user", "content": {"type": "web_search_tool_result", "content": "X"}}]},
         "tool-results"),
    ],
)  # fmt: skip
def test_each_form_of_each_wire_has_its_place(path: str, document: dict[str, Any], place: str) -> None:
    assert place_of(document, path, "X") == place


@given(st.dictionaries(_KEYS | st.text(max_size=8), JSON, max_size=5), st.sampled_from([CHAT, RESPONSES, MESSAGES]))
def test_every_string_that_is_looked_through_has_one_place(document: dict[str, Any], path: str) -> None:
    seen: list[str] = []
    asked = read_body(b'{"model": "m"}')
    asked = type(asked)(asked.raw, {**document, "model": "m"}, "m", streamed=False)

    def look(strings: Any) -> Any:
        seen.extend(strings)
        return Redacted(strings, {}, Placeholders())

    look_through(asked, look, Own())
    placed = Placed(asked.document, path)
    assert placed.texts == seen
    assert len(placed.of(seen)) == len(seen)


def test_strings_that_are_not_those_of_the_body_are_in_no_known_place() -> None:
    assert Placed({"user": "a"}, CHAT).of(["user", "b"]) == ["unread", "unread"]


def measured(document: dict[str, Any], profile: Any, known: frozenset[str] = frozenset()) -> Measured:
    search = PromptSearch(lambda: known, Own)
    look = Measured(document, CHAT, search.of(profile), None if profile == "all" else search.of("personal"))
    look(Placed(document, CHAT).texts)
    return look


DOCUMENT = {
    "model": "m",
    "messages": [
        {"role": "user", "content": "Über ada@example.org"},
        {"role": "tool", "content": "DE89370400440532013000 bob@example.org bob@example.org the-known-value"},
    ],
}


def test_what_is_let_through_is_found_as_what_is_taken_out() -> None:
    flow = measured(DOCUMENT, "secrets", frozenset({"the-known-value"})).flow
    wanted = {
        ("user", "email"): 1, ("tool-results", "iban"): 1, ("tool-results", "email"): 2, ("tool-results", "secret"): 1
    }  # fmt: skip
    assert dict(flow.found) == wanted
    assert dict(flow.redacted) == {("tool-results", "secret"): 1}
    # As it leaves, in bytes: names of fields, too.
    assert flow.size["user"] == len("roleusercontentÜber ada@example.org".encode())
    every = measured(DOCUMENT, "all", frozenset({"the-known-value"})).flow
    assert dict(every.redacted) == dict(every.found) == wanted
    assert "system" not in every.size


def test_names_that_the_prompt_has_itself_are_no_values() -> None:
    flow = measured({"messages": [{"role": "user", "content": "[EMAIL_1] wrote to ada@example.org"}]}, "all").flow
    assert dict(flow.found) == {("user", "email"): 1}


def test_numbers_are_looked_through_as_they_are_written() -> None:
    arguments = {
        "card_number": 4111111111111111,
        "as_float": 4111111111111111.0,
        "pages": 250000,
        "ok": True,
        "part": 0.5,
    }
    document = {"model": "m", "max_tokens": 200000, "seed": 12345678,
                "messages": [{"role": "user", "content": "pay", "arguments": arguments}]}  # fmt: skip
    asked = read_body(json.dumps(document).encode())
    search = PromptSearch(frozenset, Own)
    look = Measured(asked.document, CHAT, search.of("all"), None)
    looked = look_through(asked, look, Own())
    sent = json.loads(outgoing(asked, "m", looked, ()).content)
    told = sent["messages"][0]["arguments"]
    assert told == {"card_number": "[CARD_1]", "as_float": "[CARD_1]", "pages": 250000, "ok": True, "part": 0.5}
    assert (sent["max_tokens"], sent["seed"]) == (200000, 12345678)
    assert look.flow.found == {("user", "card"): 2}
