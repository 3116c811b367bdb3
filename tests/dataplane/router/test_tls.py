"""TLS and HTTP/2 at the router: real clients, the same answers as over HTTP/1.1, and the certificate that changes."""

import asyncio
import base64
import contextlib
import hashlib
import os
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Error, async_playwright

from bailiwick.dataplane.router import Certificate, Proxies, Router, SignIn, serve
from bailiwick.dataplane.router.front import Front
from bailiwick.dataplane.router.origin import proxy_line
from tests.fixtures.routing import MEGABYTE, PERSON, Served, behind, nobody
from tests.fixtures.routing_tls import HOST, shown_serial, write_pair

pytestmark = pytest.mark.req("RT6", "ID1")


@dataclass
class Secured:
    """A router over TLS in front of the app of `served`."""

    served: Served
    folder: Path
    certificate: Certificate
    port: int

    def trust(self, *protocols: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.folder / "router.crt")
        context.set_alpn_protocols(list(protocols))
        return context

    def browser(self, **options: object) -> httpx2.AsyncClient:
        headers = {"host": f"{HOST}:{self.port}", "cookie": f"bailiwick_pass={self.served.token}"}
        return httpx2.AsyncClient(
            base_url=f"https://127.0.0.1:{self.port}",
            headers=headers,
            verify=False,
            timeout=30,
            **options,  # type: ignore[arg-type]
        )


@pytest.fixture
async def secured(served: Served, tmp_path: Path) -> AsyncIterator[Secured]:
    certificate = Certificate(*write_pair(tmp_path))
    parts = served.parts(sign_in=SignIn(nobody, secure=True))
    server = await serve(Router(parts), "127.0.0.1", 0, certificate)
    yield Secured(served, tmp_path, certificate, server.sockets[0].getsockname()[1])
    server.close()


@pytest.mark.parametrize("http2", [True, False])
async def test_a_request_over_tls_is_answered_as_any_other(secured: Secured, http2: bool) -> None:
    async with secured.browser(http2=http2) as browser:
        found = await browser.get(
            "/hello",
            headers={
                "X-Bailiwick-User": "root",
                "X-Kept": "yes",
                "cookie": f"a=1; bailiwick_pass={secured.served.token}; b=2",
            },
        )
        assert (found.http_version, found.text) == ("HTTP/2" if http2 else "HTTP/1.1", "hello")
        seen = secured.served.app.headers[-1]
        assert (seen["x-bailiwick-user"], seen["x-kept"], seen["cookie"]) == (PERSON, "yes", "a=1; b=2")
        assert seen["host"] == f"{HOST}:{secured.port}"
        body = os.urandom(3 * MEGABYTE)
        wanted = [len(body), hashlib.sha256(body).hexdigest()]
        assert (await browser.post("/digest", content=body)).json() == wanted

        async def pieces() -> AsyncIterator[bytes]:
            for place in range(0, len(body), 100_003):
                yield body[place : place + 100_003]

        assert (await browser.post("/digest", content=pieces())).json() == wanted
        large = await browser.get("/large?length")
        assert (
            hashlib.sha256(large.content).digest()
            == hashlib.sha256(b"".join(bytes([n]) * MEGABYTE for n in range(20))).digest()
        )
        assert [(await browser.get(f"/empty?{status}")).status_code for status in (204, 304)] == [204, 304]
        head = await browser.head("/hello")
        assert (head.status_code, head.headers["content-length"], head.content) == (200, "5", b"")
    assert {trace.principal for trace in secured.served.traces} == {f"user:{PERSON}"}


async def test_streams_of_one_connection_do_not_wait_for_each_other(secured: Secured) -> None:
    async with secured.browser(http2=True) as browser:
        waits = asyncio.create_task(browser.get("/wait"))
        await secured.served.app.asked.wait()
        answers = await asyncio.gather(*(browser.get("/hello") for _ in range(40)))
        assert {found.text for found in answers} == {"hello"}
        async with browser.stream("GET", "/endless") as endless:
            async for _ in endless.aiter_bytes():
                break
            # One that nobody reads on holds up no other.
            assert (await browser.get("/hello")).text == "hello"
        secured.served.app.go_on.set()
        assert (await waits).text == "late"
    # The connection takes with it what was still asked for on it.
    await asyncio.wait_for(secured.served.app.left.wait(), 10)


