"""Alerts by API, command line and page, on a real server."""

import json
from pathlib import Path

import pytest

from bailiwick.core.events import AuditEvent
from tests.faces.cli.conftest import CommandLine

RULE = """
name: refusals
severity: error
match: {actions: ["app.use"], outcome: refused}
at_least: 2
within_minutes: 10
group_by: [actor]
"""


@pytest.mark.req("OB5")
def test_a_rule_is_written_and_its_alert_is_answered(command_line: CommandLine, tmp_path: Path) -> None:
    control = command_line.company.control
    control.alert_keeper.keep()
    file = tmp_path / "rule.yaml"
    file.write_text(RULE)
    assert command_line.run("builder", "alert", "set-rule", file).exit_code == 1
    assert "refusals is in force" in command_line.run("security", "alert", "set-rule", file).stdout
    assert "tells nobody" in command_line.run("security", "alert", "rules").stdout
    file.write_text("name: [")
    assert "cannot be read as YAML" in command_line.run("security", "alert", "set-rule", file).stderr
    for _ in range(2):
        event = AuditEvent(
            time=control.clock(), actor="user:eve@example.com", action="app.use", resource="app:a/b", outcome="refused"
        )  # type: ignore[arg-type]
        with control.store.transaction() as session:
            control.audit.append(session, event)
    control.alert_keeper.keep()
    (alert,) = json.loads(command_line.run("security", "alert", "list", "--state", "open", "--json").stdout)["alerts"]
    assert (alert["rule"], alert["key"], alert["severity"]) == ("refusals", "user:eve@example.com", "error")
    assert "is acknowledged" in command_line.run("security", "alert", "acknowledge", alert["id"]).stdout
    silence = ("alert", "silence", "--rule", "refusals", "--hours", 2, "--reason", "known", "--json")
    silent = json.loads(command_line.run("security", *silence).stdout)
    assert silent["id"] in command_line.run("security", "alert", "silences").stdout
    assert command_line.run("security", "alert", "end-silence", silent["id"], "--reason", "over").exit_code == 0
    assert command_line.run("security", "alert", "silences").stdout == "none\n"
    assert command_line.run("security", "alert", "resolve", alert["id"]).exit_code == 1
    assert "is resolved" in command_line.run("security", "alert", "resolve", alert["id"], "--reason", "over").stdout
    assert command_line.run("security", "alert", "remove-rule", "refusals", "--reason", "over").exit_code == 0
    assert command_line.run("security", "alert", "rules").stdout == "none\n"
    assert command_line.run("builder", "alert", "list").exit_code == 1
