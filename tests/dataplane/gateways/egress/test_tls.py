import asyncio
import functools
import hashlib
import os
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.guardrails import EgressRails
from bailiwick.core.policy import Decision
from bailiwick.dataplane.gateways.egress import AddressPolicy, Dialer, Opened
from bailiwick.dataplane.hello import HelloError, server_name
from tests.fixtures.egress import HOST, LOOPBACK, Door, certificate, door_to, outside, to_loopback

_BULK = os.urandom(1024) * 8 * 1024


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"far:" + await reader.readline())
    await writer.drain()
    writer.close()


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[tuple[int, Path]]:
    pair = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    async with outside(echo, ssl=context) as port:
        yield port, pair


async def say_hello(door: Door, pair: Path, name: str = HOST) -> tuple[bytes, Opened]:
    trust = ssl.create_default_context(cafile=pair)
    answer = b""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port, ssl=trust, server_hostname=name)
        writer.write(b"hello\n")
        answer = await reader.read()
        writer.close()
    except (ssl.SSLError, ConnectionError):
        pass
    return answer, await door.outcome()


@functools.cache
def hello(name: str) -> bytes:
    """Return the first record that OpenSSL sends."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name or None)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.mark.req("RT2")
async def test_the_declared_host_is_reached_end_to_end_in_tls(far: tuple[int, Path]) -> None:
    async with door_to(far[0]) as door:
        answer, outcome = await say_hello(door, far[1])
    assert answer == b"far:hello\n"
    assert outcome.refused == ""
    assert outcome.received > outcome.sent > 100


@pytest.mark.req("RT2")
async def test_a_name_that_leads_to_a_private_address_is_refused(far: tuple[int, Path]) -> None:
    async with door_to(far[0], dialer=Dialer(AddressPolicy(), to_loopback)) as door:
        answer, outcome = await say_hello(door, far[1])
    assert answer == b""
    assert "no address that may be reached" in outcome.refused
    assert outcome.deciders == ("reachable-addresses",)


@pytest.mark.req("RT2")
async def test_what_policy_refuses_is_not_even_looked_up(far: tuple[int, Path]) -> None:
    looked_up: list[str] = []

    async def resolve(host: str) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    refusal = Decision(False, "not today", ("some-policy",))
    async with door_to(far[0], decision=refusal, dialer=Dialer(LOOPBACK, resolve)) as door:
        answer, outcome = await say_hello(door, far[1])
    assert answer == b""
    assert looked_up == []
    assert (outcome.refused, outcome.deciders) == ("not today", ("some-policy",))


@pytest.mark.req("RT2")
async def test_tls_for_another_host_is_refused(far: tuple[int, Path]) -> None:
    async with door_to(far[0]) as door:
        answer, outcome = await say_hello(door, far[1], "elsewhere.example")
    assert answer == b""
    assert outcome.refused == "the TLS connection is for elsewhere.example"


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    ("first", "words"),
    [
        (b"GET / HTTP/1.1\r\nhost: partner.example\r\n\r\n", "does not begin with TLS"),
        (b"\x16\x03\x01\xff\xff" + b"\x01" * 40, "too large"),
        (hello(HOST)[:60], "cut short"),
        (b"", "cut short"),
        (hello(""), "names no server"),
        (hello("elsewhere.example"), "for elsewhere.example"),
        (hello(HOST).replace(b"\x00\x17\x00\x00", b"\xfe\x0d\x00\x00"), "ECH"),
    ],
    ids=["http", "too large", "half", "nothing", "nameless", "another", "encrypted"],
)
async def test_what_does_not_begin_as_tls_for_the_host_reaches_nobody(first: bytes, words: str) -> None:
    async def nobody(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"reached")
        writer.close()

    async with outside(nobody) as port, door_to(port) as door:
        assert await door.said(first, end=True) == b""
        assert words in (await door.outcome()).refused


async def test_a_hello_in_pieces_is_read_whole(far: tuple[int, Path]) -> None:
    async with door_to(far[0]) as door:
        first = hello(HOST)
        _, writer = await door.connect(first[:3])
        for place in range(3, len(first), 150):
            await asyncio.sleep(0.01)
            writer.write(first[place : place + 150])
        writer.write_eof()
        assert (await door.outcome()).sent == len(first)


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


async def bulk_both_ways() -> tuple[Opened, int]:
    """Send much, half close, and read much from a host that reads slowly at first."""
    got = bytearray()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        while piece := await reader.read(262_144):
            got.extend(piece)
        writer.write(_BULK + digest(bytes(got)))
        await writer.drain()
        writer.close()

    first = hello(HOST)
    async with outside(slow) as port, door_to(port) as door:
        reader, writer = await door.connect(first + _BULK)
        writer.write_eof()
        answer = await reader.read(-1)
        writer.close()
        assert bytes(got) == first + _BULK
        assert answer == _BULK + digest(bytes(got))
        assert door.sent == len(got)
        return await door.outcome(), len(first)


@pytest.mark.req("RT2")
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_bytes_pass_whole_both_ways_and_one_side_may_end_before_the_other(run: Any) -> None:
    outcome, first = run(bulk_both_ways())
    assert (outcome.refused, outcome.because) == ("", "")
    assert (outcome.sent, outcome.received) == (first + len(_BULK), len(_BULK) + 32)


async def test_a_slow_reader_slows_the_host_and_not_this_process() -> None:
    sent = 0

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while sent < 2**30:
            writer.write(_BULK)
            await writer.drain()
            sent += len(_BULK)

    async with outside(flood) as port, door_to(port) as door:
        plain = socket.create_connection(("127.0.0.1", door.port))
        plain.sendall(hello(HOST))
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.2)
        assert 0 <= sent < 2**28
        plain.close()
        assert (await door.outcome()).received > 0


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    ("rails", "words"),
    [
        (EgressRails(idle_seconds=0.1), "nothing passed for 0.1 seconds"),
        (EgressRails(total_seconds=0.1), "open for 0.1 seconds"),
    ],
)
async def test_a_connection_is_neither_idle_nor_open_for_ever(rails: EgressRails, words: str) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with outside(silent) as port, door_to(port, rails=rails) as door:
        assert await door.said(hello(HOST)) == b""
        assert words in (await door.outcome()).because


@given(st.binary(max_size=300))
def test_arbitrary_bytes_name_no_server(data: bytes) -> None:
    with pytest.raises(HelloError):
        server_name(data)


@given(st.data())
def test_a_hello_that_was_tampered_with_is_refused_or_names_some_server(data: st.DataObject) -> None:
    record = bytearray(hello(HOST))
    for _ in range(data.draw(st.integers(1, 4))):
        record[data.draw(st.integers(0, len(record) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert server_name(bytes(record)).isascii()
    except HelloError as fault:
        assert str(fault)