async def test_the_gate_is_the_same_over_http2(secured: Secured) -> None:
    async with secured.browser(http2=True) as browser:
        for cookie in ("", "bailiwick_pass=forged"):
            assert (await browser.get("/hello", headers={"cookie": cookie})).status_code == 401
        sent = await browser.get("/hello", headers={"cookie": "", "accept": "text/html"})
        assert sent.status_code == 302
        assert "Secure" in sent.headers["set-cookie"]
        elsewhere = await browser.get("/hello", headers={"host": "other.localhost"})
        assert elsewhere.status_code == 421
        secured.served.site.stop("killed", "it leaked")
        killed = await browser.get("/hello", headers={"accept": "text/html"})
        assert (killed.status_code, "it leaked" in killed.text) == (503, True)
    assert secured.served.app.headers == []


async def test_an_answer_over_http2_is_cut_when_the_app_is_stopped_and_the_connection_goes_on(secured: Secured) -> None:
    async with secured.browser(http2=True) as browser:
        async with browser.stream("GET", "/drip") as drip:
            pieces = drip.aiter_bytes()
            assert await anext(pieces) == b"begin,"
            secured.served.site.cut()
            with pytest.raises(httpx2.HTTPError):
                await anext(pieces)
        assert (await browser.get("/hello")).text == "hello"


async def test_only_tls_of_our_days_is_spoken_and_nothing_in_clear(secured: Secured) -> None:
    context = secured.trust()
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", secured.port, ssl=context, server_hostname=HOST)
    reader, writer = await asyncio.open_connection("127.0.0.1", secured.port)
    writer.write(b"GET /hello HTTP/1.1\r\nHost: desk.localhost\r\n\r\n")
    assert b"hello" not in await asyncio.wait_for(reader.read(), 10)
    assert secured.served.app.headers == []


async def test_a_new_certificate_is_shown_to_the_next_connection_and_half_a_pair_to_nobody(secured: Secured) -> None:
    assert await shown_serial(secured.port, HOST) == 1
    (secured.folder / "router.key").write_bytes(b"half of a key")
    secured.certificate.look()
    assert await shown_serial(secured.port, HOST) == 1
    write_pair(secured.folder, serial=2)
    secured.certificate.look()
    assert await shown_serial(secured.port, HOST) == 2


async def test_the_front_joins_tls_by_the_name_that_it_shows(served: Served, tmp_path: Path) -> None:
    """Who connects is said ahead of TLS, and the front has no key to what passes."""
    certificate = Certificate(*write_pair(tmp_path))
    seen: list[str] = []
    parts = served.parts(proxies=Proxies(["127.0.0.1/32"]))
    check, parts.gate.check = parts.gate.check, None  # type: ignore[method-assign,assignment]
    parts.gate.check = lambda site, head, address="": (seen.append(address), check(site, head, address))[1]  # type: ignore[method-assign]
    plane = await serve(Router(parts), "127.0.0.1", 0, certificate)
    front = Front({"localhost": f"127.0.0.1:{plane.sockets[0].getsockname()[1]}"}, announce=True)
    door = await asyncio.start_server(front.handle, "127.0.0.1", 0)
    port = door.sockets[0].getsockname()[1]
    context = ssl.create_default_context(cafile=tmp_path / "router.crt")
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=HOST, local_addr=("127.0.0.3", 0)
    )
    writer.write(f"GET /hello HTTP/1.1\r\nHost: {HOST}\r\nCookie: bailiwick_pass={served.token}\r\n\r\n".encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert seen == ["127.0.0.3"]
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="elsewhere.example")
    # A proxy that says nothing is not believed, and nobody waits for it for long.
    raw = socket.create_connection(plane.sockets[0].getsockname())
    raw.sendall(b"\x16\x03\x01" + proxy_line(("192.0.2.7", 1), ("10.0.0.1", 2)) * 4)
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.to_thread(raw.recv, 100) == b""
    raw.close()
    writer.close()
    door.close()
    plane.close()


