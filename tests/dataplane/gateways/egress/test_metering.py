import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.guardrails import EgressRails, Guardrails
from bailiwick.core.manifest import EgressHost
from bailiwick.core.messages import AppState, EgressRollup
from bailiwick.core.policy import PoliciesInForce
from bailiwick.dataplane.egress import PlaneEgress
from bailiwick.dataplane.gateways.egress import AddressPolicy, Dialer, Meter, Opened, Refusals
from bailiwick.dataplane.guard import Guard
from tests.dataplane.gateways.egress.test_tls import hello
from tests.fixtures.egress import HOST, door_to, outside

TARGET = EgressHost(host=HOST, port=443)


async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        for _ in range(60):
            writer.write(bytes(100_000))
            await writer.drain()
    writer.close()


@pytest.mark.req("OB6")
async def test_an_app_may_have_so_many_connections_open_and_no_more() -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with outside(wait) as port, door_to(port, rails=EgressRails(open_connections=2)) as door:
        first, second = [await door.connect(hello(HOST)) for _ in range(2)]
        assert await door.said(hello(HOST)) == b""
        outcome = await door.outcome()
        assert outcome.refused == "the app has 2 connections open, which is as many as it may"
        assert outcome.deciders == ("egress-limits",)
        first[1].close()
        await door.outcome(1)
        third = await door.connect(hello(HOST))
        second[1].close()
        assert (await door.outcome(2)).refused == ""
        third[1].close()


@pytest.mark.req("OB6")
async def test_an_app_begins_so_many_connections_a_second() -> None:
    async with outside(flood) as port, door_to(port, rails=EgressRails(connections_per_second=2)) as door:
        for _ in range(5):
            _, writer = await door.connect()
            writer.close()
        refused = [(await door.outcome(number)).refused for number in range(5)]
    assert "the app begins more than 2 connections a second" in refused


@pytest.mark.req("OB6")
async def test_bytes_pass_as_fast_as_they_may() -> None:
    async with outside(flood) as port, door_to(port, rails=EgressRails(megabytes_per_second=3)) as door:
        began = asyncio.get_running_loop().time()
        assert len(await door.said(hello(HOST))) == 6_000_000
        # A second's worth passes at once, the rest in lots, of which the last is not waited for: two pieces at most.
        assert asyncio.get_running_loop().time() - began > 0.3


@pytest.mark.req("OB6")
async def test_what_an_app_may_pass_in_a_day_is_counted_and_ends() -> None:
    async with outside(flood) as port, door_to(port, rails=EgressRails(megabytes_per_day=3)) as door:
        assert len(await door.said(hello(HOST))) < 6_000_000
        assert (await door.outcome()).because == "the app has had what it may pass in a day"
        assert await door.said(hello(HOST)) == b""
        assert (await door.outcome(1)).refused == "the app has had the 3 MB that it may pass in a day"


def test_a_new_day_begins_with_nothing_passed() -> None:
    now = [datetime(2026, 11, 29, 23, 59, tzinfo=UTC)]
    meter = Meter(lambda: EgressRails(megabytes_per_day=1), lambda: now[0])
    meter.paced(2_000_000)
    assert "in a day" in meter.refuses()
    now[0] += timedelta(minutes=2)
    assert meter.refuses() == ""


def test_a_meter_counts_by_host_and_forgets_what_it_told() -> None:
    meter = Meter(EgressRails, utc_now)
    meter.ended(Opened(TARGET, sent=5, received=7, requests=2, people={"user:a@example.com": 2}))
    meter.ended(Opened(TARGET, refused="the host does not answer"))
    meter.refused_name("elsewhere.example", "it is not declared")
    first, second = meter.take()
    assert (first.connections, first.sent, first.received, first.requests, first.refused) == (2, 5, 7, 2, 1)
    assert (first.reason, first.people) == ("the host does not answer", {"user:a@example.com": 2})
    assert (second.address, second.protocol, second.refused) == ("elsewhere.example", "", 1)
    assert meter.take() == ()
    for number in range(1000):
        meter.refused_name(f"{number}.example", "it is not declared")
    assert sum(item.refused for item in meter.take()) == 1000


def refusal(host: str) -> AuditEvent:
    return AuditEvent(
        time=utc_now(), actor="app:a", action="egress.refused", resource="app:a", outcome=Outcome.REFUSED,
        reason=f"{host} is not declared", app="a", context={"host": host, "mode": "production"},
    )  # fmt: skip


@pytest.mark.req("RT2")
def test_the_first_refusal_is_told_at_once_and_the_rest_of_a_minute_as_one() -> None:
    told: list[AuditEvent] = []
    now = [0.0]
    refusals = Refusals(told.append, lambda: now[0])
    for _ in range(500):
        refusals.tell(refusal("a.example"))
    refusals.tell(refusal("b.example"))
    assert [event.context.get("times") for event in told] == [None, None]
    now[0] = 61.0
    refusals.sum_up()
    assert [(event.context["host"], event.context["times"]) for event in told[2:]] == [("a.example", 499)]
    refusals.tell(refusal("a.example"))
    assert len(told) == 4


def test_names_that_are_made_up_are_told_in_few_events() -> None:
    told: list[AuditEvent] = []
    refusals = Refusals(told.append, lambda: 0.0)
    for number in range(10_000):
        refusals.tell(refusal(f"{number}.example"))
    refusals.close()
    assert len(told) == 32
    assert told[-1].context["times"] == 10_000 - 31


def test_a_plane_that_starts_again_does_not_give_the_day_twice(tmp_path: Path) -> None:
    reports: list[EgressRollup] = []

    def made() -> PlaneEgress:
        return PlaneEgress(
            plane="production", state=tmp_path, engine=PoliciesInForce(environment="production"), desired=lambda: None,
            dialer=Dialer(AddressPolicy()), resolve=lambda _: None, emit=lambda _: None, report=reports.append,
            clock=utc_now, guard=Guard.of_nothing(), secrets=list,
        )  # fmt: skip

    rails = Guardrails(egress=EgressRails(megabytes_per_day=1))
    state = AppState.model_construct(
        app="finance/desk", tenant="default", mode="production", branch="", release="r", roles={}, guardrails=rails
    )
    before = made()
    before._meter(state).paced(2_000_000)
    before.refused_name(state, "elsewhere.example")
    before.close()
    assert [item.address for item in reports[0].hosts] == ["elsewhere.example"]
    assert "in a day" in made()._meter(state).refuses()
    (tmp_path / "egress-of-the-day.json").write_text("nonsense")
    assert made()._meter(state).refuses() == ""


@pytest.mark.req("RT2")
def test_the_log_counts_what_was_masked_and_does_not_say_it(tmp_path: Path) -> None:
    told: list[AuditEvent] = []
    egress = PlaneEgress(
        plane="production", state=tmp_path, engine=PoliciesInForce(environment="production"), desired=lambda: None,
        dialer=Dialer(AddressPolicy()), resolve=lambda _: None, emit=told.append, report=lambda _: None,
        clock=utc_now, guard=Guard.of_nothing(), secrets=list,
    )  # fmt: skip
    state = AppState.model_construct(
        app="finance/desk", tenant="default", mode="production", branch="", release="r", roles={}
    )
    egress._ended(state, Opened(TARGET, sent=5, masked={"request card": 2, "answer email": 1}))
    assert told[0].context["masked"] == ("answer email: 1", "request card: 2")
