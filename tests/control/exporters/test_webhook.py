"""Webhooks: signed as Standard Webhooks says; an answer that is no clear yes is a no."""

import base64
import json
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from bailiwick.control.audit import log_size
from bailiwick.control.exporter_settings import ExporterOptions
from bailiwick.control.exporters.receivers.webhook import signature

from .certificates import Certificates
from .conftest import Exporting, Makes, Moment
from .http_receiver import Answers, HttpReceiver, Sent, answer, listening

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with listening() as started:
        yield started


def hook(exporting: Makes, receiver: HttpReceiver, **options: Any) -> Exporting:
    return exporting({"KEY": SECRET}, kind="webhook", url=f"{receiver.url}/hook", secret={"env": "KEY"}, **options)


@pytest.mark.req("OB3")
def test_the_signature_is_that_of_the_specifications_own_example() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.req("OB3")
def test_events_come_signed_and_each_with_its_id(exporting: Makes, receiver: HttpReceiver) -> None:
    some = hook(exporting, receiver, batch_events=3)
    some.write(5)
    some.run()
    assert [request.path for request in receiver.sent] == ["/hook", "/hook"]
    assert [request.headers["webhook-id"] for request in receiver.sent] == ["siem:default/0-2", "siem:default/3-4"]
    for request in receiver.sent:
        head = request.headers
        expected = signature(bytes(range(32)), head["webhook-id"], head["webhook-timestamp"], request.body)
        assert head["webhook-signature"] == expected
    events = [event for request in receiver.sent for event in json.loads(request.body)["events"]]
    assert [event["uid"] for event in events] == [f"default/{place}" for place in range(5)]
    assert events[0]["event"]["action"] == "app.created"


def _endless(handler: BaseHTTPRequestHandler, sent: Sent) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        return


def _no_http(handler: BaseHTTPRequestHandler, sent: Sent) -> None:
    handler.wfile.write(b"\x00\xff\x00garbage\r\n\r\n")


@pytest.mark.req("OB3")
@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (answer(500, SECRET.encode()), "did not take the batch (status 500)"),
        (answer(302, location="http://127.0.0.1:1/elsewhere"), "redirects are not followed"),
        (answer(401), "does not know our secret"),
        (_endless, "longer than 65536 bytes"),
        (_no_http, "no answer from the receiver"),
    ],
)
def test_a_receiver_that_answers_garbage_is_tried_again_with_the_same_batch(
    exporting: Makes, receiver: HttpReceiver, clock: Moment, answers: Answers, words: str
) -> None:
    some = hook(exporting, receiver)
    some.write(2)
    receiver.answers = answers
    some.run()
    row = some.row()
    assert words in row.last_error
    assert SECRET not in row.last_error
    assert (row.next_sequence, row.failures) == (0, 1)
    receiver.answers = answer(204)
    some.write(1)
    clock.pass_seconds(2)
    some.run()
    first, again, rest = receiver.sent
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    assert rest.headers["webhook-id"] == "siem:default/2-2"
    assert some.row().next_sequence == 3


@pytest.mark.req("OB3")
def test_over_tls_the_receivers_certificate_must_be_its_own(exporting: Makes, tmp_path: Path, clock: Moment) -> None:
    certificates = Certificates(tmp_path / "certificates")
    for name, good in (("elsewhere.example", False), ("localhost", True)):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*certificates.issue(name))
        with listening(tls=tls) as receiver:
            some = hook(exporting, receiver, ca=str(certificates.ca), name=name.replace(".", "-"))
            some.write(1)
            some.run()
            assert bool(receiver.sent) is good
            assert ("certificate" in some.row().last_error.lower()) is not good
            unknown = hook(exporting, receiver, name="without-ca")
            unknown.run()
            assert "certificate" in unknown.row().last_error.lower()
            clock.pass_seconds(400)


@pytest.mark.req("OB3")
def test_nobody_listening_is_said_in_words(exporting: Makes) -> None:
    with listening() as gone:
        some = hook(exporting, gone)
    some.write(1)
    some.run()
    assert "refused" in some.row().last_error.lower()


@pytest.mark.req("OB3")
def test_a_receiver_that_is_down_for_an_hour_gets_everything_afterwards(exporting: Makes, clock: Moment) -> None:
    with listening() as before:
        some = hook(exporting, before, batch_events=7)
        some.write(10)
        some.run()
    down = clock.now
    while (clock.now - down).total_seconds() < 3600:
        some.write(3)
        some.run()
        clock.now = some.row().next_attempt or clock.now
    with listening(int(before.url.rpartition(":")[2])) as after:
        some.run()
    events = [event for request in [*before.sent, *after.sent] for event in json.loads(request.body)["events"]]
    with some.store.transaction() as session:
        total = log_size(session) - 1  # the word of the recovery itself goes out at the next step
    assert [event["uid"] for event in events][:total] == [f"default/{place}" for place in range(total)]


@pytest.mark.req("OB3")
@pytest.mark.parametrize("secret", ["", "whsec_!!!", "whsec_c2hvcnQ="])
def test_a_secret_that_is_none_sends_nothing(exporting: Makes, receiver: HttpReceiver, secret: str) -> None:
    some = exporting({"KEY": secret}, kind="webhook", url=receiver.url, secret={"env": "KEY"})
    some.write(1)
    some.run()
    assert "base64 of at least 24 bytes" in some.row().last_error
    assert receiver.sent == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://siem.example/hook"},
        {"url": "https://user:word@siem.example"},
        {"url": "ftp://127.0.0.1"},
        {"secret": {}},
        {"secret": {"env": "A", "vault": "b"}},
        {"secret": "whsec_inline"},
        {"name": "../etc"},
        {"outcomes": ["lost"]},
        {"colour": "red"},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    good = {"name": "hook", "kind": "webhook", "url": "https://siem.example/hook", "secret": {"env": "KEY"}}
    adapter: TypeAdapter[Any] = TypeAdapter(ExporterOptions)
    adapter.validate_python(good)
    with pytest.raises(ValidationError):
        adapter.validate_python(good | wrong)
