"""The git door over HTTP with a whole control plane behind it, and folders to push from."""

import asyncio
import contextlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
import uvicorn

from bailiwick.control.app import running
from bailiwick.control.identity import GIT_AUDIENCE, Resources, TokenService
from bailiwick.faces.server import Faces
from tests.fixtures.company import APP, MANIFEST, Company

IDENTITY = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
NOTHING = "0" * 40


@dataclass
class Door:
    company: Company
    url: str

    def token(self, who: str, *, audience: str = GIT_AUDIENCE, lifetime: timedelta = timedelta(minutes=5)) -> str:
        identity = self.company.people[who]
        return self.company.control.identity.issue_token(
            identity, audience=audience, lifetime=lifetime, purpose="test"
        ).secret

    def git(
        self, folder: Path, *arguments: str, token: str = "", stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        helper = '!f() { echo username=x; echo "password=$TOKEN"; }; f'
        command = ["git", *IDENTITY, "-c", "credential.helper=", "-c", f"credential.helper={helper}", *arguments]
        environment = {**os.environ, "TOKEN": token, "GIT_TERMINAL_PROMPT": "0"}
        return subprocess.run(command, cwd=folder, input=stdin, env=environment, capture_output=True, check=False)

    def push(self, folder: Path, *arguments: str, who: str = "builder", app: str = APP) -> tuple[bool, str]:
        refs = arguments or ("HEAD:main",)
        done = self.git(folder, "push", f"{self.url}/git/{app}.git", *refs, token=self.token(who))
        return done.returncode == 0, done.stderr.decode(errors="replace")

    def repository(self, app_path: str = APP) -> Path:
        with self.company.control.store.transaction() as session:
            app = self.company.control.catalog.app(session, app_path)
        return Path(self.company.control.source.repository(app))

    def kept_bytes(self) -> int:
        return sum(file.stat().st_size for file in self.repository().rglob("*") if file.is_file())

    def main(self, app_path: str = APP) -> str:
        command = ["git", "--git-dir", str(self.repository(app_path)), "for-each-ref", "--format=%(objectname)"]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode().strip()


@pytest.fixture
def door(company: Company) -> Iterator[Door]:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    control = company.control
    tokens = TokenService(control.store, control.audit, control.authorizer, Resources(url), control.clock)
    company.control = replace(control, tokens=tokens)
    config = uvicorn.Config(Faces(company.control), log_level="warning", lifespan="off")
    server = uvicorn.Server(config)

    async def serve() -> None:
        async with running(company.control):
            await server.serve([listener])

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Door(company, url)
    server.should_exit = True
    thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "pushed"
    place.mkdir()
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], cwd=place, check=True)
    (place / "bailiwick.toml").write_text(MANIFEST)
    (place / "app.py").write_text("app = 1\n")
    commit(place)
    return place


def commit(folder: Path, message: str = "change") -> str:
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    subprocess.run(
        ["git", *IDENTITY, "commit", "--quiet", "--allow-empty", "--message", message], cwd=folder, check=True
    )
    return (
        subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, check=True)
        .stdout.decode()
        .strip()
    )


def commit_tree(folder: Path, listing: bytes) -> None:
    tree = subprocess.run(
        ["git", "mktree", "-z", "--missing"], cwd=folder, input=listing, capture_output=True, check=True
    )
    made = subprocess.run(
        ["git", *IDENTITY, "commit-tree", tree.stdout.decode().strip(), "-m", "x"],
        cwd=folder,
        capture_output=True,
        check=True,
    )
    subprocess.run(["git", "reset", "--quiet", "--soft", made.stdout.decode().strip()], cwd=folder, check=True)


def git_children() -> list[psutil.Process]:
    """Return the git processes that run below the control plane, which is this process."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [child] if child.status() != "zombie" and "git" in child.name() else []
    return found
