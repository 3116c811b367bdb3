"""Stopping and starting: by Ctrl-C, by kill -9, and with an artefact that somebody changed meanwhile."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from tests.journeys.conftest import BAILIWICK, Demo, free_port_range, start_demo, stop_demo

APP = "finance/restart-desk"
Eventually = Callable[..., Any]


def family(demo: Demo) -> list[psutil.Process]:
    return psutil.Process(demo.process.pid).children(recursive=True)


def switch_off(demo: Demo, email: str) -> None:
    """Have the company's directory describe somebody, and then switch them off."""
    headers = {"Authorization": f"Bearer {demo.ready['scim_token']}"}
    user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": email, "active": True}
    user["emails"] = [{"value": email, "primary": True}]
    with httpx2.Client(base_url=demo.ready["scim_url"], headers=headers, timeout=30) as directory:
        made = directory.post("/Users", json=user).raise_for_status().json()
        directory.put(f"/Users/{made['id']}", json={**user, "active": False}).raise_for_status()


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def status(demo: Demo) -> str:
    shown = json.loads(demo.cli("admin", "app", "show", APP, "--json").stdout)
    return next((f"{item['status']}: {item['words']}" for item in shown["statuses"] if item["mode"] == "preview"), "")


@pytest.mark.req("DM1", "DG7", "OB2")
@pytest.mark.long
def test_a_demo_ends_whole_and_comes_back(home: Path, eventually: Eventually) -> None:
    state, port = home / "again", free_port_range()
    first = start_demo(state, port)
    first.cli("builder", "app", "create", APP)
    folder = home / "again-sample"
    subprocess.run([BAILIWICK, "demo", "sample", "second", str(folder)], check=True, capture_output=True)
    assert first.cli("builder", "push", APP, ok=False, cwd=folder).returncode == 0
    eventually(lambda: status(first).startswith("running"), 60, "the preview")

    switch_off(first, "apac.user@example.com")

    left = family(first)
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    second = start_demo(state, port)
    eventually(lambda: not alive(left), 20, "the end of everything that the killed demo had started")
    eventually(lambda: status(second).startswith("running"), 60, "the preview after a hard kill")

    assert set(first.ready["tokens"]) - set(second.ready["tokens"]) == {"apac-user"}
    asked = [BAILIWICK, "demo", "token", "apac-user", "--state", str(state)]
    refused = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: this account is switched off")

    third = subprocess.run(
        [BAILIWICK, "demo", "--state", str(state), "--port", str(port + 100), "--headless"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert third.returncode == 1
    assert f"a demo is running already with the state in {state}" in third.stderr
    assert "--state" in third.stderr
    assert status(second).startswith("running")

    left = family(second)
    stop_demo(second)
    time.sleep(0.2)
    assert not alive(left)

    for artifact in (state / "shared" / "plane-editor" / "artifacts").iterdir():
        artifact.write_bytes(artifact.read_bytes().replace(b"Refund desk", b"Refund dusk", 1))
    third = start_demo(state, port)
    try:
        eventually(lambda: status(third).startswith("refused"), 60, "the refusal of a changed artefact")
        assert "the artefact's bytes" in status(third)
        said = third.cli("auditor", "audit", "search", "--app", APP, "--action", "release.refused").stdout
        assert "REFUSED: the artefact's bytes" in said
    finally:
        stop_demo(third)


@pytest.mark.req("DM1")
def test_a_token_of_a_demo_that_does_not_run_is_refused_in_words(home: Path) -> None:
    state = home / "stopped"
    state.mkdir()
    config = {
        "state": str(state), "database_url": "postgresql://u@/d?host=/nowhere", "console": {"port": 8400},
        "planes_door": {"port": 8402},
        "public_url": "http://127.0.0.1:8400", "ingress_url": "http://127.0.0.1:8410",
        "oidc": {"issuer": "http://127.0.0.1:8401", "client_id": "bailiwick"},
    }  # fmt: skip
    (state / "control.yaml").write_text(json.dumps(config))
    asked = [BAILIWICK, "demo", "token", "admin", "--state", str(state)]
    refused = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"error: no demo runs with the state in {state}")


@pytest.mark.req("DM1")
def test_a_port_that_another_program_has_is_named(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        said = subprocess.run(
            [BAILIWICK, "demo", "--state", str(home / "taken"), "--port", str(taken - 3), "--headless"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert said.returncode == 1
    assert f"port {taken} is taken by another program" in said.stderr
    assert "--port" in said.stderr
