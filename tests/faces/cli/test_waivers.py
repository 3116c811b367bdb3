"""Waivers and unsafe releases by API and command line, on a real server."""

import json

import pytest

from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP
from tests.fixtures.releasing import SPAWNS


@pytest.fixture
def finding(command_line: CommandLine) -> tuple[str, str]:
    """Return review and fingerprint of a finding that refused a push, from the link that git showed."""
    answer = command_line.company.push("builder", {"app.py": SPAWNS})
    link = next(line for line in answer.lines if "/reviews/" in line)
    review, _, fingerprint = link.rpartition("/reviews/")[2].partition("#")
    return review, fingerprint


@pytest.mark.req("RV1", "RV9")
def test_a_refused_push_passes_once_somebody_else_waived_its_finding(
    command_line: CommandLine, finding: tuple[str, str]
) -> None:
    asked = command_line.run("builder", "waiver", "request", *finding, "--reason", "fixed program", "--json")
    waiver = json.loads(asked.stdout)["id"]
    own = command_line.run("builder", "waiver", "approve", waiver, "--reason", "mine")
    assert own.exit_code == 1
    assert waiver in command_line.run("approver", "waiver", "list", "--state", "requested").stdout
    assert "you may decide" in command_line.run("approver", "waiver", "show", waiver).stdout
    given = command_line.run("approver", "waiver", "approve", waiver, "--reason", "read it")
    assert f"{waiver} is approved: process-spawning at app.py:3" in given.stdout
    assert command_line.company.push("builder", {"app.py": SPAWNS, "again.txt": "1\n"}).accepted
    assert command_line.run("builder", "waiver", "end", waiver, "--reason", "mended").exit_code == 0
    command_line.company.control.rereview_keeper.keep()
    unsafe = command_line.run("security", "release", "unsafe")
    assert f"{APP}" in unsafe.stdout
    assert "process-spawning at app.py:3" in unsafe.stdout
    assert "user:builder@example.com must act by" in unsafe.stdout
    assert "no running release" in command_line.run("user", "release", "unsafe").stdout


@pytest.mark.req("RV1")
def test_bad_waivers_are_refused_in_words(command_line: CommandLine, finding: tuple[str, str]) -> None:
    refused = command_line.run("builder", "waiver", "request", *finding)
    assert refused.exit_code == 1
    assert "needs a reason" in refused.stderr
    assert command_line.run("builder", "waiver", "request", *finding, "--days", "91", "--reason", "x").exit_code == 1
    unknown = command_line.run("user", "waiver", "show", "wvr_nothing")
    assert "there is no waiver" in unknown.stderr
    assert command_line.run("user", "waiver", "list").stdout == "none\n"
