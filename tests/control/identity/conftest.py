"""An independent OpenID Connect provider, npm's oidc-provider under node: we are not tested against ourselves."""

import contextlib
import queue
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urljoin

import httpx2
import pytest

from tests.fixtures.npm import installed
from tests.fixtures.saml_house import house

__all__ = ["house"]

REDIRECT_URI = "http://127.0.0.1:8400/sign-in/callback"
_START_SECONDS = 30
_MOST_REDIRECTS = 10
_LEAST_NODE = 20


class Provider:
    """The provider on its port. Starting it again gives it new keys."""

    def __init__(self, folder: Path, told: "LogoutsTold") -> None:
        self._told = told
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.issuer = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, after stopping it when it runs."""
        self.stop()
        command = ["node", "server.mjs", str(self._port), REDIRECT_URI, self._told.url]
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

    def click(self, authorization_url: str, who: str, browser: httpx2.Client | None = None) -> dict[str, str]:
        """Sign somebody in as a browser would; return what comes back to the redirect URI."""
        with contextlib.ExitStack() as stack:
            browser = browser or stack.enter_context(httpx2.Client(timeout=10))
            address = str(httpx2.URL(authorization_url).copy_set_param("login_hint", who))
            for _ in range(_MOST_REDIRECTS):
                address = urljoin(address, browser.get(address).headers["location"])
                if address.startswith(REDIRECT_URI):
                    return dict(httpx2.URL(address).params)
        pytest.fail(f"the provider does not send the browser back: {address}")

    def leave(self, browser: httpx2.Client) -> str:
        """Sign a browser out at the provider; return the logout token that it sent over the back channel."""
        self.confirm_leaving(browser, f"{self.issuer}/session/end")
        return self._told.tokens.get(timeout=10)

    def confirm_leaving(self, browser: httpx2.Client, url: str) -> str:
        """Say yes where the provider asks whether to sign out; return where it sends the browser then."""
        secret = re.findall(r'name="xsrf" value="([^"]+)"', browser.get(url).text)[0]
        form = {"xsrf": secret, "logout": "yes"}
        return browser.post(f"{self.issuer}/session/end/confirm", data=form).headers["location"]


class LogoutsTold:
    """Takes the back-channel calls that the provider makes."""

    def __init__(self) -> None:
        self.tokens: queue.Queue[str] = queue.Queue()
        tokens = self.tokens

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                tokens.put(form["logout_token"][0])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    if _node_version() < _LEAST_NODE:
        pytest.skip(f"npm's oidc-provider runs on node {_LEAST_NODE} or later, and this host has an older one")
    told = LogoutsTold()
    running = Provider(installed("oidc-provider", "server.mjs"), told)
    running.start()
    yield running
    running.stop()
    told.close()


def _node_version() -> int:
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return int(done.stdout.removeprefix("v").partition(".")[0])
