import asyncio
import gzip
import http.client
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.guardrails import EgressRails, OpenedTls
from bailiwick.dataplane.gateways.egress import Opened, Opener
from bailiwick.dataplane.gateways.egress.authority import Authority
from tests.fixtures.egress import HOST, Door, certificate, door_to, outside

CARD, MAIL, SECRET = "4111 1111 1111 1111", "jo.doe@corp.example", "the-plane's-own-password"
STARS, MAIL_STARS = "*" * len(CARD), "*" * len(MAIL)
OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"
NOTHING = OK + b"content-length: 0\r\n\r\n"


class Host:
    """A server outside that writes down what it is asked, and gives one answer after the other."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.asked: list[tuple[str, bytes]] = []
        self.broken = asyncio.Event()
        self.more = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                self.asked.append((head, await self._body(head, reader)))
                for piece in self.answers.pop(0).split(b"<wait>"):
                    writer.write(piece)
                    await writer.drain()
                    if not self.answers and b"event" in piece:
                        await self.more.wait()
                if "until-close" in head:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            self.broken.set()
        writer.close()

    async def _body(self, head: str, reader: asyncio.StreamReader) -> bytes:
        if "transfer-encoding: chunked" not in head:
            length = head.partition("content-length: ")[2].partition("\r\n")[0]
            return await reader.readexactly(int(length or 0))
        body = bytearray()
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return bytes(body)


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    return certificate(tmp_path)


@pytest.fixture
def opener(pair: Path) -> Opener:
    return Opener(Authority("production", utc_now), ssl.create_default_context(cafile=pair), lambda: [SECRET])


@pytest.fixture
async def host() -> Host:
    return Host()


@pytest.fixture
async def port(host: Host, pair: Path) -> AsyncIterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    async with outside(host.serve, ssl=context) as served:
        yield served


Opening = Callable[..., Any]


@pytest.fixture
def opened(port: int, opener: Opener) -> Opening:
    @asynccontextmanager
    async def opening(**rule: Any) -> AsyncIterator[tuple[Door, Callable[..., Awaitable[Any]]]]:
        rails = EgressRails(opened_tls=(OpenedTls(host=HOST, **rule),))
        async with door_to(port, rails=rails, opener=opener) as door:
            connection = connection_to(door, ssl.create_default_context(cadata=opener.authority.certificate))

            async def ask(
                method: str, path: str, body: Any = None, **headers: str
            ) -> tuple[int, bytes, dict[str, str]]:
                return await asyncio.to_thread(asked, connection, f"{HOST}:{port}", method, path, body, headers)

            yield door, ask
            connection.close()

    return opening


def connection_to(door: Door, trust: ssl.SSLContext) -> http.client.HTTPSConnection:
    connection = http.client.HTTPSConnection(HOST, door.port, context=trust, timeout=20)
    connection._create_connection = lambda *_: socket.create_connection(("127.0.0.1", door.port))  # type: ignore[attr-defined]
    return connection


def asked(
    connection: http.client.HTTPSConnection, host: str, method: str, path: str, body: Any, headers: dict[str, str]
) -> tuple[int, bytes, dict[str, str]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Host": host, **named}, encode_chunked=hasattr(body, "__next__"))
    answer = connection.getresponse()
    return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}


@pytest.mark.req("RT2")
async def test_what_is_sensitive_is_masked_in_requests_and_counted_not_shown(host: Host, opened: Opening) -> None:
    host.answers = [NOTHING, NOTHING]
    async with opened(requests="mask") as (door, ask):
        said = f'{{"card": "{CARD}", "to": "{MAIL}", "with": "{SECRET}"}}'
        await ask("POST", "/v1", said, content_type="application/json", x_kept="yes")
        await ask("POST", "/v1", iter([b"paid with 4111 11", b"11 1111 11", b"11 by jo"]), transfer_encoding="chunked")
    assert host.asked[0][1].decode() == f'{{"card": "{STARS}", "to": "{MAIL_STARS}", "with": "{"*" * len(SECRET)}"}}'
    assert "x-kept: yes" in host.asked[0][0]
    assert host.asked[1][1].decode() == f"paid with {STARS} by jo"
    outcome: Opened = await door.outcome()
    assert outcome.masked == {"request card": 2, "request email": 1, "request secret": 1}
    assert (outcome.refused, outcome.requests) == ("", 2)


@pytest.mark.req("RT2")
async def test_only_the_kinds_that_a_rule_names_are_masked(host: Host, opened: Opening) -> None:
    host.answers = [NOTHING]
    async with opened(requests="mask", sensitive=("card",)) as (_, ask):
        await ask("POST", "/v1", f"{CARD} {MAIL} {SECRET}")
    assert host.asked[0][1].decode() == f"{STARS} {MAIL} {SECRET}"


@pytest.mark.req("RT2")
async def test_compressed_requests_are_made_plain_and_masked(host: Host, opened: Opening) -> None:
    host.answers = [NOTHING, NOTHING]
    async with opened(requests="mask") as (_, ask):
        await ask("POST", "/v1", gzip.compress(f"from {MAIL}".encode()), content_encoding="gzip")
        await ask("POST", "/v1", zlib.compress(b"plain words"), content_encoding="deflate")
    assert [body.decode() for _, body in host.asked] == [f"from {MAIL_STARS}", "plain words"]
    assert "content-encoding" not in host.asked[0][0]


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (f"one\ntwo\n{MAIL}\n{CARD}\n", {}, "the body of the request holds sensitive values (card: 1, email: 1)"),
        (b"\x0b\x02\x80", {"content_encoding": "br"}, "compressed in a way that is not read (br)"),
        (b"no gzip", {"content_encoding": "gzip"}, "is not compressed as it says"),
        (gzip.compress(b"cut off" * 99, mtime=0)[:20], {"content_encoding": "gzip"}, "is not compressed as it says"),
        ("x", {"content_type": "text/plain; charset=utf-16"}, "text that is not read (utf-16)"),
    ],
)
async def test_what_may_not_pass_is_refused_and_reaches_the_host_as_no_request(
    host: Host, opened: Opening, body: Any, headers: dict[str, str], words: str
) -> None:
    async with opened(requests="refuse") as (door, ask):
        status, said, _ = await ask("POST", "/v1", body, **headers)
        outcome = await door.outcome()
    assert (status, words in said.decode(), words in outcome.refused) == (403, True, True)
    assert outcome.deciders in {("screened-payloads",), ("payloads-that-are-read",)}
    assert MAIL not in said.decode() + outcome.refused
    assert host.asked == []


@pytest.mark.req("RT2")
async def test_little_that_unpacks_to_much_is_refused_before_it_is_much(host: Host, opened: Opening) -> None:
    packer = zlib.compressobj()
    bomb = b"".join(packer.compress(b"\0" * 2**20) for _ in range(110)) + packer.flush()
    async with opened(requests="mask") as (_, ask):
        status, said, _ = await ask("POST", "/v1", bomb, content_encoding="deflate")
    assert (status, b"larger than may pass" in said) == (403, True)
    assert host.asked == []


@pytest.mark.req("RT2")
@pytest.mark.parametrize("path", [f"/of/{MAIL}", "/of?who=jo.doe%40corp.example", "/of?n=4111+1111+1111+1111"])
async def test_addresses_with_what_is_sensitive_are_refused(host: Host, opened: Opening, path: str) -> None:
    async with opened(requests="mask") as (_, ask):
        status, said, _ = await ask("GET", path)
    assert (status, b"the address of the request holds sensitive values" in said) == (403, True)
    assert host.asked == []


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    "answer",
    [
        OK + b"content-length: 24\r\n\r\n" + f"from {MAIL}".encode(),
        OK + b"transfer-encoding: chunked\r\n\r\n9\r\nfrom jo.d\r\n<wait>f\r\noe@corp.example\r\n0\r\n\r\n",
        OK + b"x: until-close\r\n\r\nfrom jo.doe@<wait>corp.example",
        b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK + b"content-length: 24\r\n\r\n" + f"from {MAIL}".encode(),
        OK
        + b"content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
        % (len(gzip.compress(f"from {MAIL}".encode(), mtime=0)), gzip.compress(f"from {MAIL}".encode(), mtime=0)),
    ],
    ids=["length", "chunks", "until-close", "after-a-hint", "gzip"],
)
async def test_what_is_sensitive_is_masked_in_answers(host: Host, opened: Opening, answer: bytes) -> None:
    host.answers = [answer]
    kind = "until-close" if b"until-close" in answer else "x"
    async with opened(answers="mask") as (door, ask):
        status, said, headers = await ask("POST", "/v1", CARD, accept_encoding="br", range="bytes=0-9", x=kind)
    assert (status, said.decode()) == (200, f"from {MAIL_STARS}")
    assert "content-encoding" not in headers
    asked_head, asked_body = host.asked[0]
    assert ("accept-encoding" in asked_head, "range" in asked_head, asked_body.decode()) == (False, False, CARD)
    assert (await door.outcome()).masked == {"answer email": 1}


@pytest.mark.req("RT2")
async def test_pictures_in_answers_and_answers_without_a_body_pass_as_they_are(host: Host, opened: Opening) -> None:
    picture = b"\x89PNG jo.doe@corp.example"
    host.answers = [
        b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: %d\r\n\r\n%b" % (len(picture), picture),
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n",
    ]
    async with opened(answers="mask") as (_, ask):
        assert (await ask("GET", "/v1"))[1] == picture
        assert (await ask("GET", "/v1"))[:2] == (204, b"")
        status, said, headers = await ask("HEAD", "/v1")
    assert (status, said, headers["content-length"]) == (200, b"", "5000")


@pytest.mark.req("RT2")
async def test_a_stream_of_events_is_not_held_back(host: Host, opened: Opening, port: int, opener: Opener) -> None:
    event = b"data: event of jo.doe@corp.example\n\n"
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    host.answers = [head + b"%x\r\n%b\r\n" % (len(event), event)]
    async with opened(answers="mask") as (door, _):
        trust = ssl.create_default_context(cadata=opener.authority.certificate)
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port, ssl=trust, server_hostname=HOST)
        writer.write(f"GET /v1 HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n".encode())
        async with asyncio.timeout(10):
            said = await reader.readuntil(b"\n\n\r\n")
        assert said.endswith(f"data: event of {MAIL_STARS}\n\n\r\n".encode())
        host.more.set()
        writer.close()


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (OK + b"content-length: 24\r\n\r\n" + f"from {MAIL}".encode(), "holds sensitive values (email: 1)"),
        (
            OK + b"content-encoding: zstd\r\ncontent-length: 4\r\n\r\nabcd",
            "compressed in a way that is not read (zstd)",
        ),
        (b"nonsense\r\n\r\n", "the answer of the host cannot be read"),
        (b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", "cannot be read"),
        (NOTHING + NOTHING, "cannot be read"),
    ],
    ids=["email", "zstd", "nonsense", "upgrade", "two-answers"],
)
async def test_answers_that_may_not_pass_are_refused(host: Host, opened: Opening, answer: bytes, words: str) -> None:
    host.answers = [answer]
    async with opened(answers="refuse") as (door, ask):
        status, said, _ = await ask("GET", "/v1")
        outcome = await door.outcome()
    assert (status, words in said.decode(), words in outcome.refused) == (403, True, True)
    assert MAIL not in said.decode()


@pytest.mark.req("RT2")
async def test_an_answer_that_turns_out_sensitive_is_broken_off_and_does_not_look_whole(
    host: Host, opened: Opening
) -> None:
    body = b"line\n" * 20_000 + MAIL.encode() + b"\n"
    host.answers = [OK + b"content-length: %d\r\n\r\n%b" % (len(body), body)]
    async with opened(answers="refuse") as (door, ask):
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            await ask("GET", "/v1")
        assert "holds sensitive values" in (await door.outcome()).refused


@pytest.mark.req("RT2")
async def test_who_waits_for_a_go_ahead_gets_it_and_a_host_that_breaks_off_is_noticed(
    host: Host, opened: Opening, port: int, opener: Opener
) -> None:
    host.answers = [OK + b"x: until-close\r\ncontent-length: 50\r\n\r\nhalf"]
    async with opened(requests="mask") as (door, _):
        trust = ssl.create_default_context(cadata=opener.authority.certificate)
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port, ssl=trust, server_hostname=HOST)
        head = f"POST /v1 HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Length: 19\r\nExpect: 100-continue\r\n"
        writer.write(head.encode() + b"x: until-close\r\n\r\n")
        async with asyncio.timeout(10):
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(MAIL.encode())
            said = b""
            try:
                while piece := await reader.read(9999):
                    said += piece
            except ConnectionError:
                pass
        assert said.endswith(b"half")
        assert (await door.outcome()).masked == {"request email": 1}
        writer.close()
    assert host.asked[0][1].decode() == MAIL_STARS
    assert "expect" not in host.asked[0][0]


def test_a_rule_says_in_words_what_becomes_of_payloads() -> None:
    rule = OpenedTls(host="a.example", methods=("POST",), requests="mask", answers="refuse", sensitive=("card", "iban"))
    assert rule.words == "a.example: POST of every path; in requests card, iban masked; in answers card, iban refused"
