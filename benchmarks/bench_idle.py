"""What sleeping apps cost: the first answer of one that is paused and of one that was ended, and the memory of many.

A data plane with its router and real sandboxes runs in this process. For the memory, small apps run side by side: some
live, the others put to sleep and kept warm, which is the more costly of both ways to sleep. `BENCH_APPS` says how many
of each, as `live:asleep`.
"""

import asyncio
import os
import shutil
import statistics
import time
from datetime import timedelta
from pathlib import Path

import httpx2

from bailiwick.core.branches import instance_name
from bailiwick.core.clock import utc_now
from bailiwick.core.messages import AppState
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.router import Router, serve
from bailiwick.dataplane.sandbox.pausing import family
from tests.fixtures.plane import APP, HELLO, MANIFEST, PlaneHouse, end_house, make_house, make_shared_state

_USER = "user:user@example.com"
_SLEEPS = f'{MANIFEST}\n[limits]\nidle_minutes = 5\nmemory = "64MiB"\n'
_WARM_ROUNDS, _COLD_ROUNDS = 30, 5
_LIMIT_SECONDS = 0.15
_MEMORY_BYTES = 4 * 2**30
_LIVE, _ASLEEP = (int(count) for count in os.environ.get("BENCH_APPS", "20:50").split(":"))


def measure() -> list[tuple[str, float, str]]:
    """Return the limit over what was seen: for waking, and for the memory of many."""
    return asyncio.run(_measure())


async def _measure() -> list[tuple[str, float, str]]:
    shared = make_shared_state()
    house = make_house(shared)
    server = await serve(Router(house.plane._router_parts()), "127.0.0.1", 0)
    house.port = server.sockets[0].getsockname()[1]
    try:
        return [*await _waking(house), await _memory(house)]
    finally:
        server.close()
        await end_house(house)
        shutil.rmtree(shared, ignore_errors=True)


def _app(house: PlaneHouse, branch: str = "") -> AppState:
    host = f"{branch}.desk" if branch else "desk"
    return house.release({"app.py": HELLO}, manifest=_SLEEPS, mode="preview", host=host, branch=branch)


async def _answer(house: PlaneHouse, client: httpx2.AsyncClient, state: AppState) -> float:
    """Return the seconds until an app has answered."""
    identity = Identity(Principal.parse(_USER), frozenset({_USER}))
    app = instance_name(APP, state.branch)
    token = issue_pass(Pass(identity, app, "preview", "s", utc_now() + timedelta(minutes=5)), house.keys.passes)
    headers = {"host": f"{state.host}.apps.localhost", "authorization": f"Bearer {token}"}
    began = time.perf_counter()
    answer = await client.get(f"http://127.0.0.1:{house.port}/", headers=headers)
    assert answer.text == "hello", answer.text
    return time.perf_counter() - began


async def _waking(house: PlaneHouse) -> list[tuple[str, float, str]]:
    state = _app(house)
    await house.until_running(state)
    host = house.plane._host
    warm, cold = list[float](), list[float]()
    async with httpx2.AsyncClient(timeout=60) as client:
        await _answer(house, client, state)
        for _ in range(_WARM_ROUNDS):
            host.put_to_sleep(time.monotonic() + 400)
            warm.append(await _answer(house, client, state))
        for _ in range(_COLD_ROUNDS):
            host.put_to_sleep(time.monotonic() + 400)
            host.put_to_sleep(time.monotonic() + 10_000)
            await asyncio.sleep(0.5)  # until what slept has ended
            cold.append(await _answer(house, client, state))
    return [_row("is paused", warm), _row("was ended", cold)]


def _row(how: str, took: list[float]) -> tuple[str, float, str]:
    slowest, median = max(took) * 1000, statistics.median(took) * 1000
    detail = f"slowest {slowest:,.1f} ms, median {median:,.1f} ms of {len(took)}, limit 150 ms for paused ones"
    return (f"first answer of an app that {how}: limit / slowest", _LIMIT_SECONDS / max(took), detail)


async def _memory(house: PlaneHouse) -> tuple[str, float, str]:
    apps = [_app(house, f"b{number}") for number in range(_LIVE + _ASLEEP)]
    served: list[AppState] = []
    async with httpx2.AsyncClient(timeout=60) as client:
        for state in apps:
            served.append(state)
            await house.serve(*served)
            await house.until(lambda state=state: _is_up(house, state))
        house.plane._host.put_to_sleep(time.monotonic() + 400)
        for state in apps[:_LIVE]:
            await _answer(house, client, state)
    used = {True: 0, False: 0}
    for state in apps:
        item = house.plane._host._served[instance_name(APP, state.branch), "preview"]
        assert item.instance is not None
        used[item.site.condition == "running"] += sum(map(_memory_of, family(item.instance.sandbox.inner_pid)))
    plane = _memory_of(os.getpid())
    together = used[True] + used[False] + plane
    mib = {name: value / 2**20 for name, value in {"live": used[True], "asleep": used[False], "plane": plane}.items()}
    detail = (
        f"{_LIVE} live {mib['live']:,.0f} MiB, {_ASLEEP} asleep and warm {mib['asleep']:,.0f} MiB, "
        f"the plane {mib['plane']:,.0f} MiB; asleep and ended they use none"
    )
    return ("memory of small apps, live and asleep: 4 GiB / used", _MEMORY_BYTES / together, detail)


def _is_up(house: PlaneHouse, state: AppState) -> bool:
    site = house.plane._sites.find(f"{state.host}.apps.localhost")
    return site is not None and site.condition in {"running", "asleep"}


def _memory_of(pid: int) -> int:
    """Return the memory that a process has, its part of what it shares counted (PSS), in bytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
