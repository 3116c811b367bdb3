"""A release in steps on the running product: who gets it, what it waits for, how it is taken back, and the way back."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.conftest import Demo, push_files
from tests.journeys.test_spine import CHROMIUM, Visitor

Eventually = Callable[..., Any]
COUNTER = "finance/counter"
MANIFEST = """[app]
name = "counter"
purpose = "Counts what the finance team counts"
kind = "web"
runtime = "python3"
entrypoint = "app:app"

[jobs.count]
schedule = "0 2 * * *"
run = "jobs:count"
"""
CODE = '''"""Counts."""

import secrets

from fastapi import FastAPI, HTTPException, Request

from version import BROKEN, VERSION

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
PROCESS = secrets.token_hex(8)
seen = {"parcels": 0}


@app.get("/")
async def index() -> dict[str, int | str]:
    """Say which version this is, in which process."""
    return {"version": VERSION, "process": PROCESS, **seen}


@app.get("/total")
async def total() -> dict[str, int]:
    """Return the total."""
    if BROKEN:
        raise HTTPException(500, "the total does not add up")
    return {"total": seen["parcels"]}


@app.post("/parcels")
async def parcel(request: Request) -> dict[str, int]:
    """Take in a parcel, however long it is on its way."""
    seen["parcels"] += 1
    size = 0
    async for piece in request.stream():
        size += len(piece)
    return {"version": VERSION, "size": size}
'''
JOB = '''"""The nightly count."""

import time

from version import VERSION


def count() -> None:
    """Count for a while."""
    time.sleep(20)
    print(f"counted by version {VERSION}")
'''
pytestmark = [pytest.mark.req("DG5"), pytest.mark.timeout(900), pytest.mark.long]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield started
        started.close()


@pytest.fixture(scope="module")
def releases() -> list[str]:
    """The releases so far, oldest first."""
    return []


@pytest.fixture(scope="module")
def processes() -> dict[int, str]:
    """By version, the process that answered for it."""
    return {}


@pytest.fixture(scope="module")
def people(browser: Browser, demo: Demo) -> dict[str, httpx2.Client]:
    """Three people with their passes at the app, once it runs: of the finance builders one, of support two."""
    found = {}
    for person in ("builder", "user", "apac.user"):
        visitor = Visitor(browser, demo, f"{person}@example.com")
        visitor.open(f"http://counter.localhost:{demo.port + 10}/")
        found[person] = visitor.client("counter")
    return found


def release(demo: Demo, home: Path, version: int, *steps: str, broken: bool = False) -> str:
    """Push a version, ask for production in these steps, and have it approved; return the release."""
    files = {
        "bailiwick.toml": MANIFEST,
        "app.py": CODE,
        "jobs.py": JOB,
        "version.py": f'"""Which version this is."""\n\nVERSION = {version}\nBROKEN = {broken}\n',
    }
    push_files(demo, home / "counter", COUNTER, files)
    asked = [part for step in steps for part in ("--step", step)]
    deploy = json.loads(demo.cli("builder", "deploy", COUNTER, *asked, "--json").stdout)["id"]
    done: str = json.loads(demo.cli("admin", "approve", deploy, "--reason", "read it", "--json").stdout)["release"]
    return done


def served(demo: Demo) -> str:
    """Return the release that runs in production."""
    shown = json.loads(demo.cli("admin", "app", "show", COUNTER, "--json").stdout)
    running = [it for it in shown["statuses"] if (it["mode"], it["status"]) == ("production", "running")]
    return str(running[0]["release"]) if running else ""


def rollout(demo: Demo) -> dict[str, Any]:
    """Return the newest rollout."""
    found: dict[str, Any] = json.loads(demo.cli("builder", "rollout", "show", COUNTER, "--json").stdout)["rollouts"][0]
    return found


def versions(client: httpx2.Client, times: int = 5) -> set[int]:
    """Return which versions somebody gets who asks again and again."""
    return {client.get("/").json()["version"] for _ in range(times)}


def all_versions(people: dict[str, httpx2.Client]) -> set[int]:
    """Return which versions are served to anybody."""
    return set().union(*(versions(client) for client in people.values()))


class Parcel:
    """A request that is under way until `end`."""

    def __init__(self, client: httpx2.Client) -> None:
        self._last = threading.Event()
        pool = ThreadPoolExecutor(1)
        self._answer: Future[httpx2.Response] = pool.submit(client.post, "/parcels", content=self._pieces())
        pool.shutdown(wait=False)

    def _pieces(self) -> Iterator[bytes]:
        yield b"first"
        self._last.wait(50)
        yield b"last"

    def end(self) -> dict[str, Any]:
        """Send the last piece; return the answer."""
        self._last.set()
        found: dict[str, Any] = self._answer.result(30).json()
        return found


def test_01_the_first_release_serves_everybody(
    demo: Demo, home: Path, eventually: Eventually, releases: list[str], request: pytest.FixtureRequest
) -> None:
    demo.cli("builder", "app", "create", COUNTER)
    demo.cli("admin", "role", "assign", "app-user", "user:builder@example.com", f"app:{COUNTER}")
    releases.append(release(demo, home, 1))
    eventually(lambda: served(demo) == releases[0], 60, "the first release runs")
    people: dict[str, httpx2.Client] = request.getfixturevalue("people")
    assert all_versions(people) == {1}


def test_02_a_group_has_the_second_one_first_and_everybody_else_goes_on_with_the_first(
    demo: Demo,
    home: Path,
    eventually: Eventually,
    releases: list[str],
    people: dict[str, httpx2.Client],
    processes: dict[int, str],
) -> None:
    steps = ("group:finance-builders=0.02", "user:user@example.com=0.02")
    releases.append(release(demo, home, 2, *steps))
    eventually(lambda: rollout(demo)["candidate"]["condition"] == "running", 60, "the candidate is up")
    assert {name: versions(client) for name, client in people.items()} == {
        "builder": {2}, "user": {1}, "apac.user": {1}
    }  # fmt: skip
    for name, version in (("builder", 2), ("apac.user", 1)):
        processes[version] = people[name].get("/").json()["process"]
    eventually(lambda: "more requests to the candidate" in rollout(demo)["waits_for"], 30, "it waits for requests")
    assert served(demo) == releases[0]


def test_03_requests_take_it_further_and_what_is_under_way_ends_where_it_began(
    demo: Demo,
    eventually: Eventually,
    releases: list[str],
    people: dict[str, httpx2.Client],
    processes: dict[int, str],
) -> None:
    versions(people["builder"], 50)
    eventually(lambda: rollout(demo)["step"] == 2, 30, "the second step")
    eventually(lambda: versions(people["user"], 1) == {2}, 30, "the second person gets it")
    assert {name: versions(client) for name, client in people.items()} == {
        "builder": {2}, "user": {2}, "apac.user": {1}
    }  # fmt: skip
    demo.cli("builder", "job", "run", COUNTER, "count")
    eventually(lambda: job(demo) is not None, 30, "the job has begun")
    parcel = Parcel(people["apac.user"])
    eventually(lambda: people["apac.user"].get("/").json()["parcels"] == 1, 10, "the parcel is on its way")
    versions(people["user"], 50)
    eventually(lambda: rollout(demo)["state"] == "promoted", 30, "everybody has it")
    eventually(lambda: served(demo) == releases[1], 30, "the second release is served")
    assert all_versions(people) == {2}
    assert people["apac.user"].get("/").json() == {"version": 2, "process": processes[2], "parcels": 0}
    assert parcel.end() == {"version": 1, "size": 9}
    eventually(lambda: job(demo)["status"] != "running", 60, "the job has ended")
    run, promoted = job(demo), datetime.fromisoformat(rollout(demo)["ended_at"])
    assert datetime.fromisoformat(run["started"]) < promoted < datetime.fromisoformat(run["ended"])
    assert (run["status"], run["release"]) == ("succeeded", releases[0])
    assert "counted by version 1" in run["log_lines"]


def job(demo: Demo) -> Any:
    """Return the run of the job, None when there is none."""
    runs = json.loads(demo.cli("builder", "app", "show", COUNTER, "--json").stdout)["job_runs"]
    return runs[0] if runs else None


def test_04_one_that_does_worse_is_taken_back_by_itself(
    demo: Demo, home: Path, eventually: Eventually, releases: list[str], people: dict[str, httpx2.Client]
) -> None:
    demo.cli(
        "admin", "rollout", "plan", "set", f"app:{COUNTER}", "--step", "group:finance-builders,50%=10",
        "--reason", "totals went wrong before",
    )  # fmt: skip
    versions(people["apac.user"], 40)
    releases.append(release(demo, home, 3, broken=True))
    eventually(lambda: rollout(demo)["candidate"]["condition"] == "running", 60, "the candidate is up")
    sides = {name: versions(client, 10) for name, client in people.items()}
    assert sides["builder"] == {3}
    assert {len(side) for side in sides.values()} == {1}, "somebody was on both sides"

    def failed() -> bool:
        for path in ("/total", "/", "/"):
            people["builder"].get(path)
        return bool(rollout(demo)["state"] != "running")

    eventually(failed, 60, "it is taken back")
    ended = rollout(demo)
    assert (ended["state"], ended["ended_by"]) == ("rolled-back", "service:rollouts")
    assert "of the release before 0 of" in ended["reason"]
    eventually(lambda: versions(people["builder"], 1) == {2}, 30, "nobody gets it any more")
    assert all_versions(people) == {2}
    assert people["builder"].get("/total").status_code == 200
    assert served(demo) == releases[1]


def test_05_what_happened_is_on_the_apps_page_on_the_command_line_and_in_the_audit_log(
    demo: Demo, browser: Browser, releases: list[str]
) -> None:
    page = Visitor(browser, demo, "builder@example.com").console(f"/apps/{COUNTER}")
    page.click("summary:has-text('Rollouts before')")
    seen = page.inner_text("main")
    assert "of the release before 0 of" in seen
    assert releases[2] in seen
    said = demo.cli("builder", "rollout", "show", COUNTER).stdout
    assert "rolled-back, step 1 of 1, 50% of people and group:finance-builders; service:rollouts:" in said
    found = demo.cli("auditor", "audit", "search", "action=rollout.*", "--app", COUNTER, "--json").stdout
    events = [(item["action"], item["release"]) for item in reversed(json.loads(found)["events"])]
    assert events == [
        ("rollout.started", releases[1]),
        ("rollout.advanced", releases[1]),
        ("rollout.promoted", releases[1]),
        ("rollout.planned", ""),
        ("rollout.started", releases[2]),
        ("rollout.rolled-back", releases[2]),
    ]


def test_06_the_way_back_goes_to_the_release_that_is_still_warm(
    demo: Demo,
    eventually: Eventually,
    releases: list[str],
    people: dict[str, httpx2.Client],
    processes: dict[int, str],
) -> None:
    offered = demo.cli("builder", "rollback", COUNTER).stdout
    assert f"{releases[0]}  " in offered
    demo.cli("builder", "rollback", COUNTER, releases[0])
    eventually(lambda: served(demo) == releases[0], 30, "the first release is served")
    # Its own process, with what it knew: the parcel that it took in.
    answers = [client.get("/").json() for client in people.values()]
    assert answers == [{"version": 1, "process": processes[1], "parcels": 1}] * len(people)
    shown = json.loads(demo.cli("builder", "app", "show", COUNTER, "--json").stdout)["statuses"]
    assert "it was up already" in next(item["words"] for item in shown if item["mode"] == "production")
