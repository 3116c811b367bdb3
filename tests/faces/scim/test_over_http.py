"""The SCIM door on a real server: the protocol's independent checker, and what happens before a body has arrived."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest
import uvicorn

from bailiwick.faces.scim.provider import MOST_BODY_BYTES
from bailiwick.faces.server import Faces
from tests.faces.scim.conftest import token_for
from tests.fixtures.company import Company


@pytest.fixture
def door(company: Company) -> Iterator[tuple[str, int]]:
    """Serve the company's control plane on a free port; yield where."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    host, port = listener.getsockname()
    # Addresses in answers begin with the public one.
    settings = company.control.settings.model_copy(update={"public_url": f"http://{host}:{port}"})
    faces = Faces(replace(company.control, settings=settings))
    config = uvicorn.Config(faces, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield host, port
    server.should_exit = True
    thread.join()


@pytest.mark.req("ID3")
@pytest.mark.long
def test_the_independent_checker_finds_nothing_wrong(door: tuple[str, int], company: Company) -> None:
    # Loaded by this test alone: that takes a fifth of what collecting all tests does.
    from scim2_client.engines.httpx2 import SyncSCIMClient
    from scim2_tester import Status, check_server

    # The checker skips nothing of what we have: a check that it skips one day must be looked at.
    good = {Status.SUCCESS, Status.COMPLIANT}
    token = token_for(company, "checker")
    address = f"http://{door[0]}:{door[1]}/scim/v2"
    with httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:
        client = SyncSCIMClient(http)
        client.discover()
        results = check_server(client)
    other = {f"{item.status.name} {item.title}: {item.reason}" for item in results if item.status not in good}
    assert other == set()
    assert len(results) > 100


@pytest.mark.req("ID3")
@pytest.mark.parametrize("token", ["", "bwd_guessed"])
def test_whoever_shows_no_token_is_answered_before_a_body_is_read(door: tuple[str, int], token: str) -> None:
    lines = [
        "POST /scim/v2/Users HTTP/1.1", "Host: x", "Content-Type: application/scim+json",
        f"Content-Length: {MOST_BODY_BYTES}", f"Authorization: Bearer {token}", "", "",
    ]  # fmt: skip
    with socket.create_connection(door, timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode())
        head = connection.recv(65536)
    assert head.startswith(b"HTTP/1.1 401")


@pytest.mark.req("ID3")
def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent(
    door: tuple[str, int], company: Company
) -> None:
    lines = [
        "POST /scim/v2/Users HTTP/1.1", "Host: x", "Content-Type: application/scim+json",
        f"Content-Length: {MOST_BODY_BYTES + 1}", f"Authorization: Bearer {token_for(company, 'entra')}", "", "",
    ]  # fmt: skip
    with socket.create_connection(door, timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode())
        answer = b""
        while b"}" not in answer:
            answer += connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == "413"