async def echoing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept a WebSocket and give back each message of text (RFC 6455; short messages only)."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    key = next(line for line in head.splitlines() if line.lower().startswith("sec-websocket-key")).split(": ")[1]
    said = base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    person = next(line for line in head.splitlines() if line.lower().startswith("x-bailiwick-user")).split(": ")[1]
    lines = [b"HTTP/1.1 101 Switching Protocols", b"upgrade: websocket", b"connection: upgrade"]
    writer.write(b"\r\n".join([*lines, b"sec-websocket-accept: " + said, b"", b""]))
    writer.write(bytes([0x81, len(person)]) + person.encode())
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            first, second = await reader.readexactly(2)
            mask = await reader.readexactly(4)
            data = bytes(item ^ mask[place % 4] for place, item in enumerate(await reader.readexactly(second & 0x7F)))
            if first & 0x0F != 1:
                break
            writer.write(bytes([0x81, len(data)]) + data.upper())
    writer.close()


_TALK = """() => new Promise((done, failed) => {
  const heard = [], socket = new WebSocket(`wss://${location.host}/socket`);
  socket.onopen = () => socket.send("hello");
  socket.onmessage = (event) => { heard.push(event.data); if (heard.length === 2) { done(heard); socket.close(); } };
  socket.onerror = () => failed(new Error("the socket failed"));
})"""


async def test_a_browser_speaks_to_an_app_by_a_websocket_over_tls(secured: Secured) -> None:
    served = secured.served
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = await browser.new_context(ignore_https_errors=True)
        cookie = {"name": "bailiwick_pass", "value": served.token, "domain": HOST, "path": "/", "secure": True}
        await context.add_cookies([cookie])  # type: ignore[list-item]
        page = await context.new_page()
        await page.goto(f"https://{HOST}:{secured.port}/hello")
        server = await behind(served, echoing)
        assert await page.evaluate(_TALK) == [PERSON, "HELLO"]
        await context.clear_cookies()
        with pytest.raises(Error, match="the socket failed"):
            await page.evaluate(_TALK)
        await browser.close()
        server.close()


async def test_a_websocket_over_tls_is_cut_when_the_app_is_stopped_and_none_is_begun_over_http2(
    secured: Secured,
) -> None:
    server = await behind(secured.served, echoing)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", secured.port, ssl=secured.trust("http/1.1"), server_hostname=HOST
    )
    lines = [
        "GET /socket HTTP/1.1", f"Host: {HOST}:{secured.port}", f"Cookie: bailiwick_pass={secured.served.token}",
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13", "", "",
    ]  # fmt: skip
    writer.write("\r\n".join(lines).encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    await reader.readexactly(2 + len(PERSON))
    secured.served.site.stop("killed", "enough")
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    async with secured.browser(http2=True) as browser:
        # Upgrades are no part of HTTP/2; and it is not offered to extend CONNECT (RFC 8441).
        found = await browser.get("/socket", headers={"sec-websocket-key": "x", "sec-websocket-version": "13"})
        assert found.status_code == 503
    server.close()


async def test_a_browser_speaks_http2_and_keeps_the_pass_from_scripts(secured: Secured) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = await browser.new_context(ignore_https_errors=True)
        cookie = {
            "name": "bailiwick_pass",
            "value": secured.served.token,
            "domain": HOST,
            "path": "/",
            "httpOnly": True,
        }
        await context.add_cookies([cookie | {"secure": True}])  # type: ignore[list-item]
        page = await context.new_page()
        answer = await page.goto(f"https://{HOST}:{secured.port}/hello")
        assert answer is not None
        assert (answer.status, await answer.text()) == (200, "hello")
        assert await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
        assert await page.evaluate("document.cookie") == ""
        sent = await page.evaluate("fetch('/digest', {method: 'POST', body: 'x'.repeat(200000)}).then(a => a.json())")
        assert sent[0] == 200_000
        await browser.close()
