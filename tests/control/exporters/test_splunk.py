"""Splunk's event collector: its envelope, its acknowledgement, and answers that are none."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from .conftest import Exporting, Makes
from .http_receiver import Answers, HttpReceiver, Sent, answer, listening

TOKEN = "0f9a6b1c-splunk-token"
TAKEN = b'{"text":"Success","code":0,"ackId":7}'


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with listening() as started:
        started.answers = answer(200, TAKEN)
        yield started


def collector(exporting: Makes, receiver: HttpReceiver, **options: Any) -> Exporting:
    return exporting({"TOKEN": TOKEN}, kind="splunk", url=receiver.url, token={"env": "TOKEN"}, **options)


def envelopes(sent: Sent) -> list[dict[str, Any]]:
    decoder, text, found = json.JSONDecoder(), sent.body.decode(), []
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


@pytest.mark.req("OB3")
def test_events_come_in_splunks_envelope(exporting: Makes, receiver: HttpReceiver) -> None:
    some = collector(exporting, receiver, format="ocsf", index="audit")
    some.write(2)
    some.run()
    (request,) = receiver.sent
    assert (request.path, request.headers["authorization"]) == ("/services/collector/event", f"Splunk {TOKEN}")
    first, second = envelopes(request)
    assert (first["index"], first["source"], first["sourcetype"]) == ("audit", "bailiwick", "bailiwick:ocsf")
    assert abs(first["time"] - some.clock().timestamp()) < 0.01
    assert first["event"]["class_uid"] == 6002
    assert [item["fields"]["bailiwick_uid"] for item in (first, second)] == ["default/0", "default/1"]
    assert some.row().next_sequence == 2


@pytest.mark.req("OB3")
def test_with_acknowledgement_a_batch_counts_once_the_indexer_has_it(
    exporting: Makes, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bailiwick.control.exporters.receivers.splunk._ACK_POLL_SECONDS", 0.01)
    asked = 0

    def indexer(handler: BaseHTTPRequestHandler, sent: Sent) -> None:
        nonlocal asked
        if sent.path.startswith("/services/collector/ack"):
            asked += 1
            assert json.loads(sent.body) == {"acks": [7]}
            assert sent.path.endswith(f"?channel={sent.headers['x-splunk-request-channel']}")
            answer(200, json.dumps({"acks": {"7": asked >= 3}}).encode())(handler, sent)
        else:
            answer(200, TAKEN)(handler, sent)

    receiver.answers = indexer
    some = collector(exporting, receiver, acknowledge=True)
    some.write(1)
    some.run()
    assert asked == 3
    assert some.row().next_sequence == 1


@pytest.mark.req("OB3")
def test_an_indexer_that_never_acknowledges_moves_nothing(
    exporting: Makes, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bailiwick.control.exporters.receivers.splunk._ACK_SECONDS", 0.2)
    monkeypatch.setattr("bailiwick.control.exporters.receivers.splunk._ACK_POLL_SECONDS", 0.05)
    some = collector(exporting, receiver, acknowledge=True)
    some.write(1)
    some.run()
    assert "did not acknowledge" in some.row().last_error
    assert some.row().next_sequence == 0


@pytest.mark.req("OB3")
@pytest.mark.parametrize(
    ("answers", "options", "words"),
    [
        (answer(200, b"<html>welcome"), {}, "not JSON"),
        (answer(200, b"[]"), {}, "did not say that it took the batch"),
        (answer(200, b'{"code":9,"text":"Server is busy"}'), {}, "did not say that it took the batch"),
        (answer(200, b'{"code":0}'), {"acknowledge": True}, "gives no acknowledgements"),
        (answer(403, TOKEN.encode()), {}, "refuses our secret"),
        (answer(200, b"[" * 60_000), {}, "not JSON"),
    ],
)
def test_garbage_for_an_answer_is_a_failure_in_words(
    exporting: Makes, receiver: HttpReceiver, answers: Answers, options: dict[str, Any], words: str
) -> None:
    receiver.answers = answers
    some = collector(exporting, receiver, **options)
    some.write(1)
    some.run()
    error = some.row().last_error
    assert error
    assert words in error
    assert TOKEN not in error
    assert some.row().next_sequence == 0
