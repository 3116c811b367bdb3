import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.clock import utc_now
from bailiwick.core.policy import Decision
from bailiwick.dataplane.gateways.egress import AddressPolicy, EgressListener, Opened
from bailiwick.dataplane.gateways.egress.hello import HelloError, server_name

HOST = "localhost"
DECLARED = Decision(True, "declared", ("declared-egress",))


def certificate(folder: Path, host: str = HOST) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(utc_now() - timedelta(minutes=1))
        .not_valid_after(utc_now() + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    target = folder / "pair.pem"
    target.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return target


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[tuple[int, Path]]:
    pair = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"far:" + await reader.readline())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1], pair
    server.close()


async def open_through(
    far: tuple[int, Path], policy: AddressPolicy, *, name: str = HOST, decision: Decision = DECLARED
) -> tuple[bytes, list[Opened]]:
    port, pair = far
    seen: list[Opened] = []
    listener = socket.create_server(("127.0.0.1", 0))
    door = EgressListener(HOST, port, lambda: decision, policy, seen.append)
    await door.start(listener)
    trust = ssl.create_default_context(cafile=pair)
    answer = b""
    try:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", listener.getsockname()[1], ssl=trust, server_hostname=name
        )
        writer.write(b"hello\n")
        answer = await reader.read()
        writer.close()
    except (ssl.SSLError, ConnectionError):
        pass
    for _ in range(100):
        if seen:
            break
        await asyncio.sleep(0.02)
    door.close()
    return answer, seen


@pytest.mark.req("RT2")
async def test_the_declared_host_is_reached_end_to_end_in_tls(far: tuple[int, Path]) -> None:
    answer, seen = await open_through(far, AddressPolicy(["127.0.0.0/8", "::1/128"]))
    assert answer == b"far:hello\n"
    assert seen[0].refused == ""
    assert seen[0].received > 0


@pytest.mark.req("RT2")
async def test_a_name_that_leads_to_a_private_address_is_refused(far: tuple[int, Path]) -> None:
    answer, seen = await open_through(far, AddressPolicy())
    assert answer == b""
    assert "no address that may be reached" in seen[0].refused


@pytest.mark.req("RT2")
async def test_what_policy_refuses_is_not_even_looked_up(
    far: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        looked_up.append(host)
        return real(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    refusal = Decision(False, "not today", ("some-policy",))
    answer, seen = await open_through(far, AddressPolicy(["127.0.0.0/8", "::1/128"]), decision=refusal)
    assert answer == b""
    assert HOST not in looked_up
    assert (seen[0].refused, seen[0].deciders) == ("not today", ("some-policy",))


@pytest.mark.req("RT2")
async def test_tls_for_another_host_is_refused(far: tuple[int, Path]) -> None:
    answer, seen = await open_through(far, AddressPolicy(["127.0.0.0/8", "::1/128"]), name="elsewhere.example")
    assert answer == b""
    assert seen[0].refused == "the TLS connection is for elsewhere.example"


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "255.255.255.255", "nonsense"],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not AddressPolicy().permits(address)


def test_public_and_named_networks_are_permitted() -> None:
    assert AddressPolicy().permits("93.184.215.14")
    assert AddressPolicy(["10.20.0.0/16"]).permits("10.20.3.4")
    assert not AddressPolicy(["10.20.0.0/16"]).permits("10.21.3.4")


@given(st.binary(max_size=300))
def test_arbitrary_bytes_name_no_server(data: bytes) -> None:
    with pytest.raises(HelloError):
        server_name(data)
