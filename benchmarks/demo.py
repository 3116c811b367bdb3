"""The running product as benchmarks of it need it: a demo with the sample app in production, and somebody's browser."""

import json
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import httpx2

from bailiwick.demo.sample import write_second
from tests.journeys.conftest import APP, Demo, free_port_range, start_demo, stop_demo

WHO = "builder@example.com"
GIVE_UP_SECONDS = 30.0
# A request of the sample app that stays in flight.
SLOW = """

@app.get("/slow")
async def slow() -> dict[str, bool]:
    import asyncio

    await asyncio.sleep(300)
    return {"done": True}
"""
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@contextmanager
def running_demo() -> Iterator[Demo]:
    """Yield a demo, stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        Path(home).chmod(0o755)
        demo = start_demo(Path(home) / "state", free_port_range())
        try:
            yield demo
        finally:
            stop_demo(demo)


def bring_out(demo: Demo, more: str) -> str:
    """Push the sample app, the first time whole, with more code, and bring it to production; return the release."""
    folder = demo.state.parent / "app"
    if not folder.exists():
        write_second(folder)
        demo.cli("builder", "app", "create", APP)
    with (folder / "refund_desk" / "app.py").open("a") as code:
        code.write(more)
    author = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", *author, "commit", "--quiet", "--all", "--message", "more"], cwd=folder, check=True)
    demo.cli("builder", "push", APP, cwd=folder)
    made = json.loads(demo.cli("builder", "deploy", APP, "--json").stdout)
    approved = json.loads(demo.cli("admin", "approve", made["id"], "--reason", "a benchmark", "--json").stdout)
    release: str = approved["release"]
    until(lambda: _running(demo).get("production") == release and "preview" in _running(demo), 120)
    return release


def _running(demo: Demo) -> dict[str, str]:
    shown = json.loads(demo.cli("admin", "app", "show", APP, "--json").stdout)
    return {item["mode"]: item["release"] for item in shown["statuses"] if item["status"] == "running"}


class _Here(httpx2.HTTPTransport):
    """Finds names below localhost on this host, as browsers do (RFC 6761, section 6.3)."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        asked = request.url
        if asked.host.endswith(".localhost"):
            request.url = asked.copy_with(host="127.0.0.1")
        try:
            return super().handle_request(request)
        finally:
            request.url = asked


class Browser:
    """Somebody's browser: it keeps cookies and signs in at the demo's identity provider by a click."""

    def __init__(self, who: str = WHO) -> None:
        self._who = who
        # The front leads a connection to one plane for good: names of two planes must not share one.
        here = _Here(limits=httpx2.Limits(max_keepalive_connections=0))
        self._http = httpx2.Client(transport=here, timeout=60, follow_redirects=True)

    def sign_in(self, page: str) -> None:
        """Open a page and sign in where that is asked."""
        answer = self._http.get(page, headers={"Accept": "text/html"})
        if "/sign-in?" in str(answer.url):
            answer = self._http.get(str(answer.url).replace("/sign-in?", "/sign-in/start?"))
        if 'name="login"' in answer.text:
            fields = {name: unescape(value) for name, value in _HIDDEN.findall(answer.text)}
            address = f"{str(answer.url).partition('/authorize')[0]}/login"
            answer = self._http.post(address, data={**fields, "login": self._who})
        assert answer.status_code == httpx2.codes.OK, f"{answer.url} {answer.status_code} {answer.text[:300]}"
        assert str(answer.url).startswith(page), answer.url

    def ask(self, address: str) -> int:
        """Return the status of an answer, 0 when there was none."""
        try:
            return self._http.get(address, follow_redirects=False).status_code
        except httpx2.HTTPError:
            return 0

    def read(self, address: str) -> str:
        """Return the text of an answer, empty when there was none or it is no success."""
        try:
            answer = self._http.get(address, follow_redirects=False)
        except httpx2.HTTPError:
            return ""
        return answer.text if answer.status_code == httpx2.codes.OK else ""


def until(look: Callable[[], bool], seconds: float) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "it does not come up"
        time.sleep(0.5)


def beside(ends: list[float], work: Callable[[], Any]) -> threading.Thread:
    """Do work in a thread; when it ends, its time joins `ends`."""

    def run() -> None:
        work()
        ends.append(time.perf_counter())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
