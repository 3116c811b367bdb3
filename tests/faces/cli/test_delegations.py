"""Delegations and the inbox by API and command line, on a real server."""

import json
from datetime import timedelta

import pytest

from bailiwick.core.clock import utc_now
from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP
from tests.fixtures.releasing import released


@pytest.mark.req("DG2")
def test_a_delegate_decides_on_the_command_line_and_both_are_named(command_line: CommandLine) -> None:
    company, run = command_line.company, command_line.run
    released(company)
    assert company.push("builder").accepted
    deploy = company.control.deploys.request(company.people["builder"], APP).id
    until = (utc_now() + timedelta(days=3)).date().isoformat()
    assert run("user", "approve", "--list").stdout == "nothing waits for a decision\n"
    handed = run(
        "approver", "delegate", "to", "user@example.com", "--until", until, "--folder", "finance", "--reason", "leave"
    )
    assert "user:user@example.com approves for user:approver@example.com in finance" in handed.stdout
    listed = run("user", "approve", "--list").stdout
    assert listed.startswith("waits for you:\n")
    assert f"{deploy}  {APP}  just now  asked by user:builder@example.com  for user:approver@example.com" in listed
    assert run("builder", "approve", "--list").stdout.startswith("waits for others:\n")
    assert run("user", "approve", deploy, "--reason", "its own region only").exit_code == 0
    decided = run("approver", "approve", "--decided").stdout
    assert f"{deploy}  {APP}  released by user:user@example.com for user:approver@example.com" in decided
    assert "its own region only" in decided
    (item,) = json.loads(run("user", "delegate", "list", "--json").stdout)["delegations"]
    assert item["counts"] is True
    assert "needs a reason" in run("user", "delegate", "end", item["id"]).stderr
    done = run("user", "delegate", "end", item["id"], "--reason", "back")
    assert "does not approve for user:approver@example.com any more" in done.stdout
    assert "ended" in run("admin", "delegate", "list", "--everybody").stdout
    assert run("user", "delegate", "list", "--everybody").exit_code == 1
    refused = run("user", "delegate", "to", "second@example.com", "--until", until, "--reason", "x")
    assert "not what was handed to you" in refused.stderr
