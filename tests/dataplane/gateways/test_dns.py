import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.dataplane.gateways.dns import DnsGateway


def query(name: str, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", kind, 1)


@pytest.mark.req("RT2")
def test_declared_names_are_answered_and_others_reported() -> None:
    refused: list[str] = []
    gateway = DnsGateway({"orders.internal": "127.1.0.1"}, refused.append)
    answered = gateway.respond(query("Orders.Internal"))
    assert answered is not None
    assert answered.endswith(bytes([127, 1, 0, 1]))
    other = gateway.respond(query("exfil.secret-data.example"))
    assert other is not None
    assert other[3] & 0x0F == 3
    assert refused == ["exfil.secret-data.example"]
    no_ipv6 = gateway.respond(query("orders.internal", 28))
    assert no_ipv6 is not None
    assert struct.unpack("!H", no_ipv6[6:8]) == (0,)


@pytest.mark.req("RT2")
def test_a_flood_is_reported_once_a_second() -> None:
    refused: list[str] = []
    gateway = DnsGateway({}, refused.append)
    for _ in range(500):
        gateway.respond(query("a.example"))
    assert refused == ["a.example"]


def test_a_name_is_told_without_what_a_terminal_would_obey() -> None:
    refused: list[str] = []
    DnsGateway({}, refused.append).respond(query("\x1b[2j.example"))
    assert refused == ["??2j.example"]


@given(st.binary(max_size=600))
def test_arbitrary_bytes_do_no_harm(data: bytes) -> None:
    DnsGateway({"a.b": "127.1.0.1"}, lambda _: None).respond(data)
