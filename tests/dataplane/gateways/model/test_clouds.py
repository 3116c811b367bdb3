"""Models at Azure, Vertex and Bedrock, by their own paths and libraries, with servers that check who calls."""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import boto3
import botocore.exceptions
import httpx2
import openai
import pytest
from botocore.config import Config

from bailiwick.control.model_settings import ModelSettings
from bailiwick.core.messages import ModelState
from bailiwick.dataplane.gateways.model.event_stream import Frames, chunk, frame
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from tests.fixtures.cloud_models import (
    ACCESS_KEY,
    API_KEY,
    CLIENT,
    CLIENT_SECRET,
    SECRET_KEY,
    SERVICE_ACCOUNT,
    Clouds,
    clouds,
)
from tests.fixtures.model_gateway import SECRET, ModelHouse, model, model_house
from tests.fixtures.model_server import WORDS
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("AI7", "IN1")
SAID = "".join(WORDS)
ASK: Any = [{"role": "user", "content": "Where is my order? eve@example.com asks"}]
VERTEX = "/v1/projects/acme/locations/europe-west1/publishers/anthropic/models"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Clouds]:
    with clouds() as made:
        yield made


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, cloud: Clouds) -> Iterator[ModelHouse]:
    with model_house(tmp_path_factory.mktemp("plane")) as made:
        made.keys = {"keyed": API_KEY, "signed": CLIENT_SECRET, "vertex": cloud.key_pem, "bedrock": SECRET_KEY}
        made.tell(*models(cloud))
        yield made


@pytest.fixture(autouse=True)
def fresh(cloud: Clouds) -> None:
    cloud.calls.clear()
    cloud.said = b""


def models(cloud: Clouds) -> list[ModelState]:
    """Return models as planes are told of them, made of settings as people write them."""
    azure = {"wire": "openai-chat", "url": cloud.url, "model": "gpt-eu", "key": {"vault": "a-key"}}
    claude = {"wire": "anthropic", "url": cloud.url, "key": {"vault": "a-key"}}
    entra = {"token_url": f"{cloud.url}/entra", "client": CLIENT}
    written = [
        {"name": "keyed", **azure, "upstream": {"kind": "azure"}},
        {"name": "signed", **azure, "upstream": {"kind": "azure", "sign_in": entra}},
        {"name": "vertex", **claude, "model": "opal-4@20260101", "redact": "all",
         "upstream": {"kind": "vertex", "project": "acme", "location": "europe-west1",
                      "service_account": SERVICE_ACCOUNT, "token_url": f"{cloud.url}/google"}},
        {"name": "bedrock", **claude, "model": "eu.anthropic.opal-4-v1:0", "redact": "all",
         "upstream": {"kind": "bedrock", "region": "eu-central-1", "access_key_id": ACCESS_KEY}},
    ]  # fmt: skip
    routes = ModelSettings.model_validate({"models": written}).routes.values()
    return [
        model(item.name, url=item.url, model=item.model, upstream=item.upstream, redact=item.redact,
              family="anthropic" if item.wire == "anthropic" else "openai")
        for item in routes
    ]  # fmt: skip


def azure(house: ModelHouse) -> openai.AzureOpenAI:
    return openai.AzureOpenAI(
        azure_endpoint=house.url, api_key="bwt_eve", api_version="2024-10-21", max_retries=0, timeout=20
    )


def vertex(house: ModelHouse) -> anthropic.AnthropicVertex:
    return anthropic.AnthropicVertex(
        base_url=f"{house.url}/v1", region="europe-west1", project_id="any", access_token="bwt_eve", max_retries=0
    )


@pytest.fixture
def bedrock(house: ModelHouse) -> Any:
    """Return the library of AWS in an app: it signs with keys that are nobody's, as it does not start without."""
    nobody = {"aws_access_key_id": "none-is-needed", "aws_secret_access_key": "none-is-needed"}
    once = Config(retries={"total_max_attempts": 1})
    return boto3.client(
        "bedrock-runtime", endpoint_url=house.app_url, region_name="eu-central-1", config=once, **nobody
    )


def body(**more: Any) -> bytes:
    return json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 99, "messages": ASK, **more}).encode()


# -- Azure -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["keyed", "signed"])
def test_deployments_at_azure_answer_by_both_kinds_of_paths(house: ModelHouse, cloud: Clouds, name: str) -> None:
    plain = openai.OpenAI(api_key="bwt_eve", base_url=f"{house.url}/v1", max_retries=0)
    for client in (plain, azure(house)):
        chat = client.chat.completions.create(model=name, messages=ASK)
        assert chat.choices[0].message.content == SAID
        stream = client.chat.completions.create(model=name, messages=ASK, stream=True)
        assert "".join(piece.choices[0].delta.content or "" for piece in stream) == SAID
        assert client.responses.create(model=name, input="Where?").output_text == SAID
        assert client.embeddings.create(model=name, input="a", encoding_format="float").data
    shown = {call.headers.get("api-key") or call.headers["authorization"] for call in cloud.calls}
    assert shown == ({API_KEY} if name == "keyed" else {f"Bearer {cloud.tokens[-1]}"})
    assert "bwt_eve" not in str([call.headers for call in cloud.calls])


def test_a_token_that_is_not_taken_any_more_is_got_anew(house: ModelHouse, cloud: Clouds) -> None:
    azure(house).chat.completions.create(model="signed", messages=ASK)
    cloud.ended.add(cloud.tokens[-1])
    with pytest.raises(openai.InternalServerError, match="does not take the platform's credential"):
        azure(house).chat.completions.create(model="signed", messages=ASK)
    assert azure(house).chat.completions.create(model="signed", messages=ASK).choices[0].message.content == SAID


