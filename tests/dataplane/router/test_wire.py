import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.dataplane.router.front import Front, _beginning
from bailiwick.dataplane.router.headers import headers_for_browser
from bailiwick.dataplane.router.wire import BadRequestError, cookies, parse_request, without_cookies


def head(*lines: str, first: str = "GET /a?b=c HTTP/1.1") -> bytes:
    return "\r\n".join([first, "Host: desk.localhost:8410", *lines, "", ""]).encode("latin-1")


def test_a_plain_request_is_read() -> None:
    request = parse_request(head("Content-Length: 5", "Cookie: a=1; bailiwick_pass=x"))
    assert (request.method, request.path, request.host, request.length) == ("GET", "/a", "desk.localhost", 5)
    assert cookies(request.get(b"cookie"))["bailiwick_pass"] == "x"


@pytest.mark.req("RT1")
@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5", "Content-Length: 5"],
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: xchunked"],
        ["Content-Length: +5"],
        ["Content-Length: 5, 5"],
        ["Content-Length: 99999999999"],
        ["Folded: a", " b"],
        ["Space : x"],
        ["Bad\x00Name: x"],
        ["Value: a\x00b"],
        ["Host: other.localhost"],
        ["Host: desk.localhost:8410"],
    ],
)
def test_what_two_servers_could_read_in_two_ways_is_refused(lines: list[str]) -> None:
    with pytest.raises(BadRequestError):
        parse_request(head(*lines))


@pytest.mark.parametrize(
    "first",
    [
        "GET http://elsewhere/ HTTP/1.1",
        "GET  / HTTP/1.1",
        "GET /\x01 HTTP/1.1",
        "GET / HTTP/2",
        "GET /",
        "G@T / HTTP/1.1",
    ],
)
def test_a_strange_request_line_is_refused(first: str) -> None:
    with pytest.raises(BadRequestError):
        parse_request(head(first=first))


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_a_request_or_a_bad_one(data: bytes) -> None:
    try:
        parse_request(data + b"\r\n\r\n")
    except BadRequestError:
        return


@pytest.mark.req("RT1")
@pytest.mark.parametrize(
    ("lines", "first", "wanted"),
    [
        (["Connection: keep-alive, Upgrade", "Upgrade: WebSocket"], "GET / HTTP/1.1", True),
        (["Connection: Upgrade", "Upgrade: h2c"], "GET / HTTP/1.1", False),
        (["Connection: Upgrade", "Upgrade: websocket, h2c"], "GET / HTTP/1.1", False),
        (["Upgrade: websocket"], "GET / HTTP/1.1", False),
        (["Connection: Upgrade", "Upgrade: websocket"], "POST / HTTP/1.1", False),
        (["Connection: Upgrade", "Upgrade: websocket", "Content-Length: 5"], "GET / HTTP/1.1", False),
    ],
)
def test_only_a_websocket_is_an_upgrade(lines: list[str], first: str, wanted: bool) -> None:
    assert parse_request(head(*lines, first=first)).websocket is wanted


def test_our_cookies_are_taken_out_and_the_apps_stay() -> None:
    assert without_cookies(b"a=1; bailiwick_pass=x; b=2", frozenset({"bailiwick_pass"})) == b"a=1; b=2"
    assert without_cookies(b"bailiwick_pass=x", frozenset({"bailiwick_pass"})) == b""


@pytest.mark.req("DG4")
@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("desk.localhost:8410", 12),
        ("desk.preview.localhost:8410", 11),
        ("PREVIEW.LOCALHOST", 12),
        ("evil.example", None),
        ("localhost", None),
    ],
)
async def test_the_front_chooses_the_plane_by_the_longest_suffix(host: str, port: int | None) -> None:
    front = Front({"localhost": "127.0.0.1:12", "preview.localhost": "127.0.0.1:11"})
    found = front._target(await named(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()))
    assert (found[1] if found else None) == port


@pytest.mark.req("DG4")
async def test_two_host_lines_lead_to_no_plane() -> None:
    assert await named(b"GET / HTTP/1.1\r\nHost: a.localhost\r\nX: y\r\nHost: b.localhost\r\n\r\n") == ""


async def named(begun: bytes) -> str:
    reader = asyncio.StreamReader()
    reader.feed_data(begun)
    found, host = await _beginning(reader)
    assert found == begun
    return host


@pytest.mark.req("RT3")
@pytest.mark.parametrize(
    ("cookie", "kept"),
    [
        (b"a=1; Domain=desk.preview.localhost; Path=/", b"a=1; Path=/"),
        (b"a=1;domain = x ;DOMAIN=.y; HttpOnly", b"a=1; HttpOnly"),
        (b"domain=1; Path=/", b"domain=1; Path=/"),
        (b"a=1", b"a=1"),
    ],
)
def test_a_cookie_stays_at_the_host_that_it_came_from(cookie: bytes, kept: bytes) -> None:
    headers = [(b"set-cookie", cookie), (b"x", b"a; Domain=b")]
    assert headers_for_browser(headers) == [(b"set-cookie", kept), (b"x", b"a; Domain=b")]
