"""Limits that planes have together, counted at a real Redis; and what holds when it is not there."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import IntegrationLimits, Rate
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.gateways.limits import Gate, LimitedError, Place, SharedCounter, Who, leases, shared
from bailiwick.dataplane.settings import SharedLimits
from tests.fixtures.redis_server import RedisServer, redis_server

pytestmark = pytest.mark.req("IN9")
EVE = Who.of("team/desk", Identity(Principal("user", "eve@example.com"), frozenset()))
ANN = Who.of("team/desk", Identity(Principal("user", "ann@example.com"), frozenset()))
JOB = Who.of("team/desk", Identity.of_service(Principal("app", "team/desk")))
OTHER = Who.of("team/other", Identity.of_service(Principal("app", "team/other")))
RATE = Rate(calls=6, seconds=600, burst=6)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as made:
        yield made


class Planes:
    """Planes that count together at a server of their own."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.counters: list[SharedCounter] = []
        self.gates: list[Gate] = []

    def add(self, tenant: str = "default", **limits: Any) -> Gate:
        counter = SharedCounter(self.server.url, tenant)
        gate = Gate("crm", IntegrationLimits.model_validate(limits), lambda *_: None, counter)
        self.counters.append(counter)
        self.gates.append(gate)
        return gate

    def taken(self) -> int:
        return self.count("taken")

    def count(self, what: str) -> int:
        client = Redis(unix_socket_path=str(self.server.socket))
        return int(client.zcard(f"bailiwick:default:crm:everybody:{what}:-"))  # type: ignore[arg-type]


@pytest.fixture
async def planes(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Planes]:
    # A busy machine answers late, and a plane would count alone.
    monkeypatch.setattr(shared, "_ANSWER_SECONDS", 20.0)
    if server.process.poll() is not None:
        server.start()
    Redis(unix_socket_path=str(server.socket)).flushall()
    made = Planes(server)
    yield made
    for counter in made.counters:
        await counter.close()


async def let_in(gate: Gate, times: int, who: Who = EVE) -> int:
    """Make calls one after the other; return how many were let through."""
    done = 0
    for _ in range(times):
        for place in await hold(gate, 1, who):
            place.leave()
            done += 1
    return done


async def attempt(gate: Gate, who: Who) -> Place | None:
    try:
        return await gate.enter(who)
    except LimitedError:
        return None


async def hold(gate: Gate, times: int, who: Who = EVE) -> list[Place]:
    return [one for one in [await attempt(gate, who) for _ in range(times)] if one is not None]


async def eventually(what: Any) -> None:
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.02)


async def test_two_planes_have_one_rate_together(planes: Planes) -> None:
    rates = {"everybody": {"rate": RATE}, "person": {"rate": RATE}, "wait_seconds": 0}
    first, second = planes.add(**rates), planes.add(**rates)
    assert await let_in(first, 4) == 4
    assert await let_in(second, 4) == 2
    assert await let_in(planes.add("other-tenant", **rates), 8) == 6
    keys = " ".join(key.decode() for key in Redis(unix_socket_path=str(planes.server.socket)).scan_iter())
    assert ":person:" in keys
    assert "eve@" not in keys
    with pytest.raises(LimitedError, match=r"rate of 6/600 s is used up, at all planes together") as told:
        await second.enter(EVE)
    assert told.value.kind == "rate"


async def test_many_at_once_never_get_more_than_there_is(planes: Planes) -> None:
    limits = {"everybody": {"at_once": 6}, "reserve": 0, "wait_seconds": 0}
    gates = [planes.add(**limits) for _ in range(3)]
    found = await asyncio.gather(*(attempt(gate, EVE) for gate in gates for _ in range(90)))
    assert {counter.words for counter in planes.counters} == {"counted with other planes"}
    places = [one for one in found if one is not None]
    assert len(places) == planes.taken() == 6
    with pytest.raises(LimitedError, match="everybody's 6 calls at once are under way, at all planes") as told:
        await gates[0].enter(JOB)
    assert (told.value.kind, told.value.of_person) == ("at-once", False)
    for place in places:
        place.leave()
        place.leave()
    await eventually(lambda: planes.taken() == 0)
    assert len(await hold(gates[1], 8)) == 6


