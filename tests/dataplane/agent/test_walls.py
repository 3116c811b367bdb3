"""Limits that bite, and refused system calls, told in words with what was being served."""

import os
import re
from pathlib import Path

import pytest

from bailiwick.core.guardrails import ErrorRails, Guardrails
from bailiwick.core.messages import AppReport, RunJobOrder, WallNote, WallsReport
from tests.fixtures.plane import APP, MANIFEST, PlaneHouse

# What fails here fails on purpose: the automatic kill switch is not to end it first.
PATIENT = Guardrails(errors=ErrorRails(spike_ratio=0, consecutive_errors=1000, window_requests=1000))
LIMITS = """
[limits]
memory = "96MiB"
disk = "4MiB"
processes = 16
open_files = 64
request_seconds = 1
"""
GREEDY = """
import asyncio, os, socket, subprocess, threading

kept = []

def fill():
    kept.append(bytearray(512 * 2**20))

def crowd():
    for _ in range(40):
        threading.Thread(target=threading.Event().wait, args=(5,), daemon=True).start()

def write():
    for number in range(8):
        with open(f"/tmp/{number}", "wb") as target:
            target.write(bytes(2**20))

def open_many():
    while True:
        kept.append(os.open("/dev/null", os.O_RDONLY))

def listen_to_kernel():
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)

def start_program():
    subprocess.run(["/usr/bin/true"], check=True)

DO = {"/program": start_program}
DO |= {"/fill": fill, "/crowd": crowd, "/write": write, "/open": open_many, "/netlink": listen_to_kernel}

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/sleep":
        await asyncio.sleep(30)
    DO.get(scope["path"], int)()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})
"""
JOB = """
[jobs.nightly]
schedule = "0 2 * * *"
run = "app:job"
"""
grouped = pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/sys/fs/cgroup").exists(), reason="without control groups the app is told, not we"
)


def notes(house: PlaneHouse) -> dict[str, WallNote]:
    """Return the last word on each wall."""
    house.plane._host._shop.walls._reported = 0.0
    house.plane._host.roll_up(1.0)
    found = (item for report in house.reports() if isinstance(report, WallsReport) for item in report.notes)
    return {f"{item.wall} {item.name}": item for item in found}


@grouped
@pytest.mark.req("RT6", "RT1")
async def test_each_limit_that_a_request_runs_into_is_said_with_the_request(house: PlaneHouse) -> None:
    await house.until_running(house.release({"app.py": GREEDY}, manifest=MANIFEST + LIMITS, guardrails=PATIENT))
    for path, limit, words in (
        ("/sleep", "request-time", "1 s for a request reached"),
        ("/write", "disk", "4 MiB of disk reached"),
        ("/open", "open-files", "64 open files reached"),
    ):
        answer = await house.get(path)
        assert answer.status_code in {500, 502, 504}
        note = await house.until(lambda name=limit: notes(house).get(f"limit {name}"), 20)  # type: ignore[misc]
        assert re.fullmatch(rf"{words} at \d\d:\d\d:\d\d while serving GET {path}( and \d more)?", note.words)
    events = {event.context["limit"]: event for event in house.events("limit.reached")}
    assert set(events) == {"request-time", "disk", "open-files"}
    assert events["disk"].reason == notes(house)["limit disk"].words
    assert (events["disk"].actor, events["disk"].outcome) == (f"app:{APP}", "failed")


@grouped
@pytest.mark.req("RT6", "RT1")
async def test_an_app_that_is_stopped_for_memory_says_what_it_was_serving(house: PlaneHouse) -> None:
    release = house.release({"app.py": GREEDY}, manifest=MANIFEST + LIMITS, guardrails=PATIENT)
    await house.until_running(release)
    assert (await house.get("/crowd")).status_code == 500
    assert "16 processes reached" in (await house.until(lambda: notes(house).get("limit processes"))).words
    assert (await house.get("/netlink")).status_code == 500
    await house.until(lambda: notes(house).get("call socket(AF_NETLINK)"))
    assert (await house.get("/program")).status_code == 500
    told = await house.until(lambda: notes(house).get("call execve"))
    assert "start a program, for which the capability process-spawning is not open" in told.words
    refused = house.events("system-call.refused")[0]
    assert refused.reason == "the system call socket(AF_NETLINK): it would ask the kernel about networks"
    assert (await house.get("/fill")).status_code == 502
    stopped = await house.until(lambda: _stopped(house))
    assert re.fullmatch(r"stopped: 96 MiB of memory reached at \d\d:\d\d:\d\d while serving GET /fill.*", stopped.words)
    seen = notes(house)
    assert seen["limit memory"].words == stopped.words
    assert seen["call socket(AF_NETLINK)"].count == 1
    assert [event.reason for event in house.events("limit.reached") if event.context["stopped"]] == [stopped.words]


def _stopped(house: PlaneHouse) -> AppReport | None:
    return next((item for item in house.statuses() if item.status == "stopped"), None)


@pytest.mark.req("RT6")
async def test_a_start_and_a_run_of_a_job_that_take_too_long_are_ended(house: PlaneHouse) -> None:
    slow = 'import time\n\ndef job():\n    print("at work", flush=True)\n    time.sleep(60)\n\nasync def app(*_): ...\n'
    release = house.release({"app.py": slow}, manifest=MANIFEST + JOB + "[limits]\njob_seconds = 2\n")
    await house.until_running(release)
    await house.plane._take(RunJobOrder(app=APP, job="nightly", run="run_1", asked_by="user:a@example.com"))
    ended = await house.until_job("run_1")
    assert ended.status == "failed"
    assert ended.log_lines[-1] == "stopped: 2 s for a run reached (job_seconds of its limits)"
    late = house.release(
        {"app.py": "import time\ntime.sleep(60)\n"}, manifest=MANIFEST + "[limits]\nstart_seconds = 1\n"
    )
    await house.serve(late)
    failed = await house.until_status("failed", state=late)
    assert "it did not answer within 1 s (start_seconds of its limits)" in failed.words
    assert {event.context["limit"] for event in house.events("limit.reached")} == {"job-time", "start-time"}
