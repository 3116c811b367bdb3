"""From the call that kills an app until both data planes refuse it and have cut what was in flight, against 250 ms.

The whole product runs as `bailiwick demo` starts it: two data planes as processes of their own, over mutual TLS. Each
round leaves a request in flight at both, kills the app with one call of the API, asks both again and again, and brings
the app back. The time of the call itself counts. `BENCH_ROUNDS` says how many rounds.
"""

import os
import time

import httpx2

from benchmarks.demo import GIVE_UP_SECONDS, SLOW, WHO, Browser, beside, bring_out, running_demo, until
from tests.journeys.conftest import APP

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "20"))
_LIMIT_SECONDS = 0.25
_START_SECONDS = 60.0


def measure() -> list[tuple[str, float, str]]:
    """Return the limit over the 99th percentile of what was seen."""
    with running_demo() as demo:
        demo.cli("admin", "role", "assign", "app-user", f"user:{WHO}", "folder:finance")
        bring_out(demo, SLOW)
        pages = [demo.app_url(preview=preview) for preview in (False, True)]
        browser = Browser()
        for page in pages:
            browser.sign_in(page)
        with demo.api("admin") as api:
            took = sorted(_round(api, browser, pages) for _ in range(ROUNDS))
    p99 = took[min(len(took) * 99 // 100, len(took) - 1)]
    detail = f"p99 {p99 * 1000:.0f} ms, median {took[len(took) // 2] * 1000:.0f} ms of {ROUNDS}, limit 250 ms"
    return [("kill until both planes refuse and cut / 250 ms", p99 / _LIMIT_SECONDS, detail)]


def _round(api: httpx2.Client, browser: Browser, pages: list[str]) -> float:
    """Return the seconds from before the call until the last of: refused and cut, at either plane."""
    ends: list[float] = []
    waiting = [beside(ends, lambda page=page: browser.ask(f"{page}/slow")) for page in pages]
    time.sleep(0.5)
    assert all(thread.is_alive() for thread in waiting), "a request did not stay in flight"
    began = time.perf_counter()
    asking = [beside(ends, lambda page=page: _until_stopped(browser, page)) for page in pages]
    api.post(f"/kill/{APP}", json={"reason": "a benchmark"}).raise_for_status()
    for thread in (*waiting, *asking):
        thread.join(GIVE_UP_SECONDS)
        assert not thread.is_alive(), "an app that was killed is still served"
    api.post(f"/revive/{APP}", json={"reason": "a benchmark"}).raise_for_status()
    until(lambda: all(browser.ask(f"{page}/healthz") == httpx2.codes.OK for page in pages), _START_SECONDS)
    return max(ends) - began


def _until_stopped(browser: Browser, page: str) -> None:
    while browser.ask(f"{page}/healthz") != httpx2.codes.SERVICE_UNAVAILABLE:
        time.sleep(0.01)