async def test_nothing_is_taken_of_one_scope_when_another_has_no_more(planes: Planes) -> None:
    limits = {"everybody": {"at_once": 9, "rate": RATE}, "person": {"at_once": 1}, "reserve": 0, "wait_seconds": 0}
    first, second = planes.add(**limits), planes.add(**limits)
    assert len(await hold(first, 1)) == 1
    with pytest.raises(LimitedError) as told:
        await second.enter(EVE)
    assert told.value.of_person
    assert await let_in(second, 3) == 0
    assert len(await hold(second, 1, ANN)) == 1
    assert await let_in(second, 9, JOB) == 4, "of six, what was refused took nothing"


async def test_a_part_is_kept_for_people_at_all_planes_together(planes: Planes) -> None:
    limits = {"everybody": {"at_once": 10}, "wait_seconds": 0}
    first, second = planes.add(**limits), planes.add(**limits)
    jobs = await hold(first, 5, JOB) + await hold(second, 5, OTHER)
    assert len(jobs) == 8
    assert len(await hold(second, 5, EVE)) == 2


async def test_people_go_first_whichever_plane_they_ask_and_nobody_is_passed(planes: Planes) -> None:
    limits = {"everybody": {"at_once": 1}, "app": {"at_once": 1}, "reserve": 0, "wait_seconds": 30}
    first, second = planes.add(**limits), planes.add(**limits)
    held, order = await first.enter(JOB), list[str]()

    async def call(gate: Gate, who: Who, name: str) -> None:
        place = await gate.enter(who)
        order.append(name)
        await asyncio.sleep(0)
        place.leave()

    tasks: list[asyncio.Task[None]] = []
    for gate, who, name in (
        (first, JOB, "job"), (second, OTHER, "other"), (second, EVE, "eve"), (first, ANN, "ann"),
        (first, OTHER, "last"),
    ):  # fmt: skip
        tasks.append(asyncio.create_task(call(gate, who, name)))
        await eventually(lambda: sum(g._together.standing.total() for g in planes.gates) == len(tasks))
        await eventually(lambda: planes.count("queue") == len(tasks))
    held.leave()
    await asyncio.gather(*tasks)
    assert order == ["eve", "ann", "job", "other", "last"]
    assert first.report(utc_now).waited + second.report(utc_now).waited == 5  # type: ignore[union-attr]


async def test_who_waits_for_an_app_keeps_no_other_app_out_and_who_goes_away_nobody(planes: Planes) -> None:
    limits = {"everybody": {"at_once": 5}, "app": {"at_once": 1}, "reserve": 0, "wait_seconds": 30}
    first, second = planes.add(**limits), planes.add(**limits)
    held = await first.enter(JOB)
    waiting = asyncio.create_task(second.enter(JOB))
    await eventually(lambda: second._together.standing.total() == 1)
    (await second.enter(OTHER)).leave()
    waiting.cancel()
    held.leave()
    (await second.enter(JOB)).leave()
    assert waiting.cancelled() or await asyncio.gather(waiting, return_exceptions=True)
    await eventually(lambda: planes.taken() == 0)


# A plane of its own: it takes two places, waits for a third, and is killed then.
OTHER_PLANE = """
import asyncio, sys
from bailiwick.core.messages import IntegrationLimits
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.gateways.limits import Gate, SharedCounter, Who, leases, shared
shared._ANSWER_SECONDS, shared.LEASE_SECONDS, leases.LEASE_SECONDS, leases._RENEW_SECONDS = 20.0, 1.5, 1.5, 0.1

async def main():
    limits = IntegrationLimits.model_validate({"everybody": {"at_once": 4}, "reserve": 0, "wait_seconds": 60})
    gate = Gate("crm", limits, lambda *_: None, SharedCounter(sys.argv[1], "default"))
    who = Who.of("team/desk", Identity.of_service(Principal("app", "team/desk")))
    held = [await gate.enter(who) for _ in range(2)]
    print("holds", len(held), flush=True)
    await gate.enter(who)

asyncio.run(main())
"""


