"""An independent OpenID Connect provider, npm's oidc-provider under node: we are not tested against ourselves."""

import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest

ASSETS = Path(__file__).parents[2] / "assets" / "oidc-provider"
REDIRECT_URI = "http://127.0.0.1:8400/sign-in/callback"
_START_SECONDS = 30
_MOST_REDIRECTS = 10
_LEAST_NODE = 20


class Provider:
    """The provider on its port. Starting it again gives it new keys."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.issuer = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, after stopping it when it runs."""
        self.stop()
        command = ["node", "server.mjs", str(self._port), REDIRECT_URI]
        self._process = subprocess.Popen(
            command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                httpx2.get(f"{self.issuer}/.well-known/openid-configuration").raise_for_status()
            except httpx2.HTTPError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail("the identity provider of the tests does not start")
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def click(self, authorization_url: str, who: str) -> dict[str, str]:
        """Sign somebody in as a browser would; return what comes back to the redirect URI."""
        with httpx2.Client(timeout=10) as browser:
            address = f"{authorization_url}&login_hint={who}"
            for _ in range(_MOST_REDIRECTS):
                address = urljoin(address, browser.get(address).headers["location"])
                if address.startswith(REDIRECT_URI):
                    return dict(httpx2.URL(address).params)
        pytest.fail(f"the provider does not send the browser back: {address}")


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    if _node_version() < _LEAST_NODE:
        pytest.skip(f"npm's oidc-provider runs on node {_LEAST_NODE} or later, and this host has an older one")
    running = Provider(_installed())
    running.start()
    yield running
    running.stop()


def _node_version() -> int:
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return int(done.stdout.removeprefix("v").partition(".")[0])


def _installed() -> Path:
    """Return a folder with the locked packages, installed at the first time and kept outside of the tree."""
    lock = (ASSETS / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bailiwick-tests"
    folder = cache / f"oidc-provider-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (folder / "node_modules" / "oidc-provider").exists():
        if shutil.which("npm") is None:
            pytest.fail("node and npm are needed: run `make setup-tests`")
        making = Path(f"{folder}.{os.getpid()}")
        shutil.copytree(ASSETS, making, dirs_exist_ok=True)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=making, check=True)
        shutil.rmtree(folder, ignore_errors=True)
        making.rename(folder)
    shutil.copy(ASSETS / "server.mjs", folder)
    return folder
