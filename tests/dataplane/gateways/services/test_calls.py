"""An app's calls of a business system: with a credential that it never sees, and as far as its grant goes."""

import json
import socket
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import httpx2
import pytest
from pydantic import ValidationError

from bailiwick.core.events import Outcome
from bailiwick.core.grants import FieldMask, RequestGrant
from bailiwick.core.messages import (
    BasicPassword,
    ClientCredentials,
    HeaderKey,
    NoCredential,
    ServiceConnection,
)
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.gateways.services.matching import match, read_target
from tests.control.exporters.certificates import Certificates
from tests.dataplane.gateways.services.conftest import EVE, TRACE, House
from tests.fixtures.crm import CLIENT, CLIENT_SECRET, CONTACT, KEY, crm

pytestmark = pytest.mark.req("IN1", "IN9")


def settled(house: House, count: int = 1) -> None:
    over = time.monotonic() + 10
    while len(house.events) < count:
        assert time.monotonic() < over
        time.sleep(0.01)


@pytest.mark.req("IN3", "IN7")
def test_a_call_goes_with_our_credential_and_comes_back_masked(house: House) -> None:
    answer = house.call("GET", "/contacts/17")
    assert answer.status_code == 200
    assert answer.json() == {
        "id": 17,
        "name": "Ada",
        "email": "ada@shop.example",
        "ssn": None,
        "owner": {"name": "Eve", "email": "•••@shop.example"},
        "cards": [{"number": "•••• 1111"}, {"number": None}],
    }
    assert answer.headers["etag"] == '"7"'
    assert {"set-cookie", "x-internal", "server"}.isdisjoint(answer.headers)
    (asked,) = house.crm.asked
    assert (asked.method, asked.target) == ("GET", "/api/contacts/17")
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["x-request-id"] == TRACE
    settled(house)
    told = house.told()
    assert (told.action, told.actor, told.resource, told.outcome) == (
        "service.called", "user:eve@example.com", "integration:crm", Outcome.SUCCESS
    )  # fmt: skip
    assert (told.context["call"], told.context["status"], told.trace) == ("GET /contacts/17", 200, TRACE)
    assert told.deciders == ("as-granted",)
    assert CONTACT["ssn"] not in told.model_dump_json()


def test_lists_are_masked_item_by_item_and_head_has_no_body(house: House) -> None:
    listed = house.call("GET", "/contacts?page=2").json()["contacts"]
    assert [item["ssn"] for item in listed] == [None, None]
    assert listed[0]["email"] == "ada@shop.example"
    head = house.call("HEAD", "/contacts/17")
    assert (head.status_code, head.content) == (200, b"")
    assert house.call("GET", "/chunks").text == "abcdefg"


@pytest.mark.parametrize(
    ("method", "target", "words"),
    [
        ("DELETE", "/contacts/17", "no access opens DELETE on /contacts/17"),
        ("GET", "/contacts/17?expand=all", "no access opens the parameter expand"),
        ("GET", "/contacts?page=1&q=a&%70age=2", "no access opens the parameter q"),
        ("GET", "/contacts/17/notes", "no access opens /contacts/17/notes"),
        ("GET", "/contacts/", "no access opens /contacts/"),
        ("GET", "/admin", "no access opens /admin"),
        ("PUT", "/notes", "no access opens PUT on /notes"),
    ],
)
@pytest.mark.req("IN7")
def test_what_no_access_opens_does_not_leave(house: House, method: str, target: str, words: str) -> None:
    answer = house.call(method, target)
    assert answer.status_code == 403
    assert words in answer.json()["title"]
    assert answer.headers["x-bailiwick-answer"] == "own"
    assert house.crm.asked == []
    settled(house)
    assert (house.told().action, house.told().outcome) == ("service.refused", Outcome.REFUSED)
    assert house.told().deciders == ("data-grant",)


@pytest.mark.parametrize(
    "target",
    [
        "/open/../admin", "/open/%2e%2e/admin", "/open/a%2f..%2fadmin", "/open/%5cadmin", "/open//admin", "//open/a",
        "/open/%00", "/open/%ff", "/open/a\\b", "/open/%0d%0ax", "/open/a?b=%ff", "/open/./a", "/open/%",
    ],
)  # fmt: skip
@pytest.mark.req("IN7")
def test_what_can_be_read_in_two_ways_does_not_leave(house: House, target: str) -> None:
    parts = urlsplit(house.url)
    with socket.create_connection((parts.hostname, parts.port)) as line:
        line.sendall(f"GET {target} HTTP/1.1\r\nhost: crm\r\ntraceparent: 00-{TRACE}-{'b' * 16}-01\r\n\r\n".encode())
        assert line.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert house.crm.asked == []


