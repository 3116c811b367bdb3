"""Authorization servers that are down, slow, or say what is no token: in time, without following, and in words."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import ValidationError

from bailiwick.control.consents import AuthorizationServers, Place
from bailiwick.core.clock import utc_now
from bailiwick.core.messages import PersonConsent, ServiceConnection
from bailiwick.core.oauth import GrantEndedError, TokenEndpointError
from tests.fixtures.crm import CLIENT, CLIENT_SECRET, Crm, crm

pytestmark = pytest.mark.req("IN2", "SE2")


def place_of(token_url: str) -> Place:
    credential = PersonConsent(
        kind="person", authorization_url="https://crm.example/auth", token_url=token_url, client=CLIENT,
        secret="crm-client", par_url=token_url, revocation_url=token_url,
    )  # fmt: skip
    connection = ServiceConnection(kind="http", url="https://crm.example/api", credential=credential)
    return Place("crm", "production", "Contacts", True, connection, credential)


def servers() -> AuthorizationServers:
    return AuthorizationServers(lambda _: CLIENT_SECRET, utc_now)


@pytest.fixture
def system() -> Iterator[Crm]:
    with crm() as made:
        yield made


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, b"down"), "answers with status 500"),
        ((400, b'{"error": "invalid_request", "error_description": "<secret>"}'), "status 400 (invalid_request)"),
        ((401, b'{"error": "invalid_client"}'), "status 401 (invalid_client)"),
        ((400, b'{"error": ["invalid_grant"]}'), "answers with status 400"),
        ((302, b""), "answers with status 302"),
        ((200, b"<html><body>Sign in</body></html>"), "does not answer with a token"),
        ((200, b"[" * 50_000), "does not answer with a token"),
        ((200, b'["token"]'), "does not answer with a token"),
        ((200, b'{"access_token": "a b", "token_type": "Bearer"}'), "gives no bearer token"),
        ((200, b'{"access_token": 7, "token_type": "Bearer"}'), "gives no bearer token"),
        ((200, b'{"access_token": "a\\r\\nx: y", "token_type": "Bearer"}'), "gives no bearer token"),
        ((200, b'{"access_token": "a", "token_type": "mac"}'), "gives no bearer token"),
        ((200, b'{"access_token": "a", "token_type": "Bearer", "refresh_token": {}}'), None),
        ((200, b'{"access_token": "a", "token_type": "Bearer", "refresh_token": [1]}'), "that is none"),
        ((200, b"x" * 70_000), "answers with more than a token"),
    ],
    ids=["down", "words", "client", "odd-error", "elsewhere", "html", "deep", "list", "space", "number", "header",
         "mac", "no-refresh", "odd-refresh", "long"],
)  # fmt: skip
def test_what_is_no_token_is_said_in_words(system: Crm, answer: tuple[int, bytes], words: str | None) -> None:
    system.token_answer = answer
    if words is None:
        assert servers().refresh(place_of(f"{system.url}/token"), "r").refresh == ""
        return
    with pytest.raises(TokenEndpointError) as fault:
        servers().refresh(place_of(f"{system.url}/token"), "refresh-token-of-the-test")
    assert words in fault.value.message
    assert not isinstance(fault.value, GrantEndedError)
    assert "secret" not in fault.value.message + fault.value.hint
    assert "refresh-token-of-the-test" not in fault.value.message
    assert len(system.asked) == 1


def test_a_secret_that_was_just_rotated_is_shown_once_it_is_there(system: Crm) -> None:
    read: list[str] = []

    def secret(_: str) -> str:
        read.append("")
        return CLIENT_SECRET if len(read) > 3 else "the-secret-of-before"

    found = AuthorizationServers(secret, utc_now).refresh(place_of(f"{system.url}/token"), "r")
    assert found.value in system.tokens
    assert len(system.asked) == 2


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("3600", 3600), ('"60"', 60), ("-5", 0), ("true", 300), ("null", 300), ('"soon"', 300), ("1e400", 31622400)],
)
def test_how_long_a_token_is_good_is_read_carefully(system: Crm, told: str, seconds: float) -> None:
    system.token_answer = (200, b'{"access_token": "a", "token_type": "bearer", "expires_in": %b}' % told.encode())
    assert servers().refresh(place_of(f"{system.url}/token"), "r").seconds == seconds


def test_a_token_that_nothing_renews_and_that_never_ends_is_good_until_it_is_refused(system: Crm) -> None:
    told = {"access_token": "a", "token_type": "bearer"}
    days = {"nothing": {}, "an-end": {"expires_in": 60}, "renewed": {"refresh_token": "r"}}
    lasts = {}
    for name, more in days.items():
        system.token_answer = (200, json.dumps({**told, **more}).encode())
        lasts[name] = servers().refresh(place_of(f"{system.url}/token"), "r").lasts_seconds
    assert lasts == {"nothing": 366 * 86400, "an-end": 60, "renewed": 300}


def test_what_was_granted_ended_is_told_from_what_is_broken(system: Crm) -> None:
    system.token_answer = (400, b'{"error": "invalid_grant"}')
    with pytest.raises(GrantEndedError):
        servers().refresh(place_of(f"{system.url}/token"), "r")
    servers().revoke(place_of(f"{system.url}/token"), "r")  # what comes of that changes nothing
    with pytest.raises(TokenEndpointError, match="has ended"):
        servers().push(place_of(f"{system.url}/token"), {"state": "s"})
    with pytest.raises(TokenEndpointError, match="is not reached"):
        servers().refresh(place_of("http://127.0.0.1:1/token"), "r")


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n"], ids=["head", "body"]
)
def test_a_server_that_drips_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    monkeypatch.setattr("bailiwick.token_posting.WHOLE_SECONDS", 0.5)
    door = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip() -> None:
        line, _ = door.accept()
        with line:
            line.recv(65536)
            line.sendall(head)
            while not over.wait(0.05):
                try:
                    line.sendall(b" ")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    began = time.monotonic()
    with pytest.raises(TokenEndpointError, match="is slow"):
        servers().refresh(place_of(f"http://127.0.0.1:{door.getsockname()[1]}/token"), "r")
    assert time.monotonic() - began < 5
    over.set()
    thread.join(10)
    door.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"verification_uri": "http://evil.example/"}, "where a code is typed"),
        ({"verification_uri": "javascript:alert(1)"}, "where a code is typed"),
        ({"verification_uri": None}, "where a code is typed"),
        ({"user_code": ""}, "no code to type"),
        ({"user_code": "x" * 41}, "no code to type"),
        ({"user_code": "a\u202eb"}, "no code to type"),
        ({"device_code": "a b"}, "no code to type"),
    ],
    ids=["plain", "script", "nowhere", "no-code", "long-code", "turned-round", "odd-secret"],
)
def test_a_code_that_nobody_can_type_is_not_shown(system: Crm, change: dict[str, object], words: str) -> None:
    said = {"device_code": "d", "user_code": "ABCD-EFGH", "verification_uri": "https://crm.example/device"}
    place = place_of(f"{system.url}/token")
    at = replace(place, credential=place.credential.model_copy(update={"device_url": f"{system.url}/token"}))
    system.token_answer = (200, json.dumps(said).encode())
    assert servers().device(at, {}).user_code == "ABCD-EFGH"
    system.token_answer = (200, json.dumps({**said, **change}).encode())
    with pytest.raises(TokenEndpointError, match=words):
        servers().device(at, {})


@pytest.mark.parametrize(
    "change",
    [
        {"token_url": "http://login.example/token"},
        {"authorization_url": "http://login.example/auth"},
        {"authorization_url": "javascript:alert(1)"},
        {"authorization_url": "https://login.example/auth?client_id=evil"},
        {"token_url": "https://user:password@login.example/token"},
        {"par_url": "http://login.example/par"},
        {"revocation_url": "ftp://login.example/"},
        {"parameters": {"redirect_uri": "https://evil.example"}},
        {"parameters": {"state": "x"}},
        {"shown": "none"},
        {"secret": ""},
        {"scopes": ["a b"]},
        {"authorization_url": ""},
        {"device_url": "https://login.example/device"},
    ],
    ids=["plain-token", "plain-auth", "script", "query", "password", "plain-par", "plain-revocation", "redirect",
         "state", "secret-for-nothing", "no-secret", "two-scopes-in-one", "no-way", "two-ways"],
)  # fmt: skip
def test_a_registration_that_is_not_safe_is_refused(change: dict[str, object]) -> None:
    good = place_of("https://login.example/token").credential.model_dump()
    assert PersonConsent.model_validate(good)
    with pytest.raises(ValidationError):
        PersonConsent.model_validate({**good, **change})
