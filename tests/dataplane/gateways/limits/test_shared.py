"""Rates that planes have together, counted at a real Redis; and what holds when it is not there."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from bailiwick.core.messages import IntegrationLimits, Rate
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.gateways.limits import Gate, LimitedError, SharedRates, Who
from bailiwick.dataplane.settings import SharedLimits
from tests.fixtures.redis_server import RedisServer, redis_server

pytestmark = pytest.mark.req("IN9")
EVE = Who.of("team/desk", Identity(Principal("user", "eve@example.com"), frozenset()))
RATE = Rate(calls=6, seconds=600, burst=6)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as made:
        yield made


async def enter(gate: Gate, times: int) -> int:
    done = 0
    for _ in range(times):
        try:
            (await gate.enter(EVE)).leave()
        except LimitedError:
            continue
        done += 1
    return done


def plane(shared: SharedRates) -> Gate:
    limits = IntegrationLimits.model_validate(
        {"everybody": {"rate": RATE}, "person": {"rate": RATE}, "wait_seconds": 0}
    )
    return Gate("crm", limits, lambda *_: None, shared)


async def test_two_planes_have_one_rate_together(server: RedisServer) -> None:
    shares = [SharedRates(server.url, "default") for _ in range(2)]
    first, second = map(plane, shares)
    assert await enter(first, 4) == 4
    assert await enter(second, 4) == 2
    assert await enter(plane(SharedRates(server.url, "other-tenant")), 8) == 6
    keys = " ".join(key.decode() for key in Redis(unix_socket_path=str(server.socket)).scan_iter())
    assert ":person:" in keys
    assert "eve@" not in keys
    for share in shares:
        await share.close()


async def test_many_at_once_never_get_more_than_there_is(server: RedisServer) -> None:
    shares = [SharedRates(server.url, "default") for _ in range(3)]
    key = (("everybody", ""), RATE, 1.0)
    waits = await asyncio.gather(*(share.wait_seconds("crm", [key], 1) for share in shares for _ in range(10)))
    assert waits.count(0) == 6
    assert all(wait <= 600 for wait in waits)
    # Nothing is taken of one rate when another has no more.
    free = (("app", "team/desk"), Rate(calls=6, seconds=600, burst=6), 1.0)
    assert await shares[0].wait_seconds("crm", [free, key], 1) > 0
    assert await shares[0].wait_seconds("crm", [free], 6) == 0
    for share in shares:
        await share.close()


async def test_without_the_server_each_plane_counts_alone_and_says_so(server: RedisServer) -> None:
    share = SharedRates(server.url, "default")
    gate = plane(share)
    assert await enter(gate, 1) == 1
    server.stop()
    began = time.monotonic()
    assert await enter(gate, 10) == 5, "the limit of one plane still holds"
    assert time.monotonic() - began < 20
    assert "each plane counts alone" in share.words
    server.start()
    share._again = 0.0
    assert await share.wait_seconds("crm", [(("app", "a"), RATE, 1.0)], 1) == 0
    assert share.words == "counted with other planes"
    await share.close()


@pytest.mark.parametrize("url", ["redis://cache.example:6379/0", "http://cache.example", "", "rediss", "redis://"])
def test_a_counter_is_reached_over_tls_or_on_this_machine(url: str, tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(url)
    with pytest.raises(ValueError, match="rediss://"):
        _ = SharedLimits(url_file=file).url
    for good in ("rediss://:secret@cache.example/0", "redis://127.0.0.1:6379", "unix:///run/r.sock"):
        file.write_text(f"{good}\n")
        assert SharedLimits(url_file=file).url == good
    assert "secret" not in repr(SharedLimits(url_file=file))
