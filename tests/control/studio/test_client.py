"""Answers of models as they come over the wire, good and broken: what is not whole is never taken for an answer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.control.studio.client import StudioClient
from bailiwick.control.studio.errors import AnswerError
from bailiwick.control.studio.model import Image, Kind, NewStep, Step, ToolCall
from bailiwick.control.studio.transcript import transcript
from bailiwick.control.studio.wire import Heard, Picture, Request, Said, ToolWords, data_of_events
from bailiwick.control.studio.wires import WIRES
from bailiwick.core.clock import utc_now
from tests.fixtures.model_server import ModelServer, data, model_server
from tests.fixtures.studio import Reply, calls, messages, says

pytestmark = pytest.mark.req("AI7")
ASK = Request("m", "be good", (Said("user", "an app"),), (ToolWords("look", "looks", {"type": "object"}),), 100)
ARGUMENTS = {"path": "app.py", "text": "app = 1"}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


async def asked(server: ModelServer, *replies: Reply, wire: str = "openai") -> tuple[Heard, list[float], list[str]]:
    server.once[:] = replies
    waits: list[float] = []
    said: list[str] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    client = StudioClient(server.url.removesuffix("/v1"), wait)
    heard = await client.ask(WIRES[wire], ASK, "a-pass", seconds=20, said=said.append)
    return heard, waits, said


async def test_both_wires_say_text_tools_and_what_it_took(server: ModelServer) -> None:
    for wire, reply in (
        ("openai", calls(("write_file", ARGUMENTS), text="I write.")),
        ("anthropic", messages("I write.", ("write_file", ARGUMENTS))),
    ):
        heard, _, said = await asked(server, reply, wire=wire)
        assert (heard.text, heard.tokens_in, heard.tokens_out, heard.cut) == ("I write.", 1000, 100, False)
        assert [(call.name, json.loads(call.arguments)) for call in heard.calls] == [("write_file", ARGUMENTS)]
        assert said == ["", "I write."]
        assert server.calls[-1].document["stream"] is True


async def test_a_storm_of_refusals_is_waited_out_for_as_long_as_the_server_asks(server: ModelServer) -> None:
    server.more_headers = {"retry-after": "7"}
    busy: Reply = (429, "application/json", [b"{}"])
    heard, waits, _ = await asked(server, busy, (503, "text/html", [b"<p>no"]), says("Done."))
    assert heard.text.strip() == "Done."
    assert [7 <= seconds < 9 for seconds in waits] == [True, True]


STREAM = "text/event-stream"
WHOLE = says("All of it.")[2]


@pytest.mark.parametrize(
    ("reply", "words", "tries"),
    [
        ((429, "application/json", [b"{}"]), "status 429", 4),
        ((500, "application/json", [b'{"error": {"message": "the-key-is-sk-123"}}']), "status 500", 4),
        ((401, "application/json", [b'{"error": {"message": "the-key-is-sk-123"}}']), "status 401", 1),
        ((200, STREAM, [*WHOLE[:2]]), "broke off in the midst", 4),
        ((200, STREAM, [b"data: {not json\n\n"]), "not of the form", 4),
        ((200, STREAM, [b"data: [1, 2]\n\n"]), "not of the form", 4),
        ((200, STREAM, [data({"choices": [{"delta": {"tool_calls": [{"id": "x"}]}}]})]), "not of the form", 4),
        ((200, STREAM, [data({"error": {"message": "sk-123"}})]), "gave up in the midst", 4),
        ((200, STREAM, [data({"choices": 7})]), "not of the form", 4),
        ((200, "text/html", [b"<html>please sign in"]), "broke off in the midst", 4),
        ((200, STREAM, [data({"choices": [{"delta": {}, "finish_reason": "content_filter"}]})]), "refused", 4),
        ((200, STREAM, [b"data: " + b"x" * 2**20] * 9), "larger than 8 MiB", 1),
    ],
)  # fmt: skip
async def test_what_is_no_whole_answer_is_a_fault_in_plain_words(
    server: ModelServer, reply: Reply, words: str, tries: int
) -> None:
    with pytest.raises(AnswerError, match=words) as refused:
        await asked(server, *[reply] * 4)
    assert len(server.calls) == tries
    assert "sk-123" not in f"{refused.value.message}{refused.value.hint}"


async def test_a_server_that_hangs_up_or_is_not_there_is_told_of(server: ModelServer) -> None:
    server.half = True
    with pytest.raises(AnswerError, match="broke off"):
        await asked(server, *[says("Half of")] * 4)
    client = StudioClient("")
    with pytest.raises(AnswerError, match="no model gateway"):
        await client.ask(WIRES["openai"], ASK, "t", seconds=1, said=lambda _: None)


async def test_more_tools_than_anybody_needs_at_once_are_refused(server: ModelServer) -> None:
    with pytest.raises(AnswerError, match="more than 32 tools"):
        await asked(server, *[calls(*[("look", {})] * 40)] * 4)


@given(st.integers(min_value=0, max_value=400), st.sampled_from(["openai", "anthropic"]))
def test_where_the_bytes_are_cut_changes_nothing(cut: int, wire: str) -> None:
    reply = calls(("look", ARGUMENTS), text="Täglich") if wire == "openai" else messages("Täglich", ("look", ARGUMENTS))
    whole = b"".join(piece for piece in reply[2] if isinstance(piece, bytes))
    reader, rest, lines = WIRES[wire].reader(), b"", list[str]()
    for piece in (whole[:cut], whole[cut:]):
        *ended, rest = (rest + piece).split(b"\n")
        for line in ended:
            if line:
                lines.append(line.decode())
            elif (found := data_of_events(lines)) is not None:
                reader.take(found)
                lines = []
    heard = reader.heard()
    assert heard.text == "Täglich"
    assert json.loads(heard.calls[0].arguments) == ARGUMENTS


def test_every_call_has_its_answer_also_where_the_turn_ended_before() -> None:
    def step(number: int, **content: Any) -> Step:
        return Step(number, utc_now(), NewStep(**content))

    both = (ToolCall("a", "look", "{}"), ToolCall("b", "look", "not json"))
    steps = [
        step(1, kind=Kind.BEGUN),
        step(2, kind=Kind.ASKED, text="An app", attached="Table x", image=Image("d", "image/png")),
        step(3, kind=Kind.SAID, calls=both),
        step(4, kind=Kind.TOOL, text="x" * 300_000, call_id="a"),
        step(5, kind=Kind.TOOL, text="a stranger", call_id="zz"),
        step(6, kind=Kind.ENDED, text="stopped"),
        step(7, kind=Kind.ASKED, text="Go on"),
        step(8, kind=Kind.SAID, text="Well."),
    ]
    said = transcript(steps, lambda _: Picture("image/png", b"PNG"))
    assert [item.role for item in said] == ["user", "assistant", "tool", "tool", "user", "assistant", "user"]
    assert "left out" in said[2].text
    assert "did not run" in said[3].text
    chat = WIRES["openai"].body(Request("m", "i", said, ASK.tools, 5))["messages"]
    assert chat[2]["tool_calls"][1]["function"]["arguments"] == "{}"
    assert chat[1]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")
    told = WIRES["anthropic"].body(Request("m", "i", said, ASK.tools, 5))["messages"]
    assert [item["role"] for item in told] == ["user", "assistant", "user", "assistant", "user"]
    assert [item["type"] for item in told[2]["content"]] == ["tool_result", "tool_result", "text"]
    assert transcript(steps, None)[0].picture is None
