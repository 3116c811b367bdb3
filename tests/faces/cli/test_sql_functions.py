"""`bailiwick sql-function` before a real server, and what the console shows of it."""

from pathlib import Path

import pytest

from tests.faces.cli.conftest import CommandLine


@pytest.mark.req("IN7")
def test_functions_are_proposed_approved_and_put_into_force(command_line: CommandLine, tmp_path: Path) -> None:
    text = tmp_path / "functions.txt"
    text.write_text("reporting.risk_of(numeric)\n")
    made = command_line.run("admin", "sql-function", "propose", "orders-db", text, "--reason", "finance asks")
    assert made.output == "orders-db@1 waits for somebody else: bailiwick sql-function approve orders-db 1\n"
    assert command_line.run("admin", "sql-function", "approve", "orders-db", "1").exit_code == 1
    assert command_line.run("security", "sql-function", "approve", "orders-db", "1").exit_code == 0
    assert command_line.run("admin", "sql-function", "activate", "orders-db", "1").output == "orders-db@1 is active\n"
    assert command_line.run("admin", "sql-function", "show", "orders-db").output == text.read_text()
    assert command_line.run("admin", "sql-function", "list").output.split()[-3:] == ["@1", "in", "force"]
    text.write_text("public.dblink(text, text)\n")
    refused = command_line.run("admin", "sql-function", "propose", "orders-db", text, "--reason", "x")
    assert refused.exit_code == 1
    assert "line 1: dblink is known to reach past every grant" in refused.output
