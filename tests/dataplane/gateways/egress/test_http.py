import asyncio
from collections.abc import AsyncIterator, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.egress import HOST, Door, door_to


class Legacy(BaseHTTPRequestHandler):
    """A web server of the old kind, which writes down what it is asked."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str, bytes]]

    def do_POST(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        body = b""
        if "chunked" in self.headers.get("transfer-encoding", ""):
            while size := int(self.rfile.readline() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.asked.append((f"{self.command} {self.path}", str(self.headers), body))
        answer = b"you said " + body
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Quiet(ThreadingHTTPServer):
    """Serves in threads, and says nothing of clients that go away."""

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def asked() -> list[tuple[str, str, bytes]]:
    return []


@pytest.fixture
def legacy(asked: list[tuple[str, str, bytes]]) -> Iterator[int]:
    handler = type("Handler", (Legacy,), {"asked": asked})
    server = Quiet(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
async def door(legacy: int) -> AsyncIterator[Door]:
    async with door_to(legacy, "http") as opened:
        yield opened


def calls(port: int, host: str) -> list[tuple[int, bytes]]:
    """Make three requests on one connection with the standard library: plain, with a length, in chunks."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    said = []
    for method, body in (("GET", None), ("POST", b"x" * 300_000), ("POST", iter([b"one", b"two" * 5000]))):
        connection.request(method, "/v1/rates?day=1", body, {"Host": host}, encode_chunked=not isinstance(body, bytes))
        answer = connection.getresponse()
        said.append((answer.status, answer.read()))
    connection.close()
    return said


@pytest.mark.req("RT2")
async def test_plain_http_passes_where_it_was_declared(
    legacy: int, door: Door, asked: list[tuple[str, str, bytes]]
) -> None:
    said = await asyncio.to_thread(calls, door.port, f"{HOST}:{legacy}")
    assert [status for status, _ in said] == [200, 200, 200]
    assert [body for *_, body in asked] == [b"", b"x" * 300_000, b"one" + b"two" * 5000]
    assert asked[0][0] == "GET /v1/rates?day=1"
    outcome = await door.outcome()
    assert (outcome.refused, outcome.requests) == ("", 3)
    assert outcome.sent == door.sent > 300_000
    assert outcome.received > 300_000


def request(legacy: int, head: str, body: str = "") -> bytes:
    return (head.replace("HOST", f"{HOST}:{legacy}") + "\r\n\r\n" + body).encode("latin-1")


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    ("head", "body", "words"),
    [
        ("GET / HTTP/1.1\r\nHost: elsewhere.example", "", "the request is for elsewhere.example"),
        ("GET / HTTP/1.1\r\nHost: partner.example", "", "the request is for partner.example"),
        ("GET / HTTP/1.1", "", "exactly one Host header"),
        ("GET / HTTP/1.1\r\nHost: HOST\r\nHost: elsewhere.example", "", "given twice"),
        ("GET http://elsewhere.example/ HTTP/1.1\r\nHost: HOST", "", "names no path of this server"),
        ("CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: HOST", "", "names no path of this server"),
        ("OPTIONS * HTTP/1.1\r\nHost: HOST", "", "names no path of this server"),
        ("GET / HTTP/1.0\r\nHost: HOST", "", "not HTTP/1.1"),
        ("GET /a b HTTP/1.1\r\nHost: HOST", "", "request line"),
        ("GET / HTTP/1.1\r\nHost: HOST\r\nConnection: upgrade\r\nUpgrade: h2c", "", "another protocol (h2c)"),
        ("GET / HTTP/1.1\r\nHost: HOST\r\nUpgrade: websocket\r\nConnection: Upgrade", "", "another protocol"),
        ("PRI * HTTP/2.0", "SM\r\n\r\n", "not HTTP/1.1"),
        (
            "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\nTransfer-Encoding: chunked",
            "0\r\n\r\n",
            "two ways",
        ),
        ("POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\nContent-Length: 5", "abcde", "given twice"),
        ("POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: +4", "abcd", "two ways"),
        ("POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip, chunked", "0\r\n\r\n", "two ways"),
        ("POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding : chunked", "0\r\n\r\n", "malformed"),
        ("GET / HTTP/1.1\r\nHost: HOST\r\nX-A: one\r\n two", "", "malformed"),
        ("GET / HTTP/1.1\r\nHost: HOST\r\nX-A: one\nX-B: two", "", "malformed"),
        ("GET / HTTP/1.1\r\nHost: HOST\r\nX-A: one\rX-B: two", "", "malformed"),
        ("GET / HTTP/1.1\r\nHost: HOST\r\nX-A: \0", "", "malformed"),
        ("GET / HTTP/1.1\r\nHost: HOST\r\nX: " + "y" * 70_000, "", "too large"),
    ],
)
async def test_what_could_mean_another_thing_reaches_no_host(
    legacy: int, door: Door, asked: list[tuple[str, str, bytes]], head: str, body: str, words: str
) -> None:
    answer = await door.said(request(legacy, head, body))
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert words in answer.decode()
    assert words in (await door.outcome()).refused
    assert asked == []


@pytest.mark.parametrize(
    "body",
    [
        "zz\r\nabc\r\n",
        "-1\r\n",
        "3\nabc\n0\n\n" + "x" * 20,
        "3;x=y\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "ffffffffff\r\n",
    ],
)
async def test_broken_chunks_are_not_passed_on(
    legacy: int, door: Door, asked: list[tuple[str, str, bytes]], body: str
) -> None:
    await door.said(request(legacy, "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked", body))
    assert "chunk" in (await door.outcome()).refused
    assert asked == []


async def test_a_second_request_is_looked_at_as_the_first(
    legacy: int, door: Door, asked: list[tuple[str, str, bytes]]
) -> None:
    good = request(legacy, "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2", "ab")
    smuggled = b"GET /admin HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n"
    await door.said(good + smuggled)
    assert (await door.outcome()).refused == "the request is for elsewhere.example"
    assert "/admin" not in str(asked)


async def test_what_is_between_app_and_gateway_is_not_told_and_no_header_is_talked_away(
    legacy: int, door: Door, asked: list[tuple[str, str, bytes]]
) -> None:
    head = "POST / HTTP/1.1\r\nHost: HOST\r\nConnection: close, Content-Length, X-Own\r\nX-Own: a\r\nX-Kept: b"
    answer = await door.said(request(legacy, head + "\r\nContent-Length: 5", "hello"))
    assert answer.endswith(b"you said hello")
    told = asked[0][1].lower()
    assert "x-kept: b" in told
    assert "x-own" not in told


@pytest.mark.req("OB6")
async def test_requests_are_counted_for_the_person_behind_them_and_nobody_outside_learns_the_trace(
    legacy: int, asked: list[tuple[str, str, bytes]]
) -> None:
    traces = {"a" * 32: "user:ann@example.com"}
    async with door_to(legacy, "http", whose=lambda trace: traces.get(trace, "")) as door:
        for trace in ("a" * 32, "b" * 32):
            head = f"GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\ntraceparent: 00-{trace}-{'c' * 16}-01"
            await door.said(request(legacy, head))
        assert (await door.outcome()).people == {"user:ann@example.com": 1}
        assert (await door.outcome(1)).people == {}
    assert ["traceparent" in headers for _, headers, _ in asked] == [False, True]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=400))
def test_arbitrary_bytes_reach_no_host(legacy: int, asked: list[tuple[str, str, bytes]], data: bytes) -> None:
    async def send() -> None:
        async with door_to(legacy, "http") as door:
            await door.said(data, end=True)
            await door.outcome()

    asyncio.run(send())
    assert asked == []
