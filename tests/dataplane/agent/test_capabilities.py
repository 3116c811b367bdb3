"""Apps in a real sandbox, with and without the right to start programs."""

import asyncio

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.statements import SignatureError
from bailiwick.core.trust import KeyChanges
from bailiwick.dataplane.agent.releases import Fetched, trusted_keys, verify
from tests.fixtures.plane import PlaneHouse

APP = """
import os, subprocess, sys, threading

def tried():
    found = []
    for start in (lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), os.fork,
                  lambda: os.posix_spawn(sys.executable, [sys.executable, "-c", "pass"], {})):
        try:
            if start() == 0 and start is os.fork:
                os._exit(0)
            found.append("started")
        except OSError as fault:
            found.append(os.strerror(fault.errno))
    thread = threading.Thread(target=lambda: found.append("thread"))
    thread.start()
    thread.join()
    return ", ".join(found).encode()

async def app(scope, receive, send):
    body = tried()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""


@pytest.mark.req("RV6", "RT1")
async def test_an_app_starts_no_programs_unless_that_is_open(house: PlaneHouse) -> None:
    await house.until_running(house.release({"app.py": APP}))
    refused = "Operation not permitted"
    assert (await house.get("/")).text == f"{refused}, {refused}, {refused}, thread"


@pytest.mark.req("RV6")
async def test_what_is_open_is_open_in_the_sandbox_until_it_is_closed(house: PlaneHouse) -> None:
    state = house.release({"app.py": APP}, capabilities=("process-spawning",))
    await house.until_running(state)
    assert (await house.get("/")).text == "started, started, started, thread"
    closed = state.model_copy(update={"closed": ("process-spawning",)})
    await house.serve(closed)
    async with asyncio.timeout(60):
        while "started" in (await house.get("/")).text:  # noqa: ASYNC110 - a plane tells nobody that an app was taken over
            await asyncio.sleep(0.1)


@pytest.mark.req("RV6")
async def test_a_plane_opens_only_what_was_approved(house: PlaneHouse) -> None:
    state = house.release({"app.py": APP}).model_copy(update={"capabilities": ("process-spawning",)})
    data, *attached = (
        (house.state / "artifacts" / name).read_bytes() for name in (state.artifact_sha256, *state.attachments)
    )
    keys = trusted_keys(house.keys.welcome("production"), KeyChanges(), utc_now())
    with pytest.raises(SignatureError, match="reach"):
        verify(state, Fetched(data, tuple(attached)), keys)
