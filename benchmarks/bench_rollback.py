"""From the click on a rollback to the first answer of the release before, against three seconds.

The whole product runs as `bailiwick demo` starts it. Warm rollbacks go to the release whose place was just taken, cold
ones to one before it, which its plane must start. `BENCH_ROUNDS` says how many of the warm ones.
"""

import os
import time

import httpx2

from benchmarks.demo import Browser, bring_out, running_demo
from tests.journeys.conftest import APP, Demo

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "20"))
_COLD_ROUNDS = 5
_LIMIT_SECONDS = 3.0
_GIVE_UP_SECONDS = 60.0
_FIRST = """

VERSION = {"version": 0}


@app.get("/version")
async def version() -> dict[str, int]:
    return VERSION
"""


def measure() -> list[tuple[str, float, str]]:
    """Return the limit over the slowest that was seen, for releases that are warm, and for those that are not."""
    with running_demo() as demo:
        releases = [bring_out(demo, _FIRST)]
        releases += [bring_out(demo, f'\nVERSION["version"] = {number}\n') for number in (1, 2)]
        browser = Browser("user@example.com")
        browser.sign_in(demo.app_url())
        with demo.api("builder") as api:
            # The third serves, the second is warm; each goes to the other and back.
            warm = [_round(demo, api, browser, releases, 1 if number % 2 == 0 else 2) for number in range(ROUNDS)]
            cold = [_round(demo, api, browser, releases, number % 3) for number in range(_COLD_ROUNDS)]
    return [_row("warm", warm), _row("cold", cold)]


def _row(name: str, took: list[float]) -> tuple[str, float, str]:
    took = sorted(took)
    slowest, median = took[-1] * 1000, took[len(took) // 2] * 1000
    detail = f"slowest {slowest:,.0f} ms, median {median:,.0f} ms of {len(took)}, limit 3,000 ms"
    return (f"click on a rollback until the {name} release answers: limit / slowest", _LIMIT_SECONDS / took[-1], detail)


def _round(demo: Demo, api: httpx2.Client, browser: Browser, releases: list[str], number: int) -> float:
    """Return the seconds from the call until the release answers."""
    wanted, page = f'{{"version":{number}}}', f"{demo.app_url()}/version"
    began = time.perf_counter()
    api.post(f"/rollback/{releases[number]}/{APP}").raise_for_status()
    while browser.read(page).replace(" ", "") != wanted:
        assert time.perf_counter() - began < _GIVE_UP_SECONDS, "the release before does not answer"
        time.sleep(0.005)
    took = time.perf_counter() - began
    time.sleep(1.0)  # the requests of the one whose place it took are over by then
    return took
