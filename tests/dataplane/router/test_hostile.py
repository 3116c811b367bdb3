"""Hostile input over raw sockets: what the client sees, and that the app gets nothing of it."""

import asyncio
import contextlib
import resource
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bailiwick.dataplane.router import Certificate, Crowd, Router, serve
from bailiwick.dataplane.router import exchange as exchange_module
from tests.fixtures.routing import MEGABYTE, Browser, Served, behind
from tests.fixtures.routing_tls import write_pair

pytestmark = pytest.mark.req("RT1", "RT6")
SMUGGLED = "GET /hello HTTP/1.1\r\nHost: desk.localhost\r\nX-Smuggled: yes\r\n\r\n"


async def say(served: Served, *pieces: bytes, ends: bool = False) -> bytes:
    """Send bytes as they are, and no more when it `ends`; return what comes back until the router closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    for piece in pieces:
        writer.write(piece)
    found = b""
    async with asyncio.timeout(20):
        # The router reads on for a moment after its last answer, so as not to lose it: we end then.
        while not ends and b"\r\nconnection: close\r\n" not in found and (piece := await reader.read(65536)):
            found += piece
        writer.write_eof()
        found += await reader.read()
    writer.close()
    return found


def request(served: Served, *lines: str, first: str = "POST /digest HTTP/1.1", body: str = "") -> bytes:
    own = ["Host: desk.localhost", f"Cookie: bailiwick_pass={served.token}"]
    return ("\r\n".join([first, *own, *lines, "", ""]) + body).encode("latin-1")


def statuses(answer: bytes) -> list[bytes]:
    return [line.split(b" ")[1] for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


TWO_WAYS: list[tuple[list[str], str]] = [
    # CL.TE and TE.CL: the other length is the other server's.
    (["Content-Length: 4", "Transfer-Encoding: chunked"], "0\r\n\r\n" + SMUGGLED),
    (["Transfer-Encoding: chunked", "Content-Length: 4"], "5c\r\n" + SMUGGLED + "0\r\n\r\n"),
    # Codings that one server knows and another does not.
    (["Transfer-Encoding: xchunked"], "0\r\n\r\n" + SMUGGLED),
    (["Transfer-Encoding: chunked, identity"], "0\r\n\r\n" + SMUGGLED),
    (["Transfer-Encoding: identity, chunked"], "0\r\n\r\n" + SMUGGLED),
    (["Transfer-Encoding: \x0bchunked"], "0\r\n\r\n" + SMUGGLED),
    (["Transfer-Encoding: chunked\x00"], "0\r\n\r\n" + SMUGGLED),
    (['Transfer-Encoding: "chunked"'], "0\r\n\r\n" + SMUGGLED),
    (["Transfer-Encoding : chunked"], "0\r\n\r\n" + SMUGGLED),
    (["Transfer-Encoding:", " chunked"], "0\r\n\r\n" + SMUGGLED),
    (["X: y\nTransfer-Encoding: chunked"], "0\r\n\r\n" + SMUGGLED),
    (["X: y\rTransfer-Encoding: chunked"], "0\r\n\r\n" + SMUGGLED),
    (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], "0\r\n\r\n" + SMUGGLED),
    (["Transfer_Encoding: chunked", "Content-Length: 4", "Content-Length: 0"], SMUGGLED),
    # Lengths.
    (["Content-Length: 0", "Content-Length: 80"], SMUGGLED),
    (["Content-Length: 0, 80"], SMUGGLED),
    (["Content-Length: +80"], SMUGGLED),
    (["Content-Length: -1"], SMUGGLED),
    (["Content-Length: 0x50"], SMUGGLED),
    (["Content-Length: 8_0"], SMUGGLED),
    (["Content-Length: \u00b2"], SMUGGLED),
    (["Content-Length:"], SMUGGLED),
    # Lines.
    (["X: a", " folded: b"], ""),
    (["X: a\x00b"], ""),
    (["X\x00: a"], ""),
    ([": nameless"], ""),
    (["no colon"], ""),
    (["Host: other.localhost"], ""),
]


async def test_what_could_be_read_in_two_ways_is_refused_and_ends_the_connection(served: Served) -> None:
    for lines, body in TWO_WAYS:
        assert statuses(await say(served, request(served, *lines, body=body))) == [b"400"], lines
    assert served.app.headers == []


FIRST_LINES = [
    "GET http://other.localhost/hello HTTP/1.1",
    "GET https://desk.localhost/hello HTTP/1.1",
    "CONNECT desk.localhost:443 HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "GET hello HTTP/1.1",
    "GET /a\x0bb HTTP/1.1",
    "GET /\xe9 HTTP/1.1",
    "GET /hello HTTP/1.2",
    "GET /hello http/1.1",
    "GET /hello HTTP/1.1 x",
    "GET\t/hello\tHTTP/1.1",
    " GET /hello HTTP/1.1",
    "PRI * HTTP/2.0",
]


async def test_targets_and_methods_that_are_none_of_ours_are_refused(served: Served) -> None:
    for first in FIRST_LINES:
        assert statuses(await say(served, request(served, first=first))) == [b"400"], first
    assert served.app.headers == []


NO_HTTP = [
    b"GET /hello HTTP/1.1\nHost: desk.localhost\n\n",
    b"GET /hello HTTP/1.1\r\nHost: desk.localhost\n\n",
    b"\r\nGET /hello HTTP/1.1\r\nHost: desk.localhost\r\n\r\n",
    b"GET /hello\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"\x00" * 1000,
]


async def test_bare_line_feeds_and_what_is_no_http_reach_nobody(served: Served) -> None:
    for whole in NO_HTTP:
        assert statuses(await say(served, whole, ends=True)) in ([b"400"], []), whole
    assert served.app.headers == []


async def test_trace_is_not_asked_of_an_app(served: Served) -> None:
    """It would show to a script what the browser sends and the router adds (RFC 9110 section 9.3.8)."""
    assert statuses(await say(served, request(served, first="TRACE /hello HTTP/1.1"))) == [b"405"]
    assert served.app.headers == []


CHUNKS = [
    b"5;ext=1\r\nhello\r\n0\r\n\r\n",
    b"5 \r\nhello\r\n0\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n",
    b"+5\r\nhello\r\n0\r\n\r\n",
    b"5\nhello\n0\n\n",
    b"5\r\nhelloX\r\n0\r\n\r\n",
    b"5\r\nhello\r\n0\r\nX-Late: 1\r\n\r\n",
    b"\r\n5\r\nhello\r\n0\r\n\r\n",
    b"ffffffffffffffff5\r\nhello\r\n0\r\n\r\n",
]


async def test_chunks_that_two_servers_read_in_two_ways_end_the_request(served: Served) -> None:
    for body in CHUNKS:
        answer = await say(served, request(served, "Transfer-Encoding: chunked"), body, SMUGGLED.encode())
        assert statuses(answer) == [b"400"], body
    assert not any("x-smuggled" in headers for headers in served.app.headers)


async def test_a_websocket_that_its_app_refuses_carries_no_second_request(served: Served) -> None:
    """What came behind the upgrade is the next request, judged as such, and not passed through unread."""
    upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 777", "Sec-WebSocket-Key: x"]
    behind_it = "GET /hello HTTP/1.1\r\nHost: desk.localhost\r\nX-Bailiwick-User: root\r\n\r\n"
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\n\r\n")
        asked.append(await reader.read())

    server = await behind(served, refuse)
    answer = await say(served, request(served, *upgrade, first="GET /socket HTTP/1.1"), behind_it.encode())
    assert statuses(answer) == [b"426", b"401"]
    assert b"root" not in b"".join(asked)
    server.close()


async def test_a_head_without_end_is_given_up_when_it_is_larger_than_taken(served: Served) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"GET /hello HTTP/1.1\r\nHost: desk.localhost\r\nX: ")
    sent = 0
    try:
        while sent < 1024 * MEGABYTE:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536
    except ConnectionError:
        pass
    assert sent < 64 * MEGABYTE
    assert served.app.headers == []
    writer.close()


ANSWERS = [
    b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: 2, 3\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nx: a\nset-cookie: bailiwick_pass=x\r\ncontent-length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nx\x00: a\r\ncontent-length: 2\r\n\r\nok",
    b"HTTP/9.9 200 OK\r\ncontent-length: 2\r\n\r\nok",
    b"HTTP/1.1 20 OK\r\ncontent-length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200_000 + b"\r\n",
]


async def test_an_answer_that_means_two_things_is_not_passed_on(served: Served) -> None:
    left = list(ANSWERS)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left[0])
        await reader.read()
        writer.close()

    server = await behind(served, talk)
    while left:
        found = await (await served.browser()).get("/")
        assert found.status == 502, left[0][:80]
        assert "set-cookie" not in found.headers
        left.pop(0)
    server.close()


async def crowded(served: Served, crowd: Crowd) -> tuple[int, Callable[[], None]]:
    server = await serve(Router(served.parts(crowd=crowd)), "127.0.0.1", 0)
    return server.sockets[0].getsockname()[1], server.close


async def test_idle_connections_of_one_address_leave_room_for_others(served: Served) -> None:
    port, close = await crowded(served, Crowd(400, 150))
    idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
    await asyncio.sleep(0)
    ended = await asyncio.gather(*(asyncio.wait_for(reader.read(), 5) for reader, _ in idle[150:]))
    assert all(b"As many connections are open from this address as one may have." in item for item in ended)
    # Somebody else is served, and so is the same address once some are closed.
    other = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.9", 0))
    assert (await Browser(*other, token=served.token).get("/hello")).status == 200
    for _, writer in idle[:20]:
        writer.close()
    async with asyncio.timeout(10):
        while True:
            again = Browser(*await asyncio.open_connection("127.0.0.1", port), token=served.token)
            try:
                assert (await again.get("/hello")).status == 200
                break
            except (AssertionError, asyncio.IncompleteReadError, ConnectionError):
                continue
    for _, writer in idle:
        writer.close()
    close()


async def test_all_connections_together_are_limited_and_free_again_when_they_end(served: Served) -> None:
    crowd = Crowd(50, 1000)
    port, close = await crowded(served, crowd)
    idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(80)]
    ended = await asyncio.gather(*(asyncio.wait_for(reader.read(), 5) for reader, _ in idle[50:]))
    assert all(item.startswith(b"HTTP/1.1 503") and b"as many connections open as it may" in item for item in ended)
    assert all(b"\r\nretry-after: 5\r\n" in item for item in ended)
    for _, writer in idle:
        writer.close()
    async with asyncio.timeout(10):
        while not crowd.is_empty:  # noqa: ASYNC110 - the end of many connections
            await asyncio.sleep(0.01)
    browser = Browser(*await asyncio.open_connection("127.0.0.1", port), token=served.token)
    assert (await browser.get("/hello")).status == 200
    close()


_MANY = 10_200
# Opens that many connections, from addresses enough, and says what became of them: those that were answered, with what.
_OPENER = """
import select, socket, sys
port, many, told = int(sys.argv[1]), int(sys.argv[2]), {}
kept = []
for number in range(many):
    one = socket.socket()
    one.bind((f"127.0.1.{1 + number // 900}", 0))
    one.connect(("127.0.0.1", port))
    kept.append(one)
