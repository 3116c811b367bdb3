"""Rules and several approvals on the command line and over the API."""

import json
from datetime import timedelta

import pytest

from bailiwick.core.clock import utc_now
from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP
from tests.fixtures.releasing import released

pytestmark = pytest.mark.req("DG1", "DG2")


def test_a_rule_is_set_and_several_people_meet_it(command_line: CommandLine) -> None:
    released(command_line.company)
    assert (
        "rule of the organisation: one approver  (as long as"
        in command_line.run("admin", "approval-rule", "list").output
    )
    several = ("approval-rule", "set", "several", "--by", "role:approver", "--by", "group:security")
    refused = command_line.run("builder", *several, "--reason", "no")
    assert refused.exit_code == 1
    assert "org-admin" in refused.output
    assert command_line.run("admin", "approval-rule", "set", "most", "--reason", "x").exit_code == 1
    made = command_line.run("admin", *several, "--reason", "the auditors want it")
    assert made.output.startswith("rule of the organisation: 2 different people: "), made.output
    assert "(version 1, user:admin@example.com" in command_line.run("admin", "approval-rule", "list").output
    assert command_line.company.push("builder").accepted
    assert "waits for approval" in command_line.run("builder", "deploy", APP).output
    listed = command_line.run("security", "approve", "--list").output.splitlines()
    assert listed[0] == "waits for you:"
    deploy = listed[1].split()[0]
    assert command_line.run("builder", "approve", "--list").output.startswith("waits for others:")
    done = command_line.run("security", "approve", deploy, "--reason", "fine").output
    assert done == f"{APP}: approved; it waits for somebody with the role approver\n"
    again = command_line.run("security", "approve", deploy, "--reason", "fine")
    assert "you approved this deploy already" in again.output
    shown = command_line.run("builder", "approve", deploy, "--show").output
    for words in (
        "somebody of the group security: user:security@example.com",
        "somebody with the role approver: nobody yet",
        "nothing is new in its reach",
        "could approve: user:approver@example.com",
    ):
        assert words in shown
    taken = command_line.run("security", "approve", deploy, "--withdraw", "--reason", "one more look").output
    assert taken == f"{APP}: your approval is taken back\n"
    assert command_line.run("security", "approve", deploy, "--reason", "fine").exit_code == 0
    assert f"{APP}: released as rel_" in command_line.run("approver", "approve", deploy, "--reason", "fine").output
    after = command_line.run("builder", "approve", deploy, "--show").output
    assert "came through by the rule of the organisation" in after
    assert "user:security@example.com as group:security" in after
    gate = json.loads(command_line.run("builder", "approve", deploy, "--show", "--json").output)["gate"]
    assert (gate["rule"]["kind"], "after" in gate) == ("several", False)
    assert command_line.run("admin", "approval-rule", "remove", "--reason", "done").exit_code == 0
    earlier = json.loads(command_line.run("admin", "approval-rule", "list", "--earlier", "--json").output)["rules"]
    assert [item["ended_by"] for item in earlier] == ["user:admin@example.com"]
    automatic = ("approval-rule", "set", "automatic", "--folder", "finance", "--reason", "small changes")
    assert command_line.run("admin", *automatic).exit_code == 0
    assert command_line.company.push("builder").accepted
    assert "automatic by the rule of finance; nothing is new" in command_line.run("builder", "deploy", APP).output


def test_what_is_approved_while_the_window_is_closed_says_when_it_goes_out(command_line: CommandLine) -> None:
    run = command_line.run
    released(command_line.company)
    assert run("admin", "change-window", "list").output.startswith("no change window is set")
    tomorrow = f"{utc_now() + timedelta(days=1):%a}".lower()
    window = ("change-window", "set", "--days", tomorrow, "--zone", "Asia/Kolkata", "--folder", "finance")
    assert run("builder", *window, "--reason", "no").exit_code == 1
    unknown = run("admin", "change-window", "set", "--zone", "Berlin", "--reason", "x")
    assert "'Berlin' is no time zone that is known here" in unknown.output
    made = run("admin", *window, "--reason", "on call then").output
    assert made.startswith("change window of finance: ")
    assert made.endswith("08:00 to 17:00 (Asia/Kolkata) (version 1)\n")
    first, last = (f"{utc_now() + timedelta(days=days):%Y-%m-%d}" for days in (-1, 2))
    closing = ("change-window", "close", "audit", "--from", first, "--to", last, "--folder", "finance")
    assert "closed: audit" in run("admin", *closing, "--reason", "auditors").output
    listed = run("security", "change-window", "list").output
    assert "closed now: closed for audit" in listed
    assert command_line.company.push("builder").accepted
    asked = json.loads(run("builder", "deploy", APP, "--json").output)
    done = run("approver", "approve", asked["id"], "--reason", "fine").output
    assert done.startswith(f"{APP}: approved; goes out when the window opens ")
    assert done.endswith("08:00 (Asia/Kolkata)\n")
    assert "; approved; goes out when the window opens" in run("approver", "approve", "--list").output
    assert "goes out when the window opens" in run("builder", "approve", asked["id"], "--show").output
    opened = run("admin", "change-window", "remove", "--folder", "finance", "--closed", "audit", "--reason", "over")
    assert "closed: audit" not in opened.output
    ended = run("admin", "change-window", "remove", "--folder", "finance", "--reason", "always").output
    assert ended == "the change window of finance does not stand any more\n"
    earlier = json.loads(run("admin", "change-window", "list", "--earlier", "--json").output)["windows"]
    assert [item["version"] for item in earlier] == [3, 2, 1]


def test_an_emergency_is_asked_for_approved_by_two_and_looked_at_by_a_third(command_line: CommandLine) -> None:
    run = command_line.run
    released(command_line.company)
    assert command_line.company.push("builder").accepted
    assert "an emergency needs a reason" in run("builder", "deploy", APP, "--emergency").output
    made = run("builder", "deploy", APP, "--emergency", "--reason", "refunds are paid twice", "--json").output
    deploy = json.loads(made)["id"]
    assert "; EMERGENCY: refunds are paid twice; new: " in run("approver", "approve", "--list").output
    assert run("admin", "emergency-review").output == "nobody need look at an emergency\n"
    assert "it waits for" in run("approver", "approve", deploy, "--reason", "seen").output
    assert "released as" in run("security", "approve", deploy, "--reason", "seen").output
    listed = run("admin", "emergency-review").output
    assert listed.startswith(deploy)
    assert listed.endswith(": refunds are paid twice  (waits for you)\n")
    assert "waits for you" not in run("approver", "emergency-review").output
    refused = run("approver", "emergency-review", deploy, "--verdict", "fine", "--reason", "mine")
    assert (refused.exit_code, "whoever approved" in refused.output) == (1, True)
    assert run("admin", "emergency-review", deploy, "--verdict", "fine", "--reason", "right").output == f"{APP}: fine\n"
