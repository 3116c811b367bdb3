import asyncio
import http.client
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import uvloop

from bailiwick.core.clock import utc_now
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.guardrails import EgressRails, OpenedTls, checked_values
from bailiwick.dataplane.gateways.egress import Opened, Opener
from bailiwick.dataplane.gateways.egress.authority import Authority
from tests.dataplane.gateways.egress.test_http import Legacy, Quiet
from tests.fixtures.egress import HOST, Door, certificate, door_to

RULE = OpenedTls(host="*.example", methods=("GET", "POST"), paths=("/v1/*", "/health"))


@pytest.fixture
def asked() -> list[tuple[str, str, bytes]]:
    return []


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    return certificate(tmp_path)


@pytest.fixture
def secure(asked: list[tuple[str, str, bytes]], pair: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    server = Quiet(("127.0.0.1", 0), type("Handler", (Legacy,), {"asked": asked}))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def opener(pair: Path) -> Opener:
    return Opener(Authority("production", utc_now), ssl.create_default_context(cafile=pair))


def call(
    door: Door, trust: ssl.SSLContext, method: str, path: str, port: int, body: bytes = b""
) -> tuple[int, str, str]:
    """Ask the host over TLS; return status, body, and who made the certificate that was shown."""
    connection = http.client.HTTPSConnection(HOST, door.port, context=trust, timeout=20)
    # The name is the host's, the address that of the door.
    connection._create_connection = lambda *_: socket.create_connection(("127.0.0.1", door.port))  # type: ignore[attr-defined]
    connection.request(method, path, body or None, {"Host": f"{HOST}:{port}"})
    issuer = dict(part[0] for part in connection.sock.getpeercert()["issuer"])  # type: ignore[union-attr, misc, index]
    answer = connection.getresponse()
    said = answer.status, answer.read().decode(), str(issuer["commonName"])
    connection.close()
    return said


def trusting(opener: Opener) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=opener.authority.certificate)


async def ask(
    secure: int, opener: Opener, method: str = "GET", path: str = "/v1/rates", body: bytes = b"", **options: Any
) -> tuple[tuple[int, str, str] | ssl.SSLError, Opened]:
    rails = EgressRails(opened_tls=(options.get("rule", RULE),))
    async with door_to(secure, rails=rails, opener=opener) as door:
        try:
            trust = options.get("trust") or trusting(opener)
            said: Any = await asyncio.to_thread(call, door, trust, method, path, secure, body)
        except (ssl.SSLError, ConnectionError) as fault:
            said = fault
        return said, await door.outcome()


@pytest.mark.req("RT2")
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_requests_inside_tls_are_read_where_administrators_ask_for_it(
    secure: int, opener: Opener, asked: list[tuple[str, str, bytes]], run: Any
) -> None:
    said, outcome = run(ask(secure, opener, "POST", body=b"x" * 200_000))
    assert said == (200, "you said " + "x" * 200_000, "Bailiwick egress of production")
    assert (outcome.refused, outcome.requests) == ("", 1)
    assert asked[0][0] == "POST /v1/rates"


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("DELETE", "/v1/rates", "DELETE is not allowed at this host, only GET, POST"),
        ("GET", "/v2/rates", "only /v1/*, /health"),
        ("GET", "/health/../v2", "only /v1/*, /health"),
        ("GET", "/v1/../admin", "only /v1/*, /health"),
        ("GET", "/v1/%2e%2e/admin", "only /v1/*, /health"),
        ("GET", "/v1/..%2fadmin", "only /v1/*, /health"),
        ("GET", "/v1/%252e%252e/admin", "only /v1/*, /health"),
        ("GET", "/v1//admin", "only /v1/*, /health"),
        ("GET", "/v1/..;/admin", "only /v1/*, /health"),
        ("GET", "/v1/..\\admin", "only /v1/*, /health"),
    ],
)
async def test_only_methods_and_paths_that_are_allowed_pass(
    secure: int, opener: Opener, asked: list[tuple[str, str, bytes]], method: str, path: str, words: str
) -> None:
    said, outcome = await ask(secure, opener, method, path)
    assert isinstance(said, tuple)
    assert (said[0], words in said[1]) == (403, True)
    assert words in outcome.refused
    assert outcome.deciders == ("allowed-requests",)
    assert asked == []


@pytest.mark.req("RT2")
async def test_an_app_that_pins_the_hosts_certificate_fails_closed_and_is_told_why(
    secure: int, opener: Opener, pair: Path, asked: list[tuple[str, str, bytes]]
) -> None:
    said, outcome = await ask(secure, opener, trust=ssl.create_default_context(cafile=pair))
    assert isinstance(said, ssl.SSLError)
    assert outcome.refused == "the app does not accept the certificate of the gateway, which opens TLS to this host"
    assert asked == []


@pytest.mark.req("RT2")
async def test_a_host_that_nobody_vouches_for_is_not_reached(secure: int, opener: Opener, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Opener(opener.authority, ssl.create_default_context(cafile=certificate(tmp_path / "other")))
    _, outcome = await ask(secure, other)
    assert "the host's certificate cannot be relied on: self-signed certificate" in outcome.refused
    assert outcome.deciders == ("verified-host",)


async def test_hosts_that_no_rule_is_about_pass_unread(secure: int, opener: Opener, pair: Path) -> None:
    trust = ssl.create_default_context(cafile=pair)
    said, outcome = await ask(secure, opener, "DELETE", "/v2", rule=OpenedTls(host="other.example"), trust=trust)
    assert isinstance(said, tuple)
    assert (said[2], outcome.requests) == (HOST, 0)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"host": "https://a.example"}, "egress.opened_tls.0.host"),
        ({"host": "a.example", "methods": ["get"]}, "egress.opened_tls.0.methods.0"),
        ({"host": "a.example", "paths": ["v1"]}, "egress.opened_tls.0.paths.0"),
        ({"host": "a.example", "path": ["/v1"]}, "no 'opened_tls.0.path'"),
    ],
)
def test_a_rule_that_cannot_be_is_named(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        checked_values("egress", {"opened_tls": [rule]})


def test_the_first_rule_about_a_host_counts() -> None:
    rails = EgressRails(opened_tls=(OpenedTls(host="a.example", methods=("GET",)), OpenedTls(host="*.example")))
    assert [rule and rule.methods for rule in map(rails.opens, ("a.example", "b.example", "example", "c.test"))] == [
        ("GET",), (), None, None,
    ]  # fmt: skip
