"""Name servers of an operator, asked over the loopback."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.dataplane.gateways.egress import AddressPolicy, Dialer
from bailiwick.dataplane.gateways.egress.dialing import UnreachableError
from bailiwick.dataplane.gateways.egress.resolving import NameServers, ResolutionError, _read, _server

Record = tuple[str, int, int, str]  # owner, kind, TTL, address or name


def written(name: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def answer(query: bytes, records: list[Record], *, flags: int = 0x8180) -> bytes:
    body = b""
    for owner, kind, ttl, data in records:
        packed = written(data) if kind == 5 else ip_address(data).packed
        body += written(owner) + struct.pack("!HHIH", kind, 1, ttl, len(packed)) + packed
    return query[:2] + struct.pack("!5H", flags, 1, len(records), 0, 0) + query[12:] + body


class Zone(asyncio.DatagramProtocol):
    """A name server with a few names, over UDP and TCP."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.records: list[Record] = []
        self.flags = 0x8180
        self.mangle: Callable[[bytes], bytes] = lambda data: data
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.asked.append(("udp", data[12:].hex()))
        records = [] if self.flags & 0x0200 else self._of(data)
        self.transport.sendto(self.mangle(answer(data, records, flags=self.flags)), address)  # type: ignore[attr-defined]

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        self.asked.append(("tcp", data[12:].hex()))
        said = answer(data, self._of(data))
        writer.write(len(said).to_bytes(2) + said)
        writer.close()

    def _of(self, data: bytes) -> list[Record]:
        kind = struct.unpack("!H", data[-4:-2])[0]
        return [record for record in self.records if record[1] in (kind, 5)]


@pytest.fixture
async def zone() -> AsyncIterator[Zone]:
    served = Zone()
    streams = await asyncio.start_server(served.stream, "127.0.0.1", 0)
    served.port = streams.sockets[0].getsockname()[1]
    datagrams, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: served, local_addr=("127.0.0.1", served.port)
    )
    yield served
    datagrams.close()
    streams.close()


@pytest.mark.req("RT2")
async def test_both_families_are_asked_names_are_followed_and_kept_by_their_ttl(zone: Zone) -> None:
    zone.records = [
        ("api.example", 5, 300, "edge.example"), ("edge.example", 1, 20, "93.184.215.14"),
        ("edge.example", 28, 20, "2606:2800:21f::1"), ("other.example", 1, 20, "10.0.0.1"),
    ]  # fmt: skip
    names = NameServers([f"127.0.0.1:{zone.port}"])
    assert await names("api.example") == ["93.184.215.14", "2606:2800:21f::1"]
    assert await names("api.example") == ["93.184.215.14", "2606:2800:21f::1"]
    assert len(zone.asked) == 2
    zone.records = [("now.example", 1, 0, "93.184.215.14")]
    await names("now.example")
    zone.records = [("now.example", 1, 0, "10.0.0.1")]
    with pytest.raises(UnreachableError, match="no address that may be reached"):
        await Dialer(AddressPolicy(), names).connect("now.example", 443)


async def test_what_is_truncated_is_asked_again_over_tcp(zone: Zone) -> None:
    zone.records, zone.flags = [("a.example", 1, 5, "93.184.215.14")], 0x8380
    assert await NameServers([f"127.0.0.1:{zone.port}"])("a.example") == ["93.184.215.14"]
    assert {how for how, _ in zone.asked} == {"udp", "tcp"}


async def test_the_next_server_is_asked_when_one_fails_and_none_is_said(zone: Zone) -> None:
    zone.records = [("a.example", 1, 5, "93.184.215.14")]
    assert await NameServers(["127.0.0.1:1", f"127.0.0.1:{zone.port}"])("a.example") == ["93.184.215.14"]
    zone.flags = 0x8182
    with pytest.raises(ResolutionError):
        await NameServers([f"127.0.0.1:{zone.port}"])("a.example")
    zone.flags = 0x8183
    assert await NameServers([f"127.0.0.1:{zone.port}"])("a.example") == []


@pytest.mark.parametrize(
    "mangle",
    [
        lambda data: bytes([data[0] ^ 1]) + data[1:],
        lambda data: data.replace(b"\x01a\x07", b"\x01b\x07", 1),
        lambda data: data[:2] + b"\x01" + data[3:],
        lambda data: data[:20],
    ],
    ids=["another number", "another question", "a question", "cut short"],
)
async def test_what_answers_another_question_is_not_taken(
    zone: Zone, mangle: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from bailiwick.dataplane.gateways.egress import resolving

    monkeypatch.setattr(resolving, "_SERVER_SECONDS", 0.2)
    zone.records, zone.mangle = [("a.example", 1, 5, "93.184.215.14")], mangle
    with pytest.raises(ResolutionError):
        await NameServers([f"127.0.0.1:{zone.port}"])("a.example")


@given(st.binary(max_size=200))
def test_arbitrary_answers_do_no_harm(data: bytes) -> None:
    try:
        addresses, _ = _read(data, "a.example", 1)
    except (OSError, ValueError, IndexError, struct.error):
        return
    assert addresses == []


def test_servers_are_written_as_usual() -> None:
    said = [_server(text) for text in ("10.0.0.53", "10.0.0.53:5353", "fd00::53", "[fd00::53]:5353")]
    assert said == [("10.0.0.53", 53), ("10.0.0.53", 5353), ("fd00::53", 53), ("fd00::53", 5353)]
    with pytest.raises(ValueError, match="nonsense"):
        _server("nonsense")
