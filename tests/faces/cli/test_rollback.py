"""Rollback on the command line and over the API: what can come back, what cannot now, and emergencies."""

import json

import pytest

from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP
from tests.fixtures.releasing import released, released_by_waiver


@pytest.mark.req("RV9", "RV11")
def test_what_does_not_pass_is_said_refused_and_brought_back_by_an_approver_only(command_line: CommandLine) -> None:
    company = command_line.company
    assert "there is no earlier release" in command_line.run("builder", "rollback", APP).output
    bad, waiver = released_by_waiver(company)
    good = released(company)
    released(company)
    company.control.waivers.end(company.people["security"], waiver, "no more of this")
    listed = command_line.run("builder", "rollback", APP)
    lines = {line.split()[0]: line for line in listed.output.splitlines()}
    assert "may be served again" in lines[good]
    assert "not now: it passed by a waiver that has ended" in lines[bad]
    refused = command_line.run("builder", "rollback", APP, bad)
    assert refused.exit_code == 1
    assert "cannot be served again now" in refused.output
    own = command_line.run("builder", "rollback", APP, bad, "--emergency", "--reason", "it burns")
    assert own.exit_code == 1
    done = command_line.run("approver", "rollback", APP, bad, "--emergency", "--reason", "it burns", "--json")
    assert (done.exit_code, json.loads(done.output)["id"]) == (0, bad)
    back = command_line.run("builder", "rollback", APP, good)
    assert back.exit_code == 0, back.output
    assert f"{APP} serves {good} again" in back.output
