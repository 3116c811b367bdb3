"""Rollouts on the command line and over the API: plans, how one is, promote and abort."""

import json

import pytest

from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP
from tests.fixtures.releasing import released

pytestmark = pytest.mark.req("DG5")
OWN = f"app:{APP}"


def test_a_plan_is_set_a_release_goes_by_it_and_is_taken_back(command_line: CommandLine) -> None:
    company, run = command_line.company, command_line.run
    steps = ("--step", "group:pilots=30", "--step", "5%=10")
    assert "at once" in run("builder", "rollout", "plan", "show", OWN).output
    assert run("builder", "rollout", "plan", "set", OWN, *steps, "--reason", "no").exit_code == 1
    assert run("admin", "rollout", "plan", "set", OWN, *steps).exit_code == 1
    assert run("admin", "rollout", "plan", "set", OWN, "--at-once", *steps, "--reason", "x").exit_code == 2
    assert run("admin", "rollout", "plan", "set", OWN, "--step", "5%", "--reason", "x").exit_code == 2
    wrong = run("admin", "rollout", "plan", "set", OWN, "--step", "everyone=5", "--reason", "x")
    assert wrong.exit_code == 1
    assert "user:ann@example.com,5%=30" in wrong.output
    done = run("admin", "rollout", "plan", "set", OWN, *steps, "--limit", "min_requests=5", "--reason", "busy desks")
    assert "group:pilots for 30 min → 5 % for 10 min → everybody" in done.output, done.output
    assert "min requests     5" in run("builder", "rollout", "plan", "show", OWN).output
    stable = released(company)
    assert company.push("builder").accepted
    hasty = run("builder", "deploy", APP, "--step", "50%=1")
    assert hasty.exit_code == 1
    assert "less careful than that of app:finance/desk" in hasty.output
    slow = ("--step", "group:pilots=30", "--step", "1%=90")
    asked = json.loads(run("builder", "deploy", APP, *slow, "--json").output)["id"]
    assert asked.startswith("dep_")
    candidate = released(company)
    shown = run("builder", "rollout", "show", APP).output
    assert "running, step 1 of 2, 0% of people and group:pilots" in shown
    assert "waits for: the candidate starts" in shown
    assert f"stable    {stable}" in shown
    assert f"candidate {candidate}" in shown
    refused = run("admin", "rollout", "promote", APP, "--reason", "hurry")
    assert refused.exit_code == 1
    assert "the candidate is starting" in refused.output
    assert run("user", "rollout", "abort", APP, "--reason", "no").exit_code == 1
    aborted = run("builder", "rollout", "abort", APP, "--reason", "wrong totals")
    assert f"goes on with {stable} for everybody" in aborted.output
    told = json.loads(run("builder", "rollout", "show", APP, "--json").output)["rollouts"][0]
    assert (told["state"], told["ended_by"], told["reason"]) == ("aborted", "user:builder@example.com", "wrong totals")
    again = run("builder", "rollout", "abort", APP, "--reason", "again")
    assert again.exit_code == 1
    assert "nothing of finance/desk is being rolled out" in again.output
