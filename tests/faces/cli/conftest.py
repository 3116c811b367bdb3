"""The command line before a real server with a whole control plane behind it."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import httpx2
import pytest
import uvicorn
from click.testing import Result
from typer.testing import CliRunner

from bailiwick.control.identity import API_AUDIENCE
from bailiwick.control.review import Surroundings
from bailiwick.faces.cli import review
from bailiwick.faces.cli.main import root
from bailiwick.faces.server import Faces
from tests.fixtures.company import Company
from tests.fixtures.review_pool import SharedPool


@dataclass
class CommandLine:
    """`bailiwick` as somebody of the company."""

    company: Company
    url: str
    tokens: dict[str, str] = field(default_factory=dict)

    def run(self, who: str, *arguments: object, stdin: str = "") -> Result:
        if who not in self.tokens:
            issued = self.company.control.identity.issue_token(
                self.company.people[who], audience=API_AUDIENCE, lifetime=timedelta(minutes=5), purpose="test"
            )
            self.tokens[who] = issued.secret
        environment = {"BAILIWICK_URL": self.url, "BAILIWICK_TOKEN": self.tokens[who]}
        return CliRunner().invoke(root, [str(word) for word in arguments], input=stdin, env=environment)


@pytest.fixture(autouse=True)
def shared_workers(monkeypatch: pytest.MonkeyPatch, shared_review_pool: SharedPool) -> None:
    """Have reviews in this process ask the workers of all tests; those of the installed program have their own."""

    def pool(around: Surroundings) -> SharedPool:
        shared_review_pool.start(around)
        return shared_review_pool

    monkeypatch.setattr(review, "_pool", pool)


@pytest.fixture
def command_line(company: Company) -> Iterator[CommandLine]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(
        Faces(company.control),
        host="127.0.0.1",
        port=port,
        log_level="critical",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 20
    while True:
        try:
            httpx2.get(f"{url}/healthz")
            break
        except httpx2.HTTPError:
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.02)
    yield CommandLine(company, url)
    server.should_exit = True
    thread.join()