poll = select.epoll()
for one in kept:
    poll.register(one, select.EPOLLIN)
by_number = {one.fileno(): one for one in kept}
turned = 0
while events := poll.poll(1.5):
    for number, _ in events:
        try:
            said = by_number[number].recv(4096)
        except ConnectionResetError:
            said = b"reset"
        poll.unregister(number)
        if said:
            turned += 1
            told[said[:20].decode()] = told.get(said[:20].decode(), 0) + 1
print(turned, told.get("HTTP/1.1 503 Refused", 0), flush=True)
sys.stdin.read()
"""


async def test_ten_thousand_idle_connections_are_held_and_who_comes_then_is_told_why(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if max(hard, 0) < 2 * _MANY - 400:
        pytest.skip("this host lets nobody open so many files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        crowd = Crowd(10_000, 1000)
        assert crowd.most == 10_000
        port, close = await crowded(served, crowd)
        command = [sys.executable, "-c", _OPENER, str(port), str(_MANY)]
        opener = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert opener.stdout is not None
        turned, with_words = map(int, (await asyncio.wait_for(opener.stdout.readline(), 60)).split())
        assert turned == _MANY - 10_000
        assert with_words >= 190
        assert "as many connections open as it may" in caplog.text
        opener.kill()
        await opener.wait()
        async with asyncio.timeout(20):
            while not crowd.is_empty:  # noqa: ASYNC110 - the end of many connections
                await asyncio.sleep(0.05)
        browser = Browser(*await asyncio.open_connection("127.0.0.1", port), token=served.token)
        assert (await browser.get("/hello")).status == 200
        close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_body_that_drips_and_a_reader_that_does_not_read_free_their_places(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_module, "_BODY_SECONDS", 0.4)
    monkeypatch.setattr(exchange_module, "_READER_SECONDS", 0.4)
    browser = await served.browser()
    browser.ask("POST", "/digest", "Content-Length: 100000")

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                browser.writer.write(b"x")
                await browser.writer.drain()
                await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drip())
    with contextlib.suppress(ConnectionResetError):  # when something was still on its way
        assert await asyncio.wait_for(browser.reader.read(), 5) == b""
    dripping.cancel()
    assert (await served.trace()).status == 499
    deaf = await served.browser()
    deaf.ask("GET", "/endless")
    await asyncio.wait_for(served.app.left.wait(), 10)
    async with asyncio.timeout(5):
        while served.site.in_flight:  # noqa: ASYNC110 - the end of the request
            await asyncio.sleep(0.01)
    assert (await (await served.browser()).get("/hello")).status == 200
    deaf.writer.close()


async def test_who_never_speaks_tls_takes_no_more_room_than_others(served: Served, tmp_path: Path) -> None:
    crowd, certificate = Crowd(50, 10), Certificate(*write_pair(tmp_path))
    server = await serve(Router(served.parts(crowd=crowd)), "127.0.0.1", 0, certificate)
    port = server.sockets[0].getsockname()[1]
    idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
    ends = [asyncio.create_task(reader.read()) for reader, _ in idle]
    async with asyncio.timeout(10):
        while sum(task.done() for task in ends) < 10:  # noqa: ASYNC110 - the end of many connections
            await asyncio.sleep(0.01)
    context = ssl.create_default_context(cafile=tmp_path / "router.crt")
    other = await asyncio.open_connection(
        "127.0.0.1", port, local_addr=("127.0.0.9", 0), ssl=context, server_hostname="desk.localhost"
    )
    assert (await Browser(*other, token=served.token).get("/hello")).status == 200
    assert sum(task.done() for task in ends) == 10
    for task, (_, writer) in zip(ends, idle, strict=True):
        task.cancel()
        writer.close()
    server.close()