# -- Vertex ------------------------------------------------------------------------------------------------------------


def test_vertex_is_called_by_its_own_paths_as_the_service_account(house: ModelHouse, cloud: Clouds) -> None:
    client = vertex(house)
    message = client.messages.create(model="vertex", max_tokens=99, messages=ASK)
    assert message.content[0].text == SAID
    with client.messages.stream(model="vertex", max_tokens=99, messages=ASK) as told:
        assert "".join(told.text_stream) == SAID
    assert client.messages.count_tokens(model="vertex", messages=ASK).input_tokens == 42
    assert "eve@example.com" not in str([call.body for call in cloud.calls])
    until(lambda: not house.models.gateway.under_way)
    event = next(item for item in reversed(house.events) if item.action == "model.called")
    assert event.resource == "model:vertex"
    with pytest.raises(anthropic.NotFoundError, match="does not speak this wire"):
        anthropic.Anthropic(api_key="bwt_eve", base_url=house.url, max_retries=0).messages.create(
            model="vertex", max_tokens=9, messages=ASK
        )
    with pytest.raises(anthropic.NotFoundError, match="does not speak this wire"):
        client.messages.create(model="keyed", max_tokens=9, messages=ASK)


# -- Bedrock -----------------------------------------------------------------------------------------------------------


def test_bedrock_is_called_by_the_library_of_aws_and_each_call_is_signed(
    house: ModelHouse, cloud: Clouds, bedrock: Any
) -> None:
    for name in ("bedrock", "eu.anthropic.opal-4-v1:0"):
        answer = json.loads(bedrock.invoke_model(modelId=name, body=body())["body"].read())
        assert answer["content"][0]["text"] == SAID
    streamed = bedrock.invoke_model_with_response_stream(modelId="bedrock", body=body())
    events = [json.loads(item["chunk"]["bytes"]) for item in streamed["body"]]
    said = [item["delta"]["text"] for item in events if item["type"] == "content_block_delta"]
    assert "".join(said) == SAID
    assert "eve@example.com" not in str([call.body for call in cloud.calls])
    assert "bwt_eve" not in str([call.headers for call in cloud.calls])
    until(lambda: not house.models.gateway.under_way)
    told = [item for item in house.events if item.resource == "model:bedrock"]
    assert [(item.context["tokens_in"], item.context["tokens_out"]) for item in told] == [(120, 30)] * 3
    assert told[-1].context["streamed"]


def test_values_come_back_in_streams_of_bedrock_and_half_a_stream_ends_in_an_exception(
    house: ModelHouse, cloud: Clouds, bedrock: Any
) -> None:
    def piece(text: str) -> bytes:
        delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        return chunk(json.dumps(delta).encode())

    cloud.said = piece("I wrote to [EMA") + piece("IL_1] today.")
    streamed = bedrock.invoke_model_with_response_stream(modelId="bedrock", body=body())
    texts = [json.loads(item["chunk"]["bytes"])["delta"]["text"] for item in streamed["body"]]
    assert "".join(texts) == "I wrote to eve@example.com today."
    cloud.said = piece("one") + piece("two")[:-7]
    streamed = bedrock.invoke_model_with_response_stream(modelId="bedrock", body=body())
    with pytest.raises(botocore.exceptions.EventStreamError, match="broke off"):
        list(streamed["body"])


def test_refusals_are_errors_of_bedrock(house: ModelHouse, bedrock: Any) -> None:
    with pytest.raises(bedrock.exceptions.ResourceNotFoundException, match="no model of that name"):
        bedrock.invoke_model(modelId="nothing", body=body())
    with pytest.raises(bedrock.exceptions.ValidationException, match="not JSON"):
        bedrock.invoke_model(modelId="bedrock", body=b"{")
    # Outside, a token of the platform says who calls, as a token of Bedrock's own would.
    for token, status in (("bwt_nobody", 401), ("bwt_eve", 200)):
        headers = {"authorization": f"Bearer {token}"}
        answer = httpx2.post(f"{house.url}/model/bedrock/invoke", content=body(), headers=headers)
        assert answer.status_code == status
        assert answer.json().get("__type") == ("AccessDeniedException" if status == 401 else None)


@pytest.mark.parametrize("damage", ["length", "checksum", "payload", "base64"])
def test_what_is_no_frame_is_refused(damage: str) -> None:
    whole = bytearray(chunk(b'{"type": "ping"}'))
    if damage == "length":
        whole[0:4] = b"\xff\xff\xff\xff"
    elif damage == "checksum":
        whole[-1] ^= 1
    elif damage == "payload":
        whole[-10] ^= 1
    else:
        whole = bytearray(frame({":event-type": "chunk"}, b'{"bytes": "no base64"}'))
    with pytest.raises(CallRefusedError, match="broke off"):
        Frames().lines(bytes(whole))


def test_frames_are_read_and_written_however_they_are_cut() -> None:
    events = [
        chunk(b'{"a": "\xc3\xa4"}'),
        frame({":message-type": "exception", ":exception-type": "x"}, b"{}"),
        chunk(b"{}"),
    ]
    whole = b"".join(events)
    for size in (1, 7, len(whole)):
        frames, out = Frames(), b""
        for first in range(0, len(whole), size):
            out += frames.frames(frames.lines(whole[first : first + size]))
        assert (out, frames.is_whole) == (whole, True)
    assert SECRET not in str(events)
