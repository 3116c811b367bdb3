"""From the answer to a SCIM call until both data planes refuse somebody, against a second.

The whole product runs as `bailiwick demo` starts it: two data planes as processes of their own, over mutual TLS. Each
round signs somebody in at both, leaves a request in flight at each, switches the person off, and asks again and again.
`BENCH_ROUNDS` says how many rounds.
"""

import os
import time

import httpx2

from benchmarks.demo import GIVE_UP_SECONDS, SLOW, WHO, Browser, beside, bring_out, running_demo
from tests.journeys.conftest import Demo

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "100"))
_LIMIT_SECONDS = 1.0
_SCHEMAS = "urn:ietf:params:scim:schemas:core:2.0:"
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def measure() -> list[tuple[str, float, str]]:
    """Return the limit over the 99th percentile of what was seen."""
    with running_demo() as demo:
        bring_out(demo, SLOW)
        with _scim(demo) as scim:
            person = _describe(scim)
            took = sorted(_round(demo, scim, person) for _ in range(ROUNDS))
    p99 = took[min(len(took) * 99 // 100, len(took) - 1)]
    detail = f"p99 {p99 * 1000:.0f} ms, median {took[len(took) // 2] * 1000:.0f} ms of {ROUNDS}, limit 1,000 ms"
    return [("SCIM call until both planes refuse and cut: limit / p99", _LIMIT_SECONDS / p99, detail)]


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
    browser = Browser()
    pages = [demo.app_url(preview=preview) for preview in (False, True)]
    for page in pages:
        browser.sign_in(page)
    ends: list[float] = []
    waiting = [beside(ends, lambda page=page: browser.ask(f"{page}/slow")) for page in pages]
    time.sleep(0.3)
    assert all(thread.is_alive() for thread in waiting), "a request did not stay in flight"
    _switch(scim, person, on=False)
    began = time.perf_counter()
    asking = [beside(ends, lambda page=page: _until_refused(browser, page)) for page in pages]
    for thread in (*waiting, *asking):
        thread.join(GIVE_UP_SECONDS)
        assert not thread.is_alive(), "somebody who was switched off is still served"
    return max(max(ends) - began, 0.001)


def _switch(scim: httpx2.Client, person: str, *, on: bool) -> None:
    operation = {"op": "replace", "path": "active", "value": on}
    scim.patch(person, json={"schemas": [_PATCH], "Operations": [operation]}).raise_for_status()


def _until_refused(browser: Browser, page: str) -> None:
    while browser.ask(f"{page}/healthz") == httpx2.codes.OK:
        time.sleep(0.005)
