"""Production without a control plane: it is killed, production goes on, another one starts, and no event is lost."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from tests.journeys.conftest import APP, BAILIWICK, Demo, free_port_range, start_demo
from tests.journeys.test_spine import CHROMIUM, Visitor

Eventually = Callable[..., Any]


@pytest.fixture
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


@pytest.mark.req("DM5", "OB2", "DG4")
def test_production_serves_while_the_control_plane_is_dead_and_every_event_arrives_once(
    alone: Demo, eventually: Eventually
) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        visitor = Visitor(browser, alone, "user@example.com")
        visitor.open(alone.app_url())
        client = visitor.client()
        browser.close()
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
            eventually(lambda: len(served(alone)) >= 21, 60, f"the events of the silence, until {end.name}")
            assert len(served(alone)) == len(set(served(alone))) == 21
        finally:
            control.send_signal(end)
            control.wait(60)
