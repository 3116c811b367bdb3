"""Declared egress from an app in its sandbox, through policy, to a TLS server outside."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bailiwick.core.guardrails import EgressRails, Guardrails, OpenedTls
from bailiwick.core.messages import EgressRollup
from tests.fixtures.egress import certificate
from tests.fixtures.plane import MANIFEST, PlaneHouse

HOST = "partner.example"
JOB = """
import http.client, json, socket, ssl, sys, time

def open_hosts():
    targets = json.load(open("targets.json"))
    for host, port in targets:
        began = time.monotonic()
        try:
            if host.startswith("udp:"):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
                    datagrams.settimeout(2)
                    datagrams.connect((socket.gethostbyname(host[4:]), port))
                    datagrams.send(b"hello")
                    datagrams.send(b"hello")
                    print(host, port, "sent")
                continue
            if host.startswith("post:"):
                name = host[5:]
                asked = http.client.HTTPSConnection(name, port, timeout=10)
                asked.request("POST", "/v1", json.dumps({"to": "jo.doe@corp.example"}))
                print(name, port, "answered", asked.getresponse().read().decode())
                continue
            usual, host = host.startswith("usual:"), host.removeprefix("usual:")
            trust = ssl.create_default_context(cafile=None if usual else "authority.pem")
            with socket.create_connection((host, port), timeout=10) as plain:
                with trust.wrap_socket(plain, server_hostname=host) as secure:
                    asks = f"GET /v1 HTTP/1.1\\r\\nhost: {host}:{port}\\r\\n\\r\\n"
                    secure.sendall(asks.encode() if usual else b"hello\\n")
                    print(host, port, "answered", secure.recv(100).decode().strip())
        except OSError as fault:
            quick = "at once" if time.monotonic() - began < 1 else "late"
            print(host, port, "failed", quick, type(fault).__name__)