def test_a_path_is_written_anew_from_what_was_checked(house: House) -> None:
    house.call("GET", "/%63ontacts/1%37")
    house.call("GET", "/open/a%20b/c;d?x=1%202&x=%26")
    assert [asked.target for asked in house.crm.asked] == ["/api/contacts/17", "/api/open/a%20b/c;d?x=1%202&x=%26"]


@pytest.mark.req("IN7")
def test_a_body_has_the_fields_that_an_access_opens_and_no_others(house: House) -> None:
    assert house.call("POST", "/notes", json={"text": "called"}).json() == {"noted": {"text": "called"}}
    for given in (
        {"json": {"text": "x", "owner": 1}},
        {"json": ["text"]},
        {"content": b'{"text": 1, "text": 2}', "headers": {"content-type": "application/json"}},
        {"content": b"text=1", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"content": b"{", "headers": {"content-type": "application/json"}},
        {"content": b'{"text": 1}'},
        {"content": b"[" * 100_000, "headers": {"content-type": "application/json"}},
    ):
        assert house.call("POST", "/notes", **given).status_code == 403
    assert len(house.crm.asked) == 1
    assert house.call("POST", "/open/x", content=b"x" * (17 * 2**20)).status_code == 413


@pytest.mark.req("SE1", "IN1")
def test_an_app_neither_chooses_who_it_is_nor_learns_who_we_are(house: House) -> None:
    headers = {
        "authorization": "Bearer mine", "cookie": "a=b", "x-request-id": "forged", "x-note-kind": "k", "forwarded": "f",
        "x-secret": "s", "user-agent": "mine", "accept": "application/json",
    }  # fmt: skip
    seen = house.call("GET", "/echo", headers=headers)
    assert KEY not in seen.text + str(seen.headers)
    (asked,) = house.crm.asked
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["x-request-id"] == TRACE
    assert {"cookie", "x-secret", "forwarded", "x-note-kind", "traceparent"}.isdisjoint(asked.headers)
    assert (asked.headers["user-agent"], asked.headers["accept"]) == ("bailiwick", "application/json")
    house.call("POST", "/notes", json={"text": "x"}, headers={"x-note-kind": "call", "authorization": "Bearer mine"})
    assert house.crm.asked[-1].headers["x-note-kind"] == "call"
    assert KEY not in repr(house.gateway) + repr(house.connection) + str([item.model_dump() for item in house.events])


@pytest.mark.req("IN3")
def test_calls_are_of_a_person_under_a_trace_and_else_of_the_app(house: House) -> None:
    house.call("GET", "/chunks", trace="")
    settled(house)
    assert house.told().actor == "app:finance/desk"
    house.calls["1" * 32] = Call(EVE, "finance/other", "rel_9", "1" * 32)
    for trace, words in (("1" * 32, "of another app"), ("2" * 32, "no request in flight")):
        answer = house.call("GET", "/chunks", trace=trace)
        assert (answer.status_code, words in answer.json()["title"]) == (403, True)
    assert len(house.crm.asked) == 1


@pytest.mark.req("IN6")
def test_what_policy_or_a_switch_forbids_says_why(house: House) -> None:
    house.decision = Decision(False, "crm is switched off", ("integrations-that-are-off",))
    answer = house.call("GET", "/chunks")
    assert (answer.status_code, answer.json()["title"]) == (403, "crm is switched off")
    house.decision, house.connection = Decision(True, ""), None
    assert house.call("GET", "/chunks").status_code == 503
    assert house.crm.asked == []


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/moved", 502, "sends calls elsewhere"),
        ("/packed", 502, "compresses its answer"),
        ("/none", 502, "broke off its answer"),
        ("/garbage", 502, "broke off its answer, or it is none"),
        ("/slow", 504, "said nothing for 1 s"),
        ("/text", 502, "is no JSON"),
    ],
)
def test_a_service_that_misbehaves_is_told_of_in_words(house: House, path: str, status: int, words: str) -> None:
    answer = house.call("GET", path)
    assert (answer.status_code, words in answer.json()["title"]) == (status, True), answer.text
    assert "078-05" not in answer.text
    settled(house)
    assert (house.told().outcome, house.told().context["status"]) == (Outcome.FAILED, status)
    assert house.call("GET", "/chunks").text == "abcdefg"


