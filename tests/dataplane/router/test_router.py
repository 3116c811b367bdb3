"""The router with a real uvicorn app behind it, spoken to byte by byte."""

import asyncio
import hashlib
import json
from collections.abc import Callable

import pytest

from bailiwick.core.rollouts import RolloutStep
from bailiwick.dataplane.router import Admission, RequestLimits, Site
from bailiwick.dataplane.router import exchange as exchange_module
from bailiwick.dataplane.router import http1 as http1_module
from tests.fixtures.routing import MEGABYTE, PERSON, Served, behind

# -- two releases ---------------------------------------------------------------------------------------------------


@pytest.mark.req("DG5")
async def test_a_step_says_which_release_answers_and_a_switch_drops_nothing(served: Served) -> None:
    assert served.site.upstream is not None

    async def candidate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nnew")
        writer.close()

    path = served.site.upstream.with_name("candidate.sock")
    server = await asyncio.start_unix_server(candidate, str(path))
    state = served.site.state.model_copy(update={"release": "rel_2"})
    beside = Site("desk.localhost", state, "running", "", path)
    first, second = await served.browser(), await served.browser()
    none = RolloutStep(rollout="rol_1", number=0, share=0.0)
    served.sites.put_candidate(beside, none)
    assert (await first.get("/hello")).body == b"hello"
    # A slow request spans both switches: to the candidate, and back.
    served.app.asked.clear()
    first.ask("GET", "/wait")
    await served.app.asked.wait()
    served.sites.put_candidate(beside, none.model_copy(update={"names": frozenset({"group:users"})}))
    assert (await second.get("/hello")).body == b"new"
    beside.condition = "failed"
    assert (await second.get("/hello")).body == b"hello"
    beside.condition = "running"
    # Policy is asked about what serves: the candidate is not for these people.
    beside.state = state.model_copy(update={"roles": {}})
    beside.known.clear()
    assert (await second.get("/hello")).status == 403
    served.sites.drop_candidate(beside)
    third = await served.browser()
    assert (await third.get("/hello")).body == b"hello"
    served.app.go_on.set()
    assert (await first.answer()).body == b"late"
    assert [trace.status for trace in served.traces] == [200] * 5
    server.close()


# -- who is behind a request ---------------------------------------------------------------------------------------


@pytest.mark.req("IN3")
async def test_the_app_hears_who_asks_from_the_router_only(served: Served) -> None:
    browser = await served.browser()
    forged = [
        "X-Bailiwick-User: root@example.com", "X_Bailiwick_User: root@example.com", "X-Bailiwick-Role: admin",
        "X-Bailiwick-Identity: forged",
        "Traceparent: 00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01", "X-Forwarded-For: 1.2.3.4",
        "Forwarded: for=1.2.3.4", "X_Forwarded_For: 1.2.3.4", "TE: trailers", "Proxy-Authorization: x",
        "Authorization: Basic eA==", "X-Kept: yes",
    ]  # fmt: skip
    assert (await browser.get("/hello", *forged)).body == b"hello"
    seen = served.app.headers[-1]
    assert seen["x-bailiwick-user"] == PERSON
    assert seen["x-kept"] == "yes"
    assert seen["cookie"] == "own=1"
    trace = await served.trace()
    assert seen["traceparent"].split("-")[1] == trace.trace
    assert set(seen) == {"host", "cookie", "x-kept", "x-bailiwick-user", "x-bailiwick-identity", "traceparent"}


@pytest.mark.req("OB2", "IN3")
async def test_each_request_is_told_of_once_and_is_in_flight_while_it_runs(served: Served) -> None:
    browser = await served.browser()
    browser.ask("GET", "/wait?secret=1")
    await served.app.asked.wait()
    trace = served.app.headers[-1]["traceparent"].split("-")[1]
    call = served.calls.resolve(trace)
    assert call is not None
    assert (str(call.identity.principal), call.app) == (f"user:{PERSON}", "team/desk")
    served.app.go_on.set()
    assert (await browser.answer()).body == b"late"
    assert [(t.trace, t.method, t.path, t.status, t.principal) for t in served.traces] == [
        (trace, "GET", "/wait", 200, f"user:{PERSON}")
    ]


@pytest.mark.req("ID1")
async def test_nobody_reaches_the_app_without_a_pass(served: Served) -> None:
    browser = await served.browser()
    browser.ask("POST", "/hello", "Expect: 100-continue", body=b"x", signed_in=False)
    assert (await browser.answer()).status == 401
    assert served.app.headers == []