async def test_a_plane_that_is_killed_gives_its_places_back_and_one_that_works_keeps_them(
    planes: Planes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "LEASE_SECONDS", 1.5)
    monkeypatch.setattr(leases, "LEASE_SECONDS", 1.5)
    monkeypatch.setattr(leases, "_RENEW_SECONDS", 0.1)
    alive = planes.add(everybody={"at_once": 4}, reserve=0, wait_seconds=60)
    kept = await hold(alive, 2)
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER_PLANE, planes.server.url, stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None
    assert await asyncio.wait_for(other.stdout.readline(), 60) == b"holds 2\n"
    await eventually(lambda: planes.count("queue") == 1)
    # For longer than a lease it keeps what it holds, and goes before who came later.
    waiting = asyncio.gather(alive.enter(JOB), alive.enter(OTHER))
    await asyncio.sleep(2)
    assert not waiting.done()
    other.kill()
    await other.wait()
    places = await waiting
    assert planes.taken() == 4, "what the plane that works holds was told of again and again"
    for place in (*kept, *places):
        place.leave()
    await eventually(lambda: planes.taken() == 0)


async def test_limits_that_change_hold_at_once_for_those_that_wait_too(planes: Planes) -> None:
    limits: dict[str, Any] = {"everybody": {"at_once": 2}, "reserve": 0, "wait_seconds": 30}
    first, second = planes.add(**limits), planes.add(**limits)
    held = await hold(first, 2)
    waiting = asyncio.create_task(second.enter(JOB))
    await eventually(lambda: second._together.standing.total() == 1)
    second.use(IntegrationLimits.model_validate({**limits, "everybody": {"at_once": 3, "rate": RATE}}))
    held.append(await waiting)
    less = IntegrationLimits.model_validate({**limits, "everybody": {"at_once": 1}, "wait_seconds": 0})
    first.use(less)
    second.use(less)
    for place in held[:2]:
        place.leave()
    await eventually(lambda: planes.taken() == 1)
    assert await attempt(first, EVE) is None
    held[2].leave()
    await eventually(lambda: planes.taken() == 0)
    assert await let_in(first, 1) == 1


async def test_without_the_server_each_plane_counts_alone_and_tells_it_when_it_is_back(
    planes: Planes, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"everybody": {"at_once": 5}, "person": {"rate": RATE}, "reserve": 0, "wait_seconds": 0}
    first, second = planes.add(**limits), planes.add(**limits)
    held = await hold(first, 2, JOB)
    planes.server.stop()
    held += await hold(first, 10, JOB)
    assert len(held) == 5, "the places of one plane are still no more"
    assert "each plane counts alone" in planes.counters[0].words
    others = await hold(second, 3, JOB)
    assert await let_in(second, 10, EVE) == 6, "nor is its rate"
    held.pop().leave()
    planes.server.start()
    assert "each plane counts alone" in planes.counters[0].words
    monkeypatch.setattr(leases, "_RENEW_SECONDS", 0.05)
    monkeypatch.setattr(shared, "_LEFT_ALONE_SECONDS", 0.05)
    for counter in planes.counters:
        counter._again = min(counter._again, time.monotonic())
    await let_in(first, 1, JOB)
    await let_in(second, 1, JOB)
    await eventually(lambda: planes.taken() == 7)
    assert planes.counters[0].words == "counted with other planes"
    for place in (*held[:3], *others):
        place.leave()
    await eventually(lambda: planes.taken() == 1)
    assert len(await hold(second, 9, JOB)) == 4


async def test_a_server_that_started_anew_hears_what_is_under_way(
    planes: Planes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_RENEW_SECONDS", 0.05)
    limits = {"everybody": {"at_once": 3}, "reserve": 0, "wait_seconds": 0}
    first, second = planes.add(**limits), planes.add(**limits)
    assert len(await hold(first, 2) + await hold(second, 1)) == 3
    planes.server.stop()
    planes.server.start()
    for counter in planes.counters:
        counter._again = min(counter._again, time.monotonic())
    await eventually(lambda: planes.taken() == 3)
    assert await attempt(first, EVE) is None


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
