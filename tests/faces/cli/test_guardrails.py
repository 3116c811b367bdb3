"""Guardrails on the command line and over the API."""

import json

import pytest

from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP

pytestmark = pytest.mark.req("RT4")


def test_guardrails_are_set_shown_and_removed(command_line: CommandLine) -> None:
    assert "errors.error_ratio = 0.5  (the share" in command_line.run("builder", "guardrail", "sections").output
    wanted = ("guardrail", "set", "errors", "error_ratio=0.2", "--at", "folder:finance", "--binding")
    refused = command_line.run("builder", *wanted, "--reason", "mine")
    assert refused.exit_code == 1
    assert "org-admin" in refused.output
    made = command_line.run("admin", *wanted, "--reason", "the audit").output
    assert made == "errors of folder:finance: error_ratio = 0.2 (binding) (version 1)\n"
    shown = command_line.run("builder", "guardrail", "show", APP).output.splitlines()
    assert "errors.error_ratio = 0.2  (said at folder:finance, binding)" in shown
    assert "errors.consecutive_errors = 8  (usual)" in shown
    assert "user:admin@example.com" in command_line.run("admin", "guardrail", "list").output
    wrong = command_line.run("admin", "guardrail", "set", "errors", "ratio=0.2", "--reason", "x")
    assert (wrong.exit_code, "errors has no 'ratio'" in wrong.output) == (1, True)
    assert command_line.run("admin", "guardrail", "set", "errors", "ratio", "--reason", "x").exit_code == 2
    gone = command_line.run("admin", "guardrail", "remove", "errors", "--at", "folder:finance", "--reason", "over")
    assert gone.output == "errors of folder:finance does not say anything any more\n"
    earlier = json.loads(command_line.run("admin", "guardrail", "list", "--earlier", "--json").output)["guardrails"]
    assert [item["ended_by"] for item in earlier] == ["user:admin@example.com"]
