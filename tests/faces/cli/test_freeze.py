"""Freezes on the command line and over the API: start, what is affected, what is refused, lift, stop."""

import json
from typing import Any

import pytest

from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP
from tests.fixtures.releasing import deployed, released
from tests.fixtures.wheels import Shelf

pytestmark = pytest.mark.req("DG3")


@pytest.fixture
def more_settings(shelf: Shelf) -> dict[str, Any]:
    return shelf.settings


def test_a_package_is_frozen_its_apps_are_named_and_the_fix_goes_through(
    command_line: CommandLine, shelf: Shelf
) -> None:
    company = command_line.company
    assert company.push("builder", shelf.lock("requests==2.31.0")).accepted
    release = deployed(company)
    assert "nothing is frozen" in command_line.run("builder", "freeze", "list").output
    package = ("--package", "pypi:requests", "--versions", "<2.32.4")
    assert command_line.run("builder", "freeze", "start", *package, "--reason", "no").exit_code == 1
    assert command_line.run("security", "freeze", "start", *package).exit_code == 1
    made = command_line.run("security", "freeze", "start", *package, "--reason", "CVE-2024-47081")
    assert made.exit_code == 0, made.output
    freeze = made.output.split()[0]
    listed = command_line.run("builder", "freeze", "list", "--affected").output
    assert f"{freeze}  PyPI package requests <2.32.4; user:security@example.com" in listed
    assert "CVE-2024-47081" in listed
    (line,) = (line for line in listed.splitlines() if release in line)
    assert line.split()[:2] == [APP, "production"]
    assert "user:builder@example.com; it contains requests 2.31.0 (requirements.lock)" in line
    for refused in (("deploy", APP), ("rollback", APP, release)):
        answer = command_line.run("builder", *refused)
        assert answer.exit_code == 1
        assert "user:security@example.com froze PyPI package requests <2.32.4" in answer.output
        assert "CVE-2024-47081" in answer.output
        assert "it passes by itself" in answer.output
    assert company.push("builder", shelf.lock("requests==2.32.4")).accepted
    assert command_line.run("builder", "deploy", APP).exit_code == 0
    own = command_line.run("security", "freeze", "lift", freeze, "--reason", "done")
    assert own.exit_code == 1
    assert "a person who did not start it" in own.output
    assert command_line.run("admin", "freeze", "lift", freeze, "--reason", "done").exit_code == 0
    gone = command_line.run("admin", "freeze", "list", "--lifted", "--json")
    assert [item["lifted_by"] for item in json.loads(gone.output)["freezes"]] == ["user:admin@example.com"]


def test_the_fix_of_a_freeze_of_everything_is_marked(command_line: CommandLine) -> None:
    company = command_line.company
    released(company)
    made = command_line.run("admin", "freeze", "start", "--everything", "--reason", "a supplier", "--json")
    freeze = json.loads(made.output)["id"]
    assert company.push("builder").accepted
    refused = command_line.run("builder", "deploy", APP)
    assert f"--fixes {freeze}" in refused.output
    asked = command_line.run("builder", "deploy", APP, "--fixes", freeze, "--json")
    assert asked.exit_code == 0, asked.output
    deploy = json.loads(asked.output)["id"]
    assert command_line.run("approver", "approve", deploy, "--reason", "fine").exit_code == 1
    assert command_line.run("security", "approve", deploy, "--reason", "it mends it").exit_code == 0
    shown = command_line.run("admin", "freeze", "show", freeze).output
    assert "fix" in next(line for line in shown.splitlines() if " production " in line)


def test_what_is_affected_is_stopped_when_that_is_asked_for(command_line: CommandLine) -> None:
    company = command_line.company
    released(company)
    folder = ("freeze", "start", "--folder", "finance", "--reason", "it leaks")
    made = command_line.run("security", *folder, "--stop-affected")
    assert made.exit_code == 0, made.output
    assert f"stopped {APP}" in made.output
    assert company.control.planes.desired_state("production").apps[0].status == "killed"
    freeze = made.output.split()[0]
    assert "stopped" in command_line.run("security", "freeze", "show", freeze).output
    assert command_line.run("security", "freeze", "stop", freeze).exit_code == 0
    assert command_line.run("user", "freeze", "stop", freeze).exit_code == 1


@pytest.mark.parametrize("asked", [(), ("--everything", "--folder", "finance"), ("--package", "requests")])
def test_what_cannot_be_frozen_is_said(command_line: CommandLine, asked: tuple[str, ...]) -> None:
    refused = command_line.run("security", "freeze", "start", *asked, "--reason", "a test")
    assert refused.exit_code == 1
    assert "npm:" in refused.output