"""


@pytest.fixture
async def partner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[list[int], str, list[str]]]:
    """TLS servers on two ports of the loopback, which the world's name service knows as partner.example."""
    pair = certificate(tmp_path, HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readline()
        if first.startswith(b"POST "):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length) + b" from al@corp.example"
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        else:
            writer.write(b"far:" + first)
        await writer.drain()
        writer.close()

    servers = [await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) for _ in range(2)]
    looked_up: list[str] = []
    real: Callable[..., Any] = socket.getaddrinfo

    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        looked_up.append(host)
        return real("127.0.0.1" if host == HOST else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    certificates = pair.read_text()
    yield (
        [server.sockets[0].getsockname()[1] for server in servers],
        certificates[certificates.index("-----BEGIN CERTIFICATE") :],
        looked_up,
    )
    for server in servers:
        server.close()


async def run_job(house: PlaneHouse, ports: list[int], authority: str, targets: str, **fields: object) -> list[str]:
    from bailiwick.core.messages import RunJobOrder

    allowed = ", ".join(f'"{HOST}:{port}"' for port in ports)
    manifest = (
        MANIFEST + f'[egress]\nallow = [{allowed}]\n[jobs.open]\nschedule = "0 2 * * *"\nrun = "app:open_hosts"\n'
    )
    files = {"app.py": JOB + "\nasync def app(scope, receive, send): ...\n", "authority.pem": authority}
    state = house.release({**files, "targets.json": targets}, manifest=manifest, **fields)
    await house.until_running(state)
    await house.plane._take(RunJobOrder(app=state.app, job="open", run="run_1", asked_by="user:b@example.com"))
    return list((await house.until_job("run_1")).log_lines)


@pytest.mark.req("RT2")
async def test_an_app_reaches_each_port_that_it_declared_verifies_it_itself_and_has_no_datagrams(
    new_house: Callable[..., PlaneHouse], partner: tuple[list[int], str, list[str]]
) -> None:
    house = new_house(allow_networks=("127.0.0.0/8",))
    ports, authority, _ = partner
    targets = [*([HOST, port] for port in ports), [f"udp:{HOST}", ports[0]], ["udp:1.1.1.1", 53]]
    lines = await run_job(house, ports, authority, str(targets).replace("'", '"'))
    assert lines == [
        *(f"{HOST} {port} answered far:hello" for port in ports),
        f"udp:{HOST} {ports[0]} failed at once ConnectionRefusedError",
        "udp:1.1.1.1 53 failed at once OSError",
    ]
    await house.until(lambda: len(house.events("egress.connected")) == 2)
    event = house.events("egress.connected")[0]
    assert event.context["host"] == f"{HOST}:{ports[0]}"
    assert event.deciders == ("declared-egress",)
    assert house.events("egress.refused") == []
    house.plane._egress.roll_up(0)
    (rollup,) = [item for item in house.reports() if isinstance(item, EgressRollup)]
    assert {(item.address, item.protocol, item.connections, item.refused) for item in rollup.hosts} == {
        (f"{HOST}:{port}", "tls", 1, 0) for port in ports
    }
    assert all(item.received > item.sent > 100 for item in rollup.hosts)


@pytest.mark.req("RT2")
async def test_a_declared_host_at_a_private_address_is_refused_and_reported(
    new_house: Callable[..., PlaneHouse], partner: tuple[list[int], str, list[str]]
) -> None:
    house = new_house()
    ports, authority, _ = partner
    lines = await run_job(house, ports[:1], authority, f'[["{HOST}", {ports[0]}]]')
    assert lines[0].startswith(f"{HOST} {ports[0]} failed")
    event = await house.until_event("egress.refused")
    assert event.reason == f"{HOST}:{ports[0]}: the name leads to no address that may be reached"
    assert house.events("egress.connected") == []


@pytest.mark.req("RT2")
async def test_an_undeclared_name_fails_at_once_is_reported_and_never_looked_up(
    new_house: Callable[..., PlaneHouse], partner: tuple[list[int], str, list[str]]
) -> None:
    house = new_house(allow_networks=("127.0.0.0/8",))
    ports, authority, looked_up = partner
    lines = await run_job(house, ports[:1], authority, '[["elsewhere.example", 443]]')
    assert lines == ["elsewhere.example 443 failed at once gaierror"]
    event = await house.until_event("egress.refused")
    assert event.reason == "elsewhere.example is not declared in the manifest"
    assert event.deciders == ("undeclared-egress",)
    assert "elsewhere.example" not in looked_up


@pytest.mark.req("RT2")
async def test_an_apps_sandbox_trusts_the_authority_of_the_plane_where_tls_is_opened(
    new_house: Callable[..., PlaneHouse], partner: tuple[list[int], str, list[str]]
) -> None:
    house = new_house(allow_networks=("127.0.0.0/8",))
    ports, authority, _ = partner
    opener = house.plane._egress._opener
    # The partner's own certificate stands for one that the plane's machine trusts.
    opener.trust.load_verify_locations(cadata=authority)
    rails = Guardrails(egress=EgressRails(opened_tls=(OpenedTls(host=HOST, methods=("GET",)),)))
    targets = f'[["usual:{HOST}", {ports[0]}], ["{HOST}", {ports[0]}]]'
    lines = await run_job(house, ports[:1], authority, targets, guardrails=rails)
    assert lines == [
        f"{HOST} {ports[0]} answered far:GET /v1 HTTP/1.1",
        f"{HOST} {ports[0]} failed at once SSLCertVerificationError",
    ]
    event = await house.until_event("egress.refused")
    assert "does not accept the certificate of the gateway" in event.reason
    assert house.events("egress.connected")[0].context["requests"] == 1


@pytest.mark.req("RT2")
async def test_what_an_app_sends_and_gets_through_opened_tls_is_masked_and_the_log_says_how_much(
    new_house: Callable[..., PlaneHouse], partner: tuple[list[int], str, list[str]]
) -> None:
    house = new_house(allow_networks=("127.0.0.0/8",))
    ports, authority, _ = partner
    house.plane._egress._opener.trust.load_verify_locations(cadata=authority)
    rule = OpenedTls(host=HOST, requests="mask", answers="mask", sensitive=("email",))
    rails = Guardrails(egress=EgressRails(opened_tls=(rule,)))
    lines = await run_job(house, ports[:1], authority, f'[["post:{HOST}", {ports[0]}]]', guardrails=rails)
    assert lines == [f'{HOST} {ports[0]} answered {{"to": "{"*" * 19}"}} from {"*" * 15}']
    event = await house.until_event("egress.connected")
    assert event.context["masked"] == ("answer email: 1", "request email: 1")
    assert "corp.example" not in event.model_dump_json()