def test_half_an_answer_is_never_a_whole_one(house: House) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        house.call("GET", "/half")
    assert house.connection is not None
    house.connection = house.connection.model_copy(update={"most_answer_bytes": 100_000})
    with suppress(httpx2.RemoteProtocolError):  # as far as the head had gone already
        assert house.call("GET", "/big").status_code == 502
    settled(house, 2)
    assert "larger than 97 KiB" in house.told().reason
    assert house.call("GET", "/forbidden").status_code == 403


def test_a_service_that_is_not_there_is_told_of(house: House) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        house.connection = ServiceConnection(kind="http", url=f"http://127.0.0.1:{free.getsockname()[1]}")
        answer = house.call("GET", "/chunks")
    assert (answer.status_code, "is not reached" in answer.json()["title"]) == (502, True)


@pytest.mark.req("SE1")
def test_keys_come_from_the_vault_once_and_anew_when_they_are_not_taken(house: House) -> None:
    for _ in range(3):
        house.call("GET", "/chunks")
    assert house.fetched == ["crm-key"]
    house.secrets["crm-key"] = "another-one"
    house.gateway.credentials.refused(house.connection)  # type: ignore[arg-type]
    refused = house.call("GET", "/chunks")
    assert (refused.status_code, "does not take the platform's credential" in refused.json()["title"]) == (502, True)
    assert "another-one" not in refused.text
    house.secrets["crm-key"] = KEY
    assert house.call("GET", "/chunks").status_code == 200
    house.secrets["crm-key"] = f"{KEY}\r\nx-admin: 1"
    house.gateway.credentials.refused(house.connection)  # type: ignore[arg-type]
    assert "cannot be a header's value" in house.call("GET", "/chunks").json()["title"]
    del house.secrets["crm-key"]
    house.gateway.credentials.refused(house.connection)  # type: ignore[arg-type]
    assert house.call("GET", "/chunks").status_code == 503


@pytest.mark.req("IN2", "SE2")
def test_tokens_are_got_with_the_client_of_the_platform_and_renewed(house: House) -> None:
    for shown in ("basic", "body"):
        credential = ClientCredentials.model_validate(
            {
                "kind": "client-credentials", "token_url": f"{house.crm.url}/token", "client": CLIENT,
                "secret": "crm-client", "scopes": ["contacts.read"], "shown": shown,
            }
        )  # fmt: skip
        house.connection = ServiceConnection(kind="http", url=f"{house.crm.url}/api", credential=credential)
        house.crm.asked.clear()
        together = [Thread(target=house.call, args=("GET", "/chunks")) for _ in range(4)]
        for thread in together:
            thread.start()
        for thread in together:
            thread.join()
        assert [asked.target for asked in house.crm.asked].count("/token") == 1
        house.crm.tokens.clear()  # they end before their time
        assert house.call("GET", "/chunks").status_code == 200
        assert [asked.target for asked in house.crm.asked][-3:] == ["/api/chunks", "/token", "/api/chunks"]
        assert CLIENT_SECRET not in str([asked.headers for asked in house.crm.asked if asked.target != "/token"])
    assert b"scope=contacts.read" in next(asked.body for asked in house.crm.asked if asked.target == "/token")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, b"down"), "answers with status 500"),
        ((401, b'{"error": "invalid_client"}'), "answers with status 401"),
        ((200, b"<html>"), "does not answer with a token"),
        ((200, b'{"access_token": "a b", "token_type": "bearer"}'), "gives no bearer token"),
        ((200, b'{"access_token": "ab", "token_type": "mac"}'), "gives no bearer token"),
        ((302, b""), "answers with status 302"),
    ],
)
@pytest.mark.req("IN2")
def test_a_token_endpoint_that_misbehaves_is_told_of(house: House, answer: tuple[int, bytes], words: str) -> None:
    credential = ClientCredentials(
        kind="client-credentials", token_url=f"{house.crm.url}/token", client=CLIENT, secret="crm-client"
    )
    house.connection = ServiceConnection(kind="http", url=f"{house.crm.url}/api", credential=credential)
    house.crm.token_answer = answer
    told = house.call("GET", "/chunks")
    assert (told.status_code, words in told.json()["title"]) == (503, True), told.text
    house.crm.token_answer = None
    assert house.call("GET", "/chunks").status_code == 200


