"""`bailiwick telemetry`: the register before a real server, and two registers without one."""

from pathlib import Path

import pytest

from tests.faces.cli.conftest import CommandLine

FIELDS = '[[fields]]\nto = "fact"\npurpose = "how much it was"\nclass = "size"\nsince = 1\nnames = ["rows"{more}]\n'


@pytest.mark.req("AI3")
def test_fields_are_listed_switched_and_compared(command_line: CommandLine, tmp_path: Path) -> None:
    run = command_line.run
    listed = run("admin", "telemetry", "list").output
    assert "on   fact.holder " in listed
    assert run("admin", "telemetry", "list", "--new").output == "none\n"
    assert run("security", "telemetry", "off", "event.client", "--reason", "no addresses").exit_code == 0
    assert run("security", "telemetry", "list", "--off").output.startswith("off  event.client ")
    assert run("builder", "telemetry", "on", "event.client", "--reason", "mine").exit_code == 1
    assert "did you mean 'event.client'" in run("admin", "telemetry", "on", "event.clint", "--reason", "x").stderr
    assert run("admin", "telemetry", "on", "event.client", "--reason", "needed").exit_code == 0
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    old.write_text("version = 1\n" + FIELDS.replace("{more}", ""))
    new.write_text("version = 1\n" + FIELDS.replace("{more}", ', "cost"'))
    found = run("admin", "telemetry", "diff", old, new)
    assert (found.exit_code, found.output) == (1, "+ fact.cost  size, how much it was\n")
    assert run("admin", "telemetry", "diff", "1", "1").exit_code == 0
    assert run("admin", "agents-md", "finance").output.startswith("# AGENTS.md\n")
    assert run("admin", "agents-md", "Fin ance`").exit_code == 1
    for wrong in ("99", tmp_path / "none.toml"):
        assert run("admin", "telemetry", "diff", old, wrong).exit_code == 1
