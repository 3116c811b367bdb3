"""Services and apps that misbehave: hangs, lies, endless answers, redirects; and memory that stays as it is."""

import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx2
import pytest

from bailiwick.core.events import Outcome
from bailiwick.core.messages import BearerToken, IntegrationLimits, NoCredential, ServiceConnection
from tests.dataplane.gateways.services.conftest import House
from tests.fixtures.crm import KEY
from tests.fixtures.raw_server import RawServer, ok, raw_server
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("IN9")
MIB = 2**20


@pytest.fixture
def raw(house: House) -> Iterator[RawServer]:
    with raw_server() as made:
        house.connection = ServiceConnection(
            kind="http", url=f"{made.url}/api", credential=NoCredential(), timeout_seconds=0.5, answer_seconds=1.5
        )
        house.limits = IntegrationLimits.model_validate({"repeats": {"most": 0}, "breaker": {"failures": 1000}})
        yield made


def change(house: House, **fields: object) -> None:
    assert house.connection is not None
    house.connection = house.connection.model_copy(update=fields)


def trickle(line: socket.socket, begin: bytes) -> None:
    line.sendall(begin)
    for _ in range(200):
        line.sendall(b"a")
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n", "none", id="more-than-said"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 5\r\n\r\n{}", "none", id="two-lengths"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\n{}", "none", id="negative"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 9" + b"9" * 30 + b"\r\n\r\n{}", "none", id="beyond-numbers"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n{}", "none", id="both-framings"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "none", id="no-chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"x-a: " + b"b" * 400_000 + b"\r\n\r\n", "none", id="endless-head"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "none", id="another-protocol"),
        pytest.param(b"", "broke off", id="nothing"),
    ],
)
def test_what_is_no_sound_answer_is_none(house: House, raw: RawServer, content: bytes, words: str) -> None:
    raw.says(content)
    try:
        answer = house.call("GET", "/open/a")
    except httpx2.RemoteProtocolError:
        return  # the head had gone already: half an answer is broken off
    assert (answer.status_code, words in answer.json()["title"]) == (502, True), answer.text
    until(lambda: house.events and house.told().outcome == Outcome.FAILED)


