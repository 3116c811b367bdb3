"""Apps that misbehave: what whoever built one sees, and that nothing of it is left."""

import os
import signal
from pathlib import Path

import pytest

from bailiwick.core.guardrails import ErrorRails, Guardrails
from bailiwick.dataplane.agent.own_storage import owner_of
from bailiwick.dataplane.sandbox import uid_of
from tests.dataplane.agent.test_walls import grouped, notes
from tests.fixtures.plane import MANIFEST, PlaneHouse

# What fails here fails on purpose: the automatic kill switch is not to end it first.
PATIENT = Guardrails(errors=ErrorRails(spike_ratio=0, consecutive_errors=1000, window_requests=1000))
LIMITS = "[limits]\nprocesses = 16\nopen_files = 64\nstart_seconds = 20\n"
BAD = """
import os, signal, socket, sys, time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(1.5)  # it listens late
kept = []

def fork_away():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            time.sleep(600)
        os._exit(0)

def flood():
    for _ in range(20_000):
        sys.stdout.write("x" * 1000 + "\\n")
    sys.stdout.write("y" * 5_000_000 + "\\n")  # one line, longer than anybody keeps
    print("the end of the flood", flush=True)

def leave_zombies():
    while True:
        if os.fork() == 0:
            os._exit(0)

def open_sockets():
    for _ in range(10_000):
        kept.append(socket.socket())

DO = {"/fork": fork_away, "/flood": flood, "/zombies": leave_zombies, "/sockets": open_sockets}
DO |= {"/exit": lambda: os._exit(0), "/": int}

async def app(scope, receive, send):
    if scope["type"] == "http":
        DO[scope["path"]]()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"well"})
"""


def processes(uid: int | None) -> list[str]:
    """Return what runs with the uid of an app, outside and inside of its sandbox."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and entry.stat().st_uid == uid and (entry / "cmdline").read_bytes():
                found.append(entry.name)
        except OSError:
            continue  # it ended meanwhile
    return found


@grouped
@pytest.mark.req("RT1", "RT6", "OB1")
async def test_an_app_that_does_what_apps_must_not_is_explained_kept_up_and_ended_whole(house: PlaneHouse) -> None:
    release = house.release(
        {"app.py": BAD}, manifest=MANIFEST + LIMITS, guardrails=PATIENT, capabilities=("process-spawning",)
    )
    uid = uid_of(owner_of(release))
    await house.until_running(release)

    assert (await house.get("/flood")).text == "well"
    instance = house.plane._host._served[("finance/desk", "production")].instance
    assert instance is not None
    await house.until(lambda: "the end of the flood" in instance.logs)
    assert len(instance.logs) <= 200
    assert max(map(len, instance.logs)) <= 4000

    await _runs_into(house, "/zombies", "processes", "16 processes reached at ")
    assert (await house.get("/exit")).status_code == 502
    ended = await house.until(lambda: next((item for item in house.statuses() if item.status == "stopped"), None))
    assert ended.words == "it ended by itself with code 0"
    await house.until(lambda: [item.status for item in house.statuses()].count("running") == 2)
    assert (await house.get("/fork")).text == "well"
    assert len(processes(uid)) >= 3
    await _runs_into(house, "/sockets", "open-files", "64 open files reached at ")
    await house.kill("production")
    await house.until(lambda: processes(uid) == [])


async def _runs_into(house: PlaneHouse, path: str, limit: str, words: str) -> None:
    assert (await house.get(path)).status_code == 500
    note = await house.until(lambda: notes(house).get(f"limit {limit}"), 20)
    assert note.words.startswith(words)
    assert f"GET {path}" in note.words


@pytest.mark.req("RT1", "OB1")
async def test_an_app_that_ends_well_before_it_serves_says_so_and_is_given_up_on(house: PlaneHouse) -> None:
    release = house.release({"app.py": "import sys\nprint('all done')\nsys.exit(0)\n"})
    await house.serve(release)
    failed = await house.until_status("failed", state=release)
    assert "all done" in failed.words
    assert failed.words.startswith("it ended by itself with code 0, before it answered")


@pytest.mark.skipif(os.geteuid() != 0, reason="only where root starts it has an app a uid of its own")
@pytest.mark.req("RT1")
async def test_an_app_whose_first_process_is_killed_from_outside_comes_back_by_itself(house: PlaneHouse) -> None:
    release = house.release({"app.py": BAD.replace("time.sleep(1.5)", "")})
    await house.until_running(release)
    first = house.inner_pid()
    os.kill(first, signal.SIGKILL)
    await house.until(lambda: [item.status for item in house.statuses()].count("running") == 2)
    assert house.inner_pid() != first
    assert (await house.get("/")).text == "well"