# -- connections ---------------------------------------------------------------------------------------------------


async def test_requests_on_one_connection_share_one_to_the_app(served: Served) -> None:
    browser = await served.browser()
    for _ in range(20):
        assert (await browser.get("/hello")).body == b"hello"
    assert served.pool.connected == 1


async def test_requests_that_come_at_once_are_answered_in_order(served: Served) -> None:
    browser = await served.browser()
    browser.ask("POST", "/digest", body=b"a" * 10)
    browser.ask("GET", "/hello")
    browser.ask("POST", "/digest", body=b"b" * 11)
    assert [json.loads((await browser.answer()).body)[0], (await browser.answer()).body,
            json.loads((await browser.answer()).body)[0]] == [10, b"hello", 11]  # fmt: skip


async def test_a_connection_that_the_app_closed_meanwhile_is_not_used(served: Served) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await behind(served, once)
    browser = await served.browser()
    # The second request finds a kept connection, which is closed without an answer: it is asked again on a new one.
    assert [(await browser.get("/a")).body, (await browser.get("/b")).body] == [b"ok", b"ok"]
    assert served.pool.connected == 2
    server.close()


async def test_what_is_not_safe_to_ask_twice_is_not_asked_twice(served: Served) -> None:
    asked: list[bytes] = []

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    server = await behind(served, once)
    browser = await served.browser()
    await browser.get("/a")
    browser.ask("DELETE", "/b")
    assert (await browser.answer()).status == 502
    assert sum(request.startswith(b"DELETE") for request in asked) == 1
    server.close()


async def test_a_browser_that_says_close_is_closed(served: Served) -> None:
    browser = await served.browser()
    found = await browser.get("/hello", "Connection: close")
    assert found.headers["connection"] == "close"
    assert await asyncio.wait_for(browser.reader.read(), 5) == b""


# -- bodies --------------------------------------------------------------------------------------------------------