@pytest.mark.parametrize(
    "begin",
    [b"HTTP/1.1 200 OK\r\nx-slow: ", b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n"],
    ids=["in-the-head", "in-the-body"],
)
def test_an_answer_that_trickles_has_an_end(house: House, raw: RawServer, begin: bytes) -> None:
    raw.answer = lambda line, _: trickle(line, begin)
    began = time.monotonic()
    with suppress(httpx2.RemoteProtocolError):
        assert house.call("GET", "/open/a").status_code == 504
    assert time.monotonic() - began < 9
    until(lambda: house.events and house.told().context["status"] == 504)


def test_an_endless_answer_is_broken_off_and_takes_no_memory(house: House, raw: RawServer) -> None:
    change(house, most_answer_bytes=256 * MIB, answer_seconds=60.0)

    def endless(line: socket.socket, _: bytes) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n")
        with suppress(OSError):
            while True:
                line.sendall(bytes(MIB))

    raw.answer = endless
    before, came = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    with (
        pytest.raises(httpx2.RemoteProtocolError),
        httpx2.stream("GET", f"{house.url}/open/a", timeout=30) as answer,
    ):
        for piece in answer.iter_raw():
            came += len(piece)
    assert 200 * MIB < came <= 256 * MIB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
    until(lambda: house.events and "larger than 262144 KiB" in house.told().reason)


def test_what_an_app_sends_passes_as_it_comes_and_takes_no_memory(house: House, raw: RawServer) -> None:
    change(house, most_body_bytes=256 * MIB, timeout_seconds=10.0, answer_seconds=60.0)
    got = 0

    def take(line: socket.socket, head: bytes) -> None:
        nonlocal got
        got = len(head.partition(b"\r\n\r\n")[2])
        while got < 100 * MIB:
            got += len(line.recv(MIB))
        line.sendall(ok(b"{}"))

    raw.answer = take
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pieces = (bytes(MIB) for _ in range(100))
    assert house.call("POST", "/upload", content=pieces, headers={"content-length": str(100 * MIB)}).status_code == 200
    assert got == 100 * MIB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
    until(lambda: house.events and house.told().context["bytes_out"] == 100 * MIB)


def test_chunks_are_passed_on_and_counted_and_nothing_follows_them(house: House, raw: RawServer) -> None:
    change(house, most_body_bytes=3 * MIB, timeout_seconds=10.0)
    seen = b""

    def take(line: socket.socket, head: bytes) -> None:
        nonlocal seen
        seen = head.partition(b"\r\n\r\n")[2]
        while not seen.endswith(b"0\r\n\r\n"):
            came = line.recv(65536)
            if not came:
                return
            seen += came
        line.sendall(ok(b"{}"))

    raw.answer = take
    assert house.call("POST", "/upload", content=iter([b"abc", b"defg"])).status_code == 200
    assert seen == b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    assert b"transfer-encoding: chunked" in raw.heads[-1].lower()
    large = house.call("POST", "/upload", content=(bytes(MIB) for _ in range(5)))
    assert (large.status_code, "larger than 3 MiB" in large.json()["title"]) == (413, True)
    parts = urlsplit(house.url)
    with socket.create_connection((parts.hostname, parts.port)) as line:
        line.sendall(
            b"POST /upload HTTP/1.1\r\nhost: crm\r\ntransfer-encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n0\r\n\r\n"
        )
        assert line.recv(4096).startswith(b"HTTP/1.1 400 ")
        assert line.recv(4096) == b"", "what follows a broken body is no call"


def test_an_upload_that_a_service_refuses_early_is_answered(house: House, raw: RawServer) -> None:
    change(house, most_body_bytes=256 * MIB, timeout_seconds=10.0)
    raw.says(b"HTTP/1.1 413 Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    parts = urlsplit(house.url)
    with socket.create_connection((parts.hostname, parts.port)) as line:
        line.sendall(b"POST /upload HTTP/1.1\r\nhost: crm\r\ncontent-length: 100000000\r\n\r\n" + bytes(2 * MIB))
        line.settimeout(10)
        answer = line.recv(4096)
    assert answer.startswith((b"HTTP/1.1 413 ", b"HTTP/1.1 502 ")), answer
    assert b"connection: close" in answer


def test_an_app_that_goes_away_or_never_reads_ends_its_call_and_no_other(house: House, raw: RawServer) -> None:
    change(house, answer_seconds=60.0, timeout_seconds=10.0)
    ended = []

    def endless(line: socket.socket, _: bytes) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n")
        try:
            while True:
                line.sendall(bytes(MIB))
        except OSError:
            ended.append(True)

    raw.answer = endless
    parts = urlsplit(house.url)
    with socket.create_connection((parts.hostname, parts.port)) as line:
        line.sendall(b"GET /open/a HTTP/1.1\r\nhost: crm\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 200")
    until(lambda: ended, what="the end of the call at the service")
    raw.says(ok(b'{"mine": 1}'))
    assert house.call("GET", "/open/a").json() == {"mine": 1}


def test_nothing_that_one_call_left_unread_is_seen_by_the_next(house: House, raw: RawServer) -> None:
    def twice(line: socket.socket, _: bytes) -> None:
        line.sendall(ok(b'{"of": "ann"}'))
        time.sleep(0.2)
        line.sendall(ok(b'{"of": "nobody"}'))
        time.sleep(1)

    raw.answer = twice
    assert house.call("GET", "/open/a").json() == {"of": "ann"}
    time.sleep(0.4)
    raw.says(ok(b'{"of": "bob"}'))
    assert house.call("GET", "/open/a").json() == {"of": "bob"}
    assert raw.connections == 2


@pytest.mark.parametrize(
    ("status", "method", "location", "leads"),
    [
        (302, "GET", "/api/open/b?x=1", "http://contacts.internal/open/b?x=1"),
        (307, "GET", "b", "http://contacts.internal/open/b"),
        (303, "POST", "{url}/api/open/c", "http://contacts.internal/open/c"),
        (301, "HEAD", "{url}/api/contacts/7", "http://contacts.internal/contacts/7"),
    ],
)
@pytest.mark.req("IN7")
def test_redirects_lead_back_through_the_apps_own_socket(
    house: House, raw: RawServer, status: int, method: str, location: str, leads: str
) -> None:
    target = "/open/a" if method != "HEAD" else "/contacts/9"
    written = location.format(url=raw.url).encode()
    raw.says(b"HTTP/1.1 %d On\r\nlocation: %b\r\ncontent-length: 9\r\n\r\n<a href=x" % (status, written))
    answer = house.call(method, target, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"], answer.content) == (status, leads, b"")
    assert len(raw.heads) == 1, "nothing is followed here"


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest", "https://{host}/api/open/b", "http://{host}.evil.example/api/open/b",
        "//evil.example/api/open/b", "http://eve@{host}/api/open/b", "/admin", "/api/admin", "/apiopen/b",
        "/api/open/../admin", "/api/open/%2e%2e/admin", "/api/open/b%0d%0aset-cookie:x", "file:///etc/passwd", "",
        "http://[::1", "/api//open/b", "/api/contacts/1?expand=all",
    ],
)  # fmt: skip
@pytest.mark.req("IN7", "SE1")
def test_redirects_to_anywhere_else_are_refused_and_get_no_credential(
    house: House, raw: RawServer, location: str
) -> None:
    change(house, credential=BearerToken(kind="bearer", secret="crm-key"))
    written = location.format(host=urlsplit(raw.url).netloc).encode()
    raw.says(b"HTTP/1.1 302 On\r\nlocation: %b\r\ncontent-length: 0\r\n\r\n" % written)
    answer = house.call("GET", "/open/a", follow_redirects=False)
    assert (answer.status_code, "location" in answer.headers) == (502, False)
    assert "169.254" not in answer.text
    assert KEY not in answer.text
    assert len(raw.heads) == 1


def test_links_to_the_next_page_can_be_followed_and_others_stay_as_they_are(house: House, raw: RawServer) -> None:
    here, away = f"{raw.url}/api/pages?page=2", "https://docs.example/api/pages"
    document = {"next": here, "links": {"next": "/api/pages?page=3"}, "items": [{"url": here}], "self": away}
    links = f'link: <{here}>; rel="next", <{away}>; rel="help", </api/pages?page=9>; rel="last"'
    raw.says(ok(json.dumps(document).encode(), links))
    answer = house.call("GET", "/pages")
    assert answer.json() == {
        "next": "http://contacts.internal/pages?page=2",
        "links": {"next": "http://contacts.internal/pages?page=3"},
        "items": [{"url": here}],
        "self": away,
    }
    assert answer.links["next"]["url"] == "http://contacts.internal/pages?page=2"
    assert answer.links["last"]["url"] == "http://contacts.internal/pages?page=9"
    assert answer.links["help"]["url"] == away
    raw.says(b"HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: 4\r\n\r\na,b\n")
    assert house.call("GET", "/pages").text == "a,b\n"
    raw.says(b"HTTP/1.1 201 Made\r\nlocation: /api/open/17\r\ncontent-length: 0\r\n\r\n")
    assert house.call("POST", "/open/a").headers["location"] == "http://contacts.internal/open/17"
    raw.says(b"HTTP/1.1 201 Made\r\nlocation: http://10.0.0.1/x\r\ncontent-length: 0\r\n\r\n")
    assert "location" not in house.call("POST", "/open/a").headers
