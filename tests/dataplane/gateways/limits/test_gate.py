"""The gate of an integration: who goes first, who waits, and who is told to come again."""

import asyncio
from typing import Any

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import IntegrationLimits
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.gateways.limits import Gate, LimitedError, Place, Who

pytestmark = pytest.mark.req("IN9")


def person(name: str = "eve", app: str = "team/desk") -> Who:
    return Who.of(app, Identity(Principal("user", f"{name}@example.com"), frozenset()))


def job(app: str = "team/desk") -> Who:
    return Who.of(app, Identity.of_service(Principal("app", app)))


def gate(**limits: Any) -> Gate:
    return Gate("crm", IntegrationLimits.model_validate(limits), lambda *_: None)


async def refused(made: Gate, who: Who) -> LimitedError:
    with pytest.raises(LimitedError) as told:
        await made.enter(who)
    return told.value


async def test_a_person_who_waits_goes_before_jobs_that_came_first() -> None:
    made = gate(everybody={"at_once": 1}, reserve=0)
    held, order = await made.enter(job()), []

    async def call(who: Who, name: str) -> None:
        place = await made.enter(who)
        order.append(name)
        place.leave()

    tasks = []
    for who, name in ((job(), "job"), (job("team/other"), "other"), (person(), "person"), (person("ann"), "ann")):
        tasks.append(asyncio.create_task(call(who, name)))
        await asyncio.sleep(0)
    held.leave()
    await asyncio.gather(*tasks)
    assert order == ["person", "ann", "job", "other"]


async def test_a_part_is_kept_for_people_whatever_jobs_do() -> None:
    made = gate(everybody={"at_once": 10}, wait_seconds=0)
    for _ in range(8):
        await made.enter(job())
    assert (await refused(made, job())).kind == "at-once"
    await made.enter(person())
    await made.enter(person())
    assert (await refused(made, person())).kind == "at-once"


async def test_each_app_and_each_person_has_limits_of_its_own() -> None:
    made = gate(app={"at_once": 3}, person={"at_once": 1}, wait_seconds=0)
    await made.enter(person())
    told = await refused(made, person())
    assert "user:eve@example.com's 1 calls at once" in told.message
    await made.enter(person("ann"))
    await made.enter(person("bob"))
    assert "the app team/desk's 3 calls at once" in (await refused(made, person("cid"))).message
    await made.enter(person("cid", "team/other"))


async def test_who_fits_is_not_held_up_by_whoever_waits_for_a_limit_of_their_own() -> None:
    made = gate(person={"at_once": 1})
    first = await made.enter(person())
    waits = asyncio.create_task(made.enter(person()))
    await asyncio.sleep(0)
    (await made.enter(person("ann"))).leave()
    assert not waits.done()
    first.leave()
    (await waits).leave()


async def test_a_rate_makes_calls_wait_as_long_as_they_may_and_says_when_to_come_again() -> None:
    made = gate(app={"rate": {"calls": 20, "seconds": 1, "burst": 1}}, wait_seconds=1)
    for _ in range(3):
        (await made.enter(person())).leave()
    report = made.report(utc_now)
    assert report is not None
    assert (report.calls, report.waited) == (3, 2)
    slow = gate(app={"rate": "1/min"}, wait_seconds=1)
    (await slow.enter(person())).leave()
    told = await refused(slow, person())
    assert (told.kind, told.status) == ("rate", 429)
    assert 50 < told.retry_seconds <= 60
    (await slow.enter(person(app="team/other"))).leave()


async def test_whoever_goes_away_while_waiting_leaves_nothing_behind() -> None:
    made = gate(everybody={"at_once": 1}, reserve=0)
    held = await made.enter(person())
    gone = asyncio.create_task(made.enter(person("ann")))
    stays = asyncio.create_task(made.enter(person("bob")))
    await asyncio.sleep(0)
    gone.cancel()
    held.leave()
    held.leave()
    place = await stays
    # Cancelled in the very moment in which the place was given.
    late = asyncio.create_task(made.enter(person("cid")))
    await asyncio.sleep(0)
    place.leave()
    late.cancel()
    with pytest.raises(asyncio.CancelledError):
        await late
    (await asyncio.wait_for(made.enter(person("dan")), 2)).leave()


async def test_waiting_has_an_end_and_so_has_the_queue() -> None:
    made = gate(everybody={"at_once": 1}, reserve=0, wait_seconds=0.05)
    held = await made.enter(person())
    assert (await refused(made, person("ann"))).kind == "at-once"
    made.use(IntegrationLimits.model_validate({"everybody": {"at_once": 1}, "reserve": 0, "wait_seconds": 60}))
    line = [asyncio.create_task(made.enter(job("team/greedy"))) for _ in range(100)]
    await asyncio.sleep(0)
    assert (await refused(made, job("team/greedy"))).kind == "queue"
    polite = asyncio.create_task(made.enter(job("team/polite")))
    await asyncio.sleep(0)
    assert not polite.done()
    held.leave()
    for task in line:
        (await task).leave()
    (await polite).leave()


async def test_limits_change_for_those_who_wait_already() -> None:
    made = gate(everybody={"at_once": 1}, reserve=0)
    await made.enter(person())
    waits = asyncio.create_task(made.enter(person("ann")))
    await asyncio.sleep(0)
    made.use(IntegrationLimits.model_validate({"everybody": {"at_once": 2}, "reserve": 0}))
    assert isinstance(await asyncio.wait_for(waits, 2), Place)


async def test_an_agent_counts_as_the_person_it_works_for_but_does_not_go_first() -> None:
    eve = Identity(Principal("user", "eve@example.com"), frozenset())
    agent = Who.of("team/desk", Identity.of_service(Principal("agent", "coder")).for_person(eve))
    assert (agent.person, agent.waited_for) == ("user:eve@example.com", False)
    made = gate(person={"at_once": 1}, wait_seconds=0)
    await made.enter(agent)
    assert (await refused(made, person())).kind == "at-once"


async def test_what_is_told_says_how_near_each_limit_was() -> None:
    made = gate(everybody={"at_once": 4}, app={"at_once": 2}, person={"rate": {"calls": 10, "burst": 10}})
    places = [await made.enter(person()), await made.enter(person())]
    report = made.report(utc_now)
    assert report is not None
    near = {(seen.scope, seen.kind): (seen.share, seen.who) for seen in report.nearest}
    assert near["everybody", "at-once"] == (0.5, "")
    assert near["app", "at-once"] == (1.0, "team/desk")
    assert near["person", "rate"][0] == pytest.approx(0.2, abs=0.01)
    for place in places:
        place.leave()
    assert made.report(utc_now) is None


async def test_what_asks_to_be_left_alone_is_left_alone_but_not_for_ever() -> None:
    made = gate()
    made.hold(10**9)
    told = await refused(made, person())
    assert (told.kind, told.status) == ("held", 429)
    assert told.retry_seconds <= 300
