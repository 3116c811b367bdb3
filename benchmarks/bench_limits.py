"""Calls through the gate of an integration that planes count together at a Redis, against a bare round trip to it.

A call takes its place and its rate in one question, and gives the place back with others that end meanwhile. Without
redis-server there is nothing to measure.
"""

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable

import uvloop
from redis.asyncio import Redis

from bailiwick.core.messages import IntegrationLimits
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.gateways.limits import Gate, SharedCounter, Who
from tests.fixtures.redis_server import RedisServer, redis_server

_CALLS = int(os.environ.get("BAILIWICK_BENCH_LIMITS_CALLS", "4000"))
_CALLERS = 16
_LIMITS = IntegrationLimits.model_validate(
    {one: {"at_once": 100, "rate": {"calls": 10_000_000, "seconds": 1}} for one in ("everybody", "app", "person")}
)
_EVE = Who.of("team/desk", Identity(Principal("user", "eve@example.com"), frozenset()))


def measure() -> list[tuple[str, float, str]]:
    """Return what a shared call takes over a bare round trip, one by one and of sixteen callers together."""
    if not (shutil.which("valkey-server") or shutil.which("redis-server")):
        return []
    with redis_server() as server:
        return uvloop.run(_measure(server))


async def _measure(server: RedisServer) -> list[tuple[str, float, str]]:
    counter, bare = SharedCounter(server.url, "bench"), Redis.from_url(server.url)
    gate, alone = Gate("crm", _LIMITS, lambda *_: None, counter), Gate("crm", _LIMITS, lambda *_: None)
    rows = []
    for callers in (1, _CALLERS):
        took = await _took(lambda: _call(gate), callers)
        trip = await _took(bare.ping, callers)
        memory = await _took(lambda: _call(alone), callers)
        words = (
            f"{took * 1e6:,.0f} µs a call against {trip * 1e6:,.0f} µs; counted by a plane alone {memory * 1e6:,.0f} µs"
        )
        rows.append((f"limits of all planes / a round trip to Redis, callers: {callers}", took / trip, words))
    await counter.close()
    await bare.aclose()
    return rows


async def _call(gate: Gate) -> None:
    (await gate.enter(_EVE)).leave()


async def _took(call: Callable[[], Awaitable[object]], callers: int) -> float:
    """Return the seconds that a call takes."""

    async def one() -> None:
        for _ in range(_CALLS // callers):
            await call()

    await one()
    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(callers)))
    return (time.perf_counter() - began) / _CALLS
