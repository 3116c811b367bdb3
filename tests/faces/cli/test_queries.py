"""`bailiwick query who` as an auditor uses it."""

import json

import pytest

from tests.faces.cli.conftest import CommandLine
from tests.fixtures.queries import run_on_rows, run_queries

pytestmark = pytest.mark.req("IN10")


def test_a_line_of_the_databases_log_and_a_table_say_who(command_line: CommandLine) -> None:
    ran = run_queries(command_line.company)
    said = command_line.run("security", "query", "who", ran.line(0))
    assert said.exit_code == 0, said.output
    assert "taken for: line of a log" in said.output
    assert "user:emea@example.com through finance/desk (rel_1) on integration:shop-db: 3 rows, 120 bytes" in said.output
    assert f"trace {'a' * 32}" in said.output
    found = json.loads(command_line.run("security", "query", "who", "--table", "orders", "--json").output)
    assert [event["actor"] for event in found["events"]] == ["user:apac@example.com", "user:emea@example.com"]
    assert "nobody" in command_line.run("security", "query", "who", "SELECT nothing FROM nowhere").output
    assert "refused" in command_line.run("security", "query", "who", "SELECT amount FROM payroll.salaries").output


def test_who_may_not_read_the_log_is_told_so(command_line: CommandLine) -> None:
    refused = command_line.run("builder", "query", "who", "SELECT 1")
    assert refused.exit_code != 0
    assert "audit.read" in refused.output or "may not" in refused.output
    assert command_line.run("security", "query", "who").exit_code != 0


def test_a_row_says_who_read_it_and_who_may_have(command_line: CommandLine) -> None:
    run_on_rows(command_line.company)
    said = command_line.run("security", "query", "who", "--row", "orders:4711").output
    assert "taken for: row (table orders)" in said
    assert (
        "user:emea@example.com through finance/desk (rel_1) on integration:shop-db, orders: select of this row" in said
    )
    assert "orders: read or changed rows of it, and did not tell which" in said
    both = command_line.run("security", "query", "who", "SELECT 1", "--row", "orders:4711")
    assert both.exit_code != 0
    assert "a row is looked up by itself" in both.output