async def test_a_large_body_goes_up_by_its_length_and_in_chunks(served: Served) -> None:
    body = bytes(range(256)) * (20 * MEGABYTE // 256)
    wanted = [len(body), hashlib.sha256(body).hexdigest()]
    browser = await served.browser()
    browser.ask("POST", "/digest", body=body)
    assert json.loads((await browser.answer()).body) == wanted
    browser.ask("POST", "/digest", "Transfer-Encoding: chunked")
    for place in range(0, len(body), 100_003):
        piece = body[place : place + 100_003]
        browser.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
    browser.writer.write(b"0\r\n\r\n")
    assert json.loads((await browser.answer()).body) == wanted
    assert (await browser.get("/hello")).body == b"hello"


@pytest.mark.parametrize("target", ["/large?length", "/large"])
async def test_a_large_body_comes_down_with_a_length_and_without(served: Served, target: str) -> None:
    browser = await served.browser()
    found = await browser.get(target)
    assert found.body == b"".join(bytes([number]) * MEGABYTE for number in range(20))
    assert (await browser.get("/hello")).body == b"hello"


async def test_both_ways_stream_at_once(served: Served) -> None:
    browser = await served.browser()
    browser.ask("POST", "/echo", "Transfer-Encoding: chunked")
    browser.writer.write(b"3\r\none\r\n")
    assert (await browser.head()).status == 200
    assert await browser.chunk() == b"one"
    browser.writer.write(b"3\r\ntwo\r\n")
    assert await browser.chunk() == b"two"
    browser.writer.write(b"0\r\n\r\n")
    assert await browser.chunk() == b""
    assert (await browser.get("/hello")).body == b"hello"


@pytest.mark.req("RT6")
async def test_an_app_waits_for_a_browser_that_reads_slowly(served: Served) -> None:
    browser = await served.browser()
    browser.ask("GET", "/endless")
    await browser.head()
    assert await stalls_at(lambda: served.app.sent) < 30 * MEGABYTE
    before = served.app.sent
    while served.app.sent == before:
        await browser.chunk()


@pytest.mark.req("RT6")
async def test_a_browser_waits_for_an_app_that_reads_slowly(served: Served) -> None:
    browser = await served.browser()
    sent = 0

    async def upload() -> None:
        nonlocal sent
        browser.ask("POST", "/deaf", f"Content-Length: {90 * MEGABYTE}")
        for _ in range(90 * 16):
            browser.writer.write(b"x" * 65536)
            await browser.writer.drain()
            sent += 65536

    uploading = asyncio.create_task(upload())
    await served.app.asked.wait()
    assert await stalls_at(lambda: sent) < 30 * MEGABYTE
    # The app answers without having read: the answer arrives, and the connection goes no further.
    served.app.go_on.set()
    found = await browser.answer()
    assert (found.status, found.body) == (413, b"I read nothing")
    uploading.cancel()
    browser.writer.close()
    assert (await served.trace()).status == 413


async def stalls_at(figure: Callable[[], int]) -> int:
    """Return where a figure stays for a while."""
    still, last = 0, -1
    while still < 10:
        await asyncio.sleep(0.03)
        still, last = (still + 1, last) if figure() == last and last > 0 else (0, figure())
    return last


async def test_a_browser_that_expects_to_be_let_through_is_told_to_go_on(served: Served) -> None:
    browser = await served.browser()
    browser.ask("POST", "/digest", "Expect: 100-continue", "Content-Length: 4")
    assert (await browser.head()).status == 100
    browser.writer.write(b"body")
    assert json.loads((await browser.answer()).body)[0] == 4
    assert "expect" not in served.app.headers[-1]


async def test_an_answer_to_head_and_those_without_a_body_leave_the_connection_usable(served: Served) -> None:
    browser = await served.browser()
    browser.ask("HEAD", "/hello")
    found = await browser.head()
    assert (found.status, found.headers["content-length"]) == (200, "5")
    for status in (204, 304):
        browser.ask("GET", f"/empty?{status}")
        found = await browser.head()
        assert (found.status, found.headers.get("transfer-encoding")) == (status, None)
    assert (await browser.get("/hello")).body == b"hello"


@pytest.mark.req("RT1")
@pytest.mark.parametrize(
    "body", [b"zz\r\n", b"5;x=y\r\n", b"3\r\nabcd\r\n", b"0\r\nTrailer: x\r\n\r\n", b"fffffffff\r\n"]
)
async def test_a_body_in_broken_chunks_is_the_browsers_fault(served: Served, body: bytes) -> None:
    browser = await served.browser()
    browser.ask("POST", "/digest", "Transfer-Encoding: chunked")
    browser.writer.write(body)
    assert (await browser.answer()).status == 400
    assert (await served.trace()).status == 400


# -- apps that fail ------------------------------------------------------------------------------------------------


async def test_an_app_that_closes_without_an_answer_gets_a_page_with_the_trace(served: Served) -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await behind(served, close)
    browser = await served.browser()
    found = await browser.get("/", "Accept: text/html")
    trace = await served.trace()
    assert (found.status, trace.status) == (502, 502)
    assert trace.trace.encode() in found.body
    server.close()


@pytest.mark.parametrize(
    "begun",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ],
)
async def test_an_answer_that_ends_early_is_broken_off_and_counts_as_a_failure(served: Served, begun: bytes) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(begun)
        await writer.drain()
        writer.close()

    server = await behind(served, half)
    browser = await served.browser()
    browser.ask("GET", "/")
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await browser.answer()
    assert (await served.trace()).status == 502
    server.close()


