"""How far policies have spread to planes: what is acknowledged is in force there, or said not to be."""

import asyncio
import base64
import json
import threading
import time

import pytest

from bailiwick.control.planes import PolicySpread
from bailiwick.control.wiring import build_control
from bailiwick.core.clock import utc_now
from bailiwick.core.messages import PoliciesReport, ReportBatch, Sequenced
from tests.fixtures.company import Company
from tests.fixtures.policies import in_force


def say(company: Company, plane: str, number: int, generation: int, fault: str = "") -> None:
    report = PoliciesReport(generation=generation, fault=fault, time=utc_now())
    batch = ReportBatch(spool="s", reports=(Sequenced(sequence=number, report=report),))
    company.control.planes.take_reports(plane, batch)


def spread_of(company: Company, *connected: str) -> PolicySpread:
    control = company.control
    return PolicySpread(
        control.store, control.planes, control.spread.policies, ("editor", "production"), lambda: connected
    )


@pytest.mark.req("ID1", "ID3")
def test_an_answer_waits_for_the_planes_that_listen_and_names_those_that_do_not(company: Company) -> None:
    began = time.monotonic()
    later = threading.Timer(0.3, say, (company, "editor", 1, 0))
    later.start()
    found = spread_of(company, "editor").look(10)
    later.join()
    assert 0.2 < time.monotonic() - began < 9
    assert found["editor"] == "in force"
    assert found["production"].startswith("not yet")


@pytest.mark.req("ID1")
def test_a_plane_that_cannot_read_them_or_is_behind_is_told(company: Company) -> None:
    say(company, "editor", 1, 0, "unexpected token")
    say(company, "production", 1, 12)
    found = spread_of(company).look()
    assert "unexpected token" in found["editor"]
    assert found["production"].startswith("not yet")


@pytest.mark.req("ID1")
async def test_planes_that_listen_to_another_process_hear_of_it_too(company: Company) -> None:
    other = build_control(company.control.settings)
    try:
        other.hub.attach(asyncio.get_running_loop())
        frames = other.hub.frames("editor")
        first = json.loads(await anext(frames))
        await asyncio.to_thread(in_force, company)
        await asyncio.to_thread(other.spread.follow)
        second = json.loads(await asyncio.wait_for(anext(frames), 4))
        await frames.aclose()
    finally:
        other.store.dispose()
    states = [json.loads(base64.b64decode(frame["payload"])) for frame in (first, second)]
    assert [state["policies_generation"] > 0 for state in states] == [False, True]


def test_desired_state_carries_what_is_in_force(company: Company) -> None:
    assert company.control.planes.desired_state("editor").policies_generation == 0
    in_force(company)
    state = company.control.planes.desired_state("editor")
    assert '@id("house@1/no-kills")' in state.policies
    say(company, "editor", 1, state.policies_generation)
    assert spread_of(company).look()["editor"] == "in force"
