"""Bad input at the model gateway's door: hidden secrets, and bodies that are large, odd or packed."""

import base64
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.fixtures.model_gateway import SECRET, ModelHouse, model, model_house
from tests.fixtures.model_server import KEY, ModelServer, model_server

pytestmark = pytest.mark.req("AI1")
TOKEN = "ghp_" + "a1B2" * 9
WIDE = "".join(chr(ord(sign) + 0xFEE0) for sign in TOKEN)
CYRILLIC = TOKEN.replace("a", "а").replace("B", "В")


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Iterator[ModelHouse]:
    with model_house(tmp_path_factory.mktemp("plane")) as made:
        made.keys = {"support-model": KEY}
        made.tell(model(url=server.url, tokens_per_day=10**9, caller_tokens_per_day=10**9, images=True))
        yield made


def send(house: ModelHouse, server: ModelServer, messages: Any) -> tuple[int, str]:
    """Return the status, and what reached the model's server."""
    before = len(server.calls)
    answer = httpx2.post(f"{house.url}/v1/chat/completions", json={"model": "support-model", "messages": messages},
                         headers={"authorization": "Bearer bwt_eve"}, timeout=60)  # fmt: skip
    return answer.status_code, server.calls[-1].body.decode() if len(server.calls) > before else ""


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(f"token={TOKEN}".encode()).decode(),
        base64.urlsafe_b64encode(f"x {TOKEN} y".encode()).decode().rstrip("="),
        TOKEN.encode().hex(),
        quote("".join(f"%{ord(sign):02x}" for sign in TOKEN), safe="%"),
        WIDE,
        CYRILLIC,
        "\u200b".join(TOKEN),
        f"{TOKEN[:9]}\u202e{TOKEN[9:]}\u202c",
    ],
    ids=["base64", "base64-url", "hex", "percent", "wide", "cyrillic", "zero-width", "turned"],
)
def test_a_credential_that_is_encoded_or_in_other_letters_does_not_leave(
    house: ModelHouse, server: ModelServer, text: str
) -> None:
    status, sent = send(house, server, [{"role": "user", "content": f"look at {text} please"}])
    assert status == 200
    left = json.loads(sent)["messages"][0]["content"]
    assert left.replace("\u202c", "") == "look at [SECRET_1] please"


def test_a_body_that_is_written_anew_says_what_it_said(house: ModelHouse, server: ModelServer) -> None:
    content = '"messages": [{"role": "user", "content": "%s \\ud83d and \\u00e9"}]' % TOKEN  # noqa: UP031 - braces
    numbers = '"seed": 1180591620717411303424, "top_p": 1e-7, "temperature": -0.0, "n": 1'
    asked = f'{{"model": "support-model", {numbers}, {content}}}'
    headers = {"authorization": "Bearer bwt_eve", "content-type": "application/json"}
    answer = httpx2.post(f"{house.url}/v1/chat/completions", content=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    told = json.loads(server.calls[-1].body)
    expected = json.loads(asked.replace(TOKEN, "[SECRET_1]"))
    assert told == {**expected, "model": told["model"]}
    infinite = asked.replace("1e-7", "1e999")
    answer = httpx2.post(f"{house.url}/v1/chat/completions", content=infinite, headers=headers)
    assert (answer.status_code, "read in one way only" in answer.text) == (400, True)


@pytest.mark.parametrize(
    "text",
    [base64.b64encode(SECRET.encode()).decode(), SECRET.encode().hex(), quote(SECRET, safe=""), json.dumps(SECRET)],
    ids=["base64", "hex", "percent", "json"],
)
def test_a_value_that_the_plane_holds_does_not_leave_however_it_is_written(
    house: ModelHouse, server: ModelServer, text: str
) -> None:
    status, sent = send(house, server, [{"role": "user", "content": f"x {text} y"}])
    assert status == 200 and text not in json.loads(sent)["messages"][0]["content"]


def test_what_is_split_over_messages_or_spelled_out_does_not_leave(house: ModelHouse, server: ModelServer) -> None:
    halves = [{"role": "user", "content": TOKEN[:20]}, {"role": "user", "content": TOKEN[20:]}]
    spelled = [{"role": "user", "content": " ".join(TOKEN)}]
    for messages in (halves, spelled):
        sent = json.loads(send(house, server, messages)[1])["messages"]
        assert not any(before["content"] in after["content"] for before, after in zip(messages, sent, strict=True))


def test_a_prompt_of_two_megabytes_and_ten_thousand_messages_are_looked_through(
    house: ModelHouse, server: ModelServer
) -> None:
    line = "The order was sent on Monday, and the customer said that it did not come. "
    large = line * (2 * 2**20 // len(line)) + TOKEN
    status, sent = send(house, server, [{"role": "user", "content": large}])
    assert status == 200 and TOKEN not in sent and len(sent) > 2 * 2**20 - 100
    many = [
        {"role": "user", "content": f"message {number} {TOKEN if number == 7777 else ''}"} for number in range(10_000)
    ]
    status, sent = send(house, server, many)
    assert status == 200 and TOKEN not in sent and len(json.loads(sent)["messages"]) == 10_000


def test_pictures_that_are_bombs_pass_unopened(house: ModelHouse, server: ModelServer) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", b"\0" * (64 * 2**20))
    bombs = [packed.getvalue(), b"\x89PNG\r\n\x1a\n" + zlib.compress(b"\0" * (64 * 2**20))]
    parts = [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64.b64encode(bomb).decode()}"}}
             for bomb in bombs]  # fmt: skip
    status, sent = send(house, server, [{"role": "user", "content": parts}])
    assert status == 200 and json.loads(sent)["messages"][0]["content"] == parts


def test_arguments_of_tools_that_are_no_json_are_looked_through_as_they_are(
    house: ModelHouse, server: ModelServer
) -> None:
    call = {"id": "t", "type": "function", "function": {"name": "run", "arguments": f'{{"key": "{TOKEN}", "'}}
    status, sent = send(house, server, [{"role": "assistant", "tool_calls": [call]}])
    [sent_call] = json.loads(sent)["messages"][0]["tool_calls"]
    assert (status, sent_call["function"]["arguments"]) == (200, '{"key": "[SECRET_1]", "')