@pytest.mark.parametrize(
    "nonsense",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno",
    ],
)
async def test_what_is_no_answer_to_this_request_is_not_passed_on(served: Served, nonsense: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(nonsense)
        await reader.read()
        writer.close()

    server = await behind(served, talk)
    browser = await served.browser()
    assert (await browser.get("/")).status == 502
    server.close()


async def test_an_answer_without_a_length_ends_with_the_apps_connection(served: Served) -> None:
    async def old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nall of ")
        await writer.drain()
        writer.write(b"it")
        writer.close()

    server = await behind(served, old)
    browser = await served.browser()
    assert (await browser.get("/")).body == b"all of it"
    assert (await browser.get("/")).body == b"all of it"
    server.close()


@pytest.mark.req("RT6")
async def test_an_app_that_takes_too_long_to_begin_is_given_up(served: Served) -> None:
    served.site.admission = Admission(RequestLimits(per_second=1e6, seconds=0.2))
    browser = await served.browser()
    assert (await browser.get("/hello")).status == 200
    late = await browser.get("/wait")
    assert (late.status, b"within 0.2 s" in late.body) == (504, True)
    await asyncio.wait_for(served.app.left.wait(), 5)
    assert len(served.app.headers) == 2
    assert [item.limit for item in served.traces] == ["", "request-time"]
    # Once it has begun, an answer may take its time.
    browser = await served.browser()
    browser.ask("GET", "/drip")
    await browser.head()
    assert await browser.chunk() == b"begin,"
    await asyncio.sleep(0.4)
    served.app.go_on.set()
    assert await browser.chunk() == b"end"


@pytest.mark.req("RT6")
async def test_a_browser_that_does_not_finish_its_request_is_given_up(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http1_module, "_HEAD_SECONDS", 0.2)
    monkeypatch.setattr(exchange_module, "_BODY_SECONDS", 0.2)
    browser = await served.browser()
    browser.writer.write(b"GET / HTTP/1.1\r\nHost:")
    assert await asyncio.wait_for(browser.reader.read(), 5) == b""
    # A body that never comes to its end is no failure of the app.
    browser = await served.browser()
    browser.ask("POST", "/digest", "Content-Length: 10")
    assert (await served.trace()).status == 499


@pytest.mark.req("RT4")
async def test_a_browser_that_goes_away_ends_the_request_and_is_no_failure_of_the_app(served: Served) -> None:
    browser = await served.browser()
    browser.ask("GET", "/wait")
    await served.app.asked.wait()
    browser.writer.transport.abort()
    await asyncio.wait_for(served.app.left.wait(), 5)
    assert (await served.trace()).status == 499


# -- WebSocket, and stopping ---------------------------------------------------------------------------------------


async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer an upgrade in two pieces, then give back what comes in capitals."""
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"connection: Upgrade\r\nupgrade: websocket\r\n" in head
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nupgr")
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.write(b"ade: websocket\r\nconnection: upgrade\r\n\r\nWELCOME")
    while data := await reader.read(1000):
        writer.write(data.upper())
    writer.close()


UPGRADE = ("Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13")


async def test_a_websocket_is_joined_to_the_app_until_either_side_ends(served: Served) -> None:
    server = await behind(served, shout)
    browser = await served.browser()
    browser.ask("GET", "/socket", *UPGRADE)
    found = await browser.head()
    assert (found.status, found.headers["upgrade"]) == (101, "websocket")
    assert await browser.reader.readexactly(7) == b"WELCOME"
    for word in (b"one", b"two", b"x" * 500_000):
        browser.writer.write(word)
        assert await browser.reader.readexactly(len(word)) == word.upper()
    browser.writer.write_eof()
    assert await asyncio.wait_for(browser.reader.read(), 5) == b""
    server.close()


@pytest.mark.req("RT5")
async def test_a_websocket_is_cut_when_the_app_is_stopped(served: Served) -> None:
    server = await behind(served, shout)
    browser = await served.browser()
    browser.ask("GET", "/socket", *UPGRADE)
    await browser.head()
    await browser.reader.readexactly(7)
    served.site.stop("killed", "enough")
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await asyncio.wait_for(browser.reader.readexactly(1), 2)
    server.close()


@pytest.mark.req("RT1")
async def test_no_other_protocol_is_opened_to_the_app(served: Served) -> None:
    browser = await served.browser()
    found = await browser.get("/hello", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAA")
    assert (found.status, found.body) == (200, b"hello")
    assert {"upgrade", "connection"}.isdisjoint(served.app.headers[-1])


@pytest.mark.req("RT5")
async def test_a_request_that_waits_is_answered_with_the_reason_when_the_app_is_stopped(served: Served) -> None:
    browser = await served.browser()
    browser.ask("GET", "/wait", "Accept: text/html")
    await served.app.asked.wait()
    served.site.stop("killed", "it leaked")
    found = await browser.answer()
    assert found.status == 503
    assert b"it leaked" in found.body
    assert (await served.trace()).status == 503
    await asyncio.wait_for(served.app.left.wait(), 5)
    assert (await (await served.browser()).get("/hello")).status == 503


@pytest.mark.req("RT5")
async def test_an_answer_that_has_begun_is_cut_when_the_app_is_stopped(served: Served) -> None:
    browser = await served.browser()
    browser.ask("GET", "/drip")
    await browser.head()
    assert await browser.chunk() == b"begin,"
    served.site.stop("killed", "it leaked")
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await browser.chunk()
    assert (await served.trace()).status == 503
    assert served.site.in_flight == set()


@pytest.mark.req("RT6", "OB6")
async def test_more_requests_than_declared_are_put_off(served: Served) -> None:
    served.site.admission = Admission(RequestLimits(per_second=5))
    browser = await served.browser()
    statuses = [(await browser.get("/hello")).status for _ in range(6)]
    refused = await browser.get("/hello")
    assert statuses[:5] == [200] * 5
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
