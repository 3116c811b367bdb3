"""From the answer to a SCIM call until both data planes refuse somebody, against a second.

The whole product runs as `bailiwick demo` starts it: two data planes as processes of their own, over mutual TLS. Each
round signs somebody in at both, leaves a request in flight at each, switches the person off, and asks again and again.
`BENCH_ROUNDS` says how many rounds.
"""

import json
import os
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

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "100"))
WHO = "builder@example.com"
_LIMIT_SECONDS = 1.0
_GIVE_UP_SECONDS = 30.0
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_SLOW = """

@app.get("/slow")
async def slow() -> dict[str, bool]:
    import asyncio

    await asyncio.sleep(300)
    return {"done": True}
"""
_SCHEMAS = "urn:ietf:params:scim:schemas:core:2.0:"
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def measure() -> list[tuple[str, float, str]]:
    """Return the limit over the 99th percentile of what was seen."""
    with _demo() as demo:
        _bring_out(demo)
        with _scim(demo) as scim:
            person = _describe(scim)
            took = sorted(_round(demo, scim, person) for _ in range(ROUNDS))
    p99 = took[min(len(took) * 99 // 100, len(took) - 1)]
    detail = f"p99 {p99 * 1000:.0f} ms, median {took[len(took) // 2] * 1000:.0f} ms of {ROUNDS}, limit 1,000 ms"
    return [("SCIM call until both planes refuse and cut: limit / p99", _LIMIT_SECONDS / p99, detail)]


@contextmanager
def _demo() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        Path(home).chmod(0o755)
        demo = start_demo(Path(home) / "state", free_port_range())
        try:
            yield demo
        finally:
            stop_demo(demo)


def _bring_out(demo: Demo) -> None:
    """Push the sample app with a slow page, and bring it to production."""
    folder = demo.state.parent / "app"
    write_second(folder)
    with (folder / "refund_desk" / "app.py").open("a") as code:
        code.write(_SLOW)
    author = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", *author, "commit", "--quiet", "--all", "--message", "slow"], cwd=folder, check=True)
    demo.cli("builder", "app", "create", APP)
    demo.cli("builder", "push", APP, cwd=folder)
    made = json.loads(demo.cli("builder", "deploy", APP, "--json").stdout)
    demo.cli("admin", "approve", made["id"], "--reason", "a benchmark")
    _until(lambda: _running(demo) == {"preview", "production"}, 120)


def _running(demo: Demo) -> set[str]:
    shown = json.loads(demo.cli("admin", "app", "show", APP, "--json").stdout)
    return {item["mode"] for item in shown["statuses"] if item["status"] == "running"}


def _scim(demo: Demo) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {demo.ready['scim_token']}"}
    return httpx2.Client(base_url=demo.ready["scim_url"], headers=headers, timeout=30)


def _describe(scim: httpx2.Client) -> str:
    """Describe one person who may use preview and production; return their address at the SCIM door."""
    user = {"schemas": [f"{_SCHEMAS}User"], "userName": WHO, "active": True, "emails": [{"value": WHO}]}
    made = scim.post("/Users", json=user).raise_for_status().json()
    for name in ("finance-builders", "support"):
        group = {"schemas": [f"{_SCHEMAS}Group"], "displayName": name, "members": [{"value": made["id"]}]}
        scim.post("/Groups", json=group).raise_for_status()
    return f"/Users/{made['id']}"


def _round(demo: Demo, scim: httpx2.Client, person: str) -> float:
    """Return the seconds from the call's answer until the last of: refused and cut, at either plane."""
    _switch(scim, person, on=True)
    browser = _Browser()
    pages = [demo.app_url(preview=preview) for preview in (False, True)]
    for page in pages:
        browser.sign_in(page)
    ends: list[float] = []
    waiting = [_beside(ends, lambda page=page: browser.ask(f"{page}/slow")) for page in pages]
    time.sleep(0.3)
    assert all(thread.is_alive() for thread in waiting), "a request did not stay in flight"
    _switch(scim, person, on=False)
    began = time.perf_counter()
    asking = [_beside(ends, lambda page=page: _until_refused(browser, page)) for page in pages]
    for thread in (*waiting, *asking):
        thread.join(_GIVE_UP_SECONDS)
        assert not thread.is_alive(), "somebody who was switched off is still served"
    return max(max(ends) - began, 0.001)


def _switch(scim: httpx2.Client, person: str, *, on: bool) -> None:
    operation = {"op": "replace", "path": "active", "value": on}
    scim.patch(person, json={"schemas": [_PATCH], "Operations": [operation]}).raise_for_status()


def _beside(ends: list[float], work: Callable[[], Any]) -> threading.Thread:
    """Do work in a thread; when it ends, its time joins `ends`."""

    def run() -> None:
        work()
        ends.append(time.perf_counter())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def _until_refused(browser: "_Browser", page: str) -> None:
    while browser.ask(f"{page}/healthz") == httpx2.codes.OK:
        time.sleep(0.005)


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


class _Browser:
    """Somebody's browser: it keeps cookies and signs in at the demo's identity provider by a click."""

    def __init__(self) -> None:
        # The front leads a connection to one plane for good: names of two planes must not share one.
        here = _Here(limits=httpx2.Limits(max_keepalive_connections=0))
        self._http = httpx2.Client(transport=here, timeout=60, follow_redirects=True)

    def sign_in(self, page: str) -> None:
        answer = self._http.get(page, headers={"Accept": "text/html"})
        if "/sign-in?" in str(answer.url):
            answer = self._http.get(str(answer.url).replace("/sign-in?", "/sign-in/start?"))
        if 'name="login"' in answer.text:
            fields = {name: unescape(value) for name, value in _HIDDEN.findall(answer.text)}
            address = f"{str(answer.url).partition('/authorize')[0]}/login"
            answer = self._http.post(address, data={**fields, "login": WHO})
        assert answer.status_code == httpx2.codes.OK, f"{answer.url} {answer.status_code} {answer.text[:300]}"
        assert str(answer.url).startswith(page), answer.url

    def ask(self, address: str) -> int:
        try:
            return self._http.get(address, follow_redirects=False).status_code
        except httpx2.HTTPError:
            return 0


def _until(look: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "it does not come up"
        time.sleep(0.5)