def test_other_credentials_are_shown_as_each_service_wants_them(house: House) -> None:
    url = f"{house.crm.url}/api"
    house.connection = ServiceConnection(
        kind="http", url=url, credential=BasicPassword(kind="basic", user=CLIENT, secret="crm-client")
    )
    assert CLIENT_SECRET not in house.call("GET", "/echo").text
    house.connection = ServiceConnection(
        kind="http", url=url, credential=HeaderKey(kind="header", header="x-api-key", secret="crm-key")
    )
    assert KEY not in house.call("GET", "/echo").text
    assert house.crm.asked[-1].headers["x-api-key"] == KEY
    house.connection = ServiceConnection(kind="http", url=url, credential=NoCredential())
    assert house.call("GET", "/chunks").status_code == 502  # this one asks


def test_tls_is_checked_by_the_authority_that_was_named(house: House, tmp_path: Path) -> None:
    with crm(Certificates(tmp_path / "ca")) as safe:
        house.connection = ServiceConnection(kind="http", url=f"{safe.url}/api", credential=NoCredential())
        assert "is not reached (SSLCertVerificationError)" in house.call("GET", "/chunks").json()["title"]
        assert safe.asked == []
        good = house.connection.model_copy(update={"authority": safe.authority})
        house.connection = good
        assert house.call("GET", "/chunks").status_code == 502  # reached, and asked who we are
        assert len(safe.asked) == 1


@pytest.mark.req("RT5", "ID2")
def test_calls_under_way_end_with_the_switch_and_with_their_person(house: House) -> None:
    for end in (
        lambda: house.gateway.end_using("crm"),
        lambda: house.gateway.end_revoked({"user:eve@example.com": 5}),
    ):
        ended: list[Exception] = []

        def call(into: list[Exception] = ended) -> None:
            try:
                house.call("GET", "/slow")
            except httpx2.HTTPError as fault:
                into.append(fault)

        assert house.connection is not None
        house.connection = house.connection.model_copy(update={"timeout_seconds": 20.0})
        thread = Thread(target=call)
        before = len(house.crm.asked)
        thread.start()
        while len(house.crm.asked) == before:
            time.sleep(0.01)
        house.loop.call_soon_threadsafe(end)
        thread.join(2)
        assert (thread.is_alive(), len(ended)) == (False, 1)
    assert "withdrawn" in house.told().reason


@pytest.mark.req("IN7")
def test_a_field_is_open_when_any_access_that_opens_the_call_leaves_it_open() -> None:
    closed = RequestGrant(methods=frozenset({"GET"}), path="/a/{id}", fields=(FieldMask(path="x"), FieldMask(path="y")))
    half = RequestGrant(methods=frozenset({"GET"}), path="/a/**", fields=(FieldMask(path="x"),))
    wanted = read_target("GET", "/a/1")
    assert [field.path for field in match(wanted, [closed, half]).fields] == ["x"]
    assert [field.path for field in match(wanted, [closed]).fields] == ["x", "y"]


@pytest.mark.parametrize(
    "given",
    [
        {"url": "http://crm.example/api", "credential": {"kind": "bearer", "secret": "k"}},
        {"url": "ftp://crm.example"},
        {"url": "https://user:password@crm.example"},
        {"url": "https://crm.example/?key=1"},
        {"url": "https://crm.example/a/../b"},
        {"url": "https://crm.example:99999"},
        {"url": "https://"},
        {"url": "https://crm.example", "credential": {"kind": "header", "header": "host", "secret": "k"}},
        {"url": "https://crm.example", "credential": {"kind": "bearer", "secret": "k", "token": "the value itself"}},
        {
            "url": "https://crm.example",
            "credential": {
                "kind": "client-credentials",
                "token_url": "http://idp.example",
                "client": "c",
                "secret": "k",
            },
        },
    ],
)  # fmt: skip
@pytest.mark.req("SE1")
def test_a_place_that_would_show_a_credential_to_others_is_none(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ServiceConnection.model_validate({"kind": "http", **given})
    assert json.dumps(ServiceConnection(kind="http", url="https://crm.example").model_dump(mode="json"))
    assert Identity.of_service(Principal("app", "a/b")).principal.kind == "app"
