"""A freeze on the running product: every door refuses, planes start nothing of it, what runs goes on, restarts too."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import APP, BAILIWICK, Demo, free_port_range, start_demo, stop_demo

Eventually = Callable[..., Any]
WHY = "a supplier was broken into"


@pytest.fixture
def own(home: Path) -> Iterator[tuple[Demo, Path]]:
    """Yield a demo of its own and a folder with the sample's good commit."""
    demo = start_demo(home / "freeze", free_port_range())
    folder = home / "freeze-sample"
    subprocess.run([BAILIWICK, "demo", "sample", "second", str(folder)], check=True, capture_output=True)
    demo.cli("builder", "app", "create", APP)
    demo.cli("builder", "push", APP, cwd=folder)
    yield demo, folder
    stop_demo(demo)


def said(demo: Demo, mode: str = "production") -> dict[str, Any]:
    """Return how the app is doing, as its plane last said."""
    found = json.loads(demo.cli("admin", "app", "show", APP, "--json").stdout)["statuses"]
    return next((item for item in found if item["mode"] == mode), {})


def asked(demo: Demo) -> str:
    deploy: str = json.loads(demo.cli("builder", "deploy", APP, "--json").stdout)["id"]
    return deploy


def approved(demo: Demo, deploy: str) -> str:
    done = demo.cli("admin", "approve", deploy, "--reason", "looked at it", "--json")
    release: str = json.loads(done.stdout)["release"]
    return release


def changed(demo: Demo, folder: Path, name: str) -> None:
    """Push a harmless change."""
    (folder / name).write_text("more\n")
    git = ["git", "-c", "user.name=b", "-c", "user.email=builder@example.com"]
    subprocess.run([*git, "add", "--all"], cwd=folder, check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", name], cwd=folder, check=True)
    demo.cli("builder", "push", APP, cwd=folder)


def frozen(demo: Demo) -> str:
    done = demo.cli("security", "freeze", "start", "--everything", "--reason", WHY, "--json")
    freeze: str = json.loads(done.stdout)["id"]
    return freeze


@pytest.mark.long
@pytest.mark.timeout(1200)  # it starts the product twice
@pytest.mark.req("DG3")
def test_a_freeze_holds_at_every_door_and_plane_and_after_a_restart(
    own: tuple[Demo, Path], home: Path, eventually: Eventually
) -> None:
    demo, folder = own
    first = approved(demo, asked(demo))
    eventually(lambda: (said(demo).get("release"), said(demo).get("status")) == (first, "running"), 60)
    changed(demo, folder, "one.txt")
    waiting = asked(demo)
    freeze = frozen(demo)
    doors = {
        "deploy": demo.cli("builder", "deploy", APP, ok=False),
        "approve": demo.cli("admin", "approve", waiting, "--reason", "fine", ok=False),
        "roll back": demo.cli("builder", "rollback", APP, first, ok=False),
    }
    for door, answer in doors.items():
        assert answer.returncode == 1, door
        assert WHY in answer.stdout + answer.stderr, door
    refused = demo.api("builder").post("/deploys", json={"app": APP})
    assert (refused.status_code, refused.json()["code"]) == (403, "release.frozen")
    assert refused.json()["details"]["freezes"] == [freeze]
    own_lift = demo.cli("security", "freeze", "lift", freeze, "--reason", "well now", ok=False)
    assert own_lift.returncode == 1
    changed(demo, folder, "two.txt")  # what is pushed is still reviewed and previewed

    stop_demo(demo)
    again = start_demo(demo.state, demo.port)
    demo.process, demo.ready = again.process, again.ready
    eventually(lambda: (said(demo).get("release"), said(demo).get("status")) == (first, "running"), 60)
    assert WHY in demo.cli("builder", "deploy", APP, ok=False).stderr
    listed = demo.cli("auditor", "freeze", "list", "--affected").stdout
    assert freeze in listed
    assert first in listed
    demo.cli("admin", "freeze", "lift", freeze, "--reason", "it was a false alarm")
    _cut_off_plane_starts_nothing(demo, first, eventually)


def _cut_off_plane_starts_nothing(demo: Demo, first: str, eventually: Eventually) -> None:
    """A release is approved while the plane hears nothing, and then frozen: the plane does not start it."""
    deploy = asked(demo)
    plane = demo.ready["pids"]["data-plane-production"]
    os.kill(plane, signal.SIGSTOP)
    try:
        second = approved(demo, deploy)
        freeze = frozen(demo)
    finally:
        os.kill(plane, signal.SIGCONT)
    eventually(lambda: said(demo).get("release") == second, 60, "the plane says what it does of the second release")
    found = said(demo)
    assert found["status"] == "refused"
    assert WHY in found["words"]
    held = next(line for line in demo.cli("auditor", "freeze", "show", freeze).stdout.splitlines() if second in line)
    assert " held " in held
    events = demo.cli("auditor", "audit", "search", "--app", APP, "--action", "deploy.frozen", "--json").stdout
    assert {item["reason"] for item in json.loads(events)["events"]}
    demo.cli("admin", "freeze", "lift", freeze, "--reason", "it was a false alarm")
    eventually(lambda: (said(demo).get("release"), said(demo).get("status")) == (second, "running"), 60)
    assert first != second
