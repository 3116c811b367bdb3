"""Anomalies by API and command line, on a real server."""

import json

import pytest

from bailiwick.control.anomalies.finding import write_first
from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP


@pytest.mark.req("OB5")
def test_anomalies_are_listed_shown_and_dismissed(command_line: CommandLine) -> None:
    control = command_line.company.control
    with control.store.transaction() as session:
        for thing in ("integration:orders-db/public.salaries", "model:nova"):
            write_first(session, control.audit, f"app:{APP}", thing, control.clock(), ["user:ada@example.com"])
        write_first(session, control.audit, "user:ada@example.com", "model:nova", control.clock(), [])
    own = json.loads(command_line.run("builder", "anomaly", "list", "--json").stdout)["anomalies"]
    assert {one["subject"] for one in own} == {f"app:{APP}"}
    assert command_line.run("user", "anomaly", "list").stdout == "none\n"
    every = command_line.run("security", "anomaly", "list", "--state", "open")
    assert f"app:{APP} used model:nova for the first time" in every.stdout
    one = own[0]["id"]
    shown = command_line.run("builder", "anomaly", "show", one).stdout
    assert "user:ada@example.com" in shown
    assert "you may not dismiss it" in shown
    assert command_line.run("builder", "anomaly", "dismiss", one, "--reason", "mine").exit_code == 1
    assert command_line.run("security", "anomaly", "dismiss", one).exit_code == 1
    done = command_line.run("security", "anomaly", "dismiss", one, "--reason", "a new report")
    assert f"{one} is dismissed" in done.stdout
    left = json.loads(command_line.run("security", "anomaly", "list", "--state", "open", "--json").stdout)["anomalies"]
    assert len(left) == 2
    assert command_line.run("user", "anomaly", "show", one).exit_code == 1
