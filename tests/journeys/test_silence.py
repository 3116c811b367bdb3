"""A plane is killed with what runs there, then the control plane: all comes back, and no event is lost."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from playwright.sync_api import sync_playwright

from tests.journeys.conftest import APP, BAILIWICK, Demo, free_port_range, start_demo
from tests.journeys.test_spine import CHROMIUM, Visitor

Eventually = Callable[..., Any]


@pytest.fixture(scope="module")
def others() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Yield a list of processes that are to end with the tests."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def alone(home: Path, eventually: Eventually) -> Iterator[Demo]:
    """Yield a demo of its own with the sample in production; its parent is paused, so that it does not mind."""
    demo = start_demo(home / "silence", free_port_range())
    folder = home / "silence-sample"
    subprocess.run([BAILIWICK, "demo", "sample", "second", str(folder)], check=True, capture_output=True)
    demo.cli("builder", "app", "create", APP)
    demo.cli("builder", "push", APP, cwd=folder)
    deploy = json.loads(demo.cli("builder", "deploy", APP, "--json").stdout)["id"]
    demo.cli("admin", "approve", deploy, "--reason", "own region only")
    eventually(lambda: "production running" in " ".join(demo.cli("admin", "app", "show", APP).stdout.split()), 60)
    os.kill(demo.process.pid, signal.SIGSTOP)
    yield demo
    os.kill(demo.process.pid, signal.SIGCONT)
    demo.process.send_signal(signal.SIGINT)
    demo.process.wait(60)


def served(demo: Demo) -> list[str]:
    arguments = ("--app", APP, "--action", "request.served", "--limit", "200", "--json")
    done = demo.cli("auditor", "audit", "search", *arguments, ok=False)
    events = json.loads(done.stdout)["events"] if done.returncode == 0 else []
    return [event["trace"] for event in events if event["context"]["path"] == "/whoami"]


def asker(demo: Demo) -> httpx2.Client:
    """Return a client with the pass of a user, who signs in by a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        visitor = Visitor(browser, demo, "user@example.com")
        visitor.open(demo.app_url())
        client = visitor.client()
        browser.close()
    return client


def is_there(client: httpx2.Client) -> bool:
    try:
        return client.get("/whoami").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.req("RT1", "OB2", "DM5")
def test_a_plane_that_is_killed_takes_its_sandboxes_with_it_and_what_ran_comes_back_by_itself(
    alone: Demo, eventually: Eventually, others: list[subprocess.Popen[bytes]]
) -> None:
    client = asker(alone)
    assert [client.get("/whoami").status_code for _ in range(15)] == [200] * 15
    pid = alone.ready["pids"]["data-plane-production"]
    ran = [process for process in psutil.Process(pid).children(recursive=True) if process.uids().real != 0]
    assert ran
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not any(alive(process) for process in ran), 20, "the end of what the plane ran")
    command = [BAILIWICK, "serve", "data-plane", "--config", str(alone.state / "data-plane-production.yaml")]
    others.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    asked = 15
    eventually(lambda: is_there(client), 60, "the app, started by nobody")
    # Each request that was answered is in the log once, those of the last moment, too.
    eventually(lambda: len(served(alone)) > asked, 60, "the events of before and after")
    traces = served(alone)
    assert len(traces) == len(set(traces)) == asked + 1
    # One instance of each release runs, by the new plane.
    left = [item for item in psutil.process_iter() if alive(item) and "bwrap" in item.name()]
    own = set(psutil.Process(others[-1].pid).children(recursive=True))
    production = [item for item in left if str(alone.state / "shared" / "plane-production") in " ".join(item.cmdline())]
    assert production
    assert set(production) <= own


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.req("DM5", "OB2", "DG4")
def test_production_serves_while_the_control_plane_is_dead_and_every_event_arrives_once(
    alone: Demo, eventually: Eventually
) -> None:
    client, before = asker(alone), len(served(alone))
    assert client.get("/whoami").status_code == 200
    os.kill(alone.ready["pids"]["control"], signal.SIGKILL)
    answers = [client.get("/whoami") for _ in range(20)]
    assert [answer.status_code for answer in answers] == [200] * 20
    orders = client.get("/api/orders").json()["orders"]
    assert {order["region"] for order in orders} == {"EMEA"}
    command = [BAILIWICK, "serve", "control", "--config", str(alone.state / "control.yaml")]
    for end in (signal.SIGKILL, signal.SIGTERM):
        control = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            eventually(lambda: len(served(alone)) >= before + 21, 60, f"the events of the silence, until {end.name}")
            assert len(served(alone)) == len(set(served(alone))) == before + 21
        finally:
            control.send_signal(end)
            control.wait(60)
