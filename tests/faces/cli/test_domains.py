"""Host names of apps on the command line and over the API."""

import json

import pytest

from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP

pytestmark = pytest.mark.req("DG4")
HOST = "refunds.company.example"


def test_a_name_is_bound_listed_and_unbound(command_line: CommandLine) -> None:
    refused = command_line.run("builder", "domain", "bind", APP, HOST, "--reason", "mine")
    assert (refused.exit_code, "org-admin" in refused.output) == (1, True)
    wrong = command_line.run("admin", "domain", "bind", APP, "desk.localhost", "--reason", "x")
    assert (wrong.exit_code, "the platform itself gives names" in wrong.output) == (1, True)
    made = command_line.run("admin", "domain", "bind", APP, HOST, "--reason", "for customers").output
    assert made == f"{APP} answers at {HOST} in production\n"
    assert "for customers" in command_line.run("builder", "domain", "list", APP).output
    found = json.loads(command_line.run("builder", "domain", "list", APP, "--json").output)["domains"]
    assert [(item["host"], item["bound_by"]) for item in found] == [(HOST, "user:admin@example.com")]
    gone = command_line.run("admin", "domain", "unbind", APP, HOST, "--reason", "moved").output
    assert gone == f"{APP} does not answer at {HOST} any more\n"
    assert command_line.run("builder", "domain", "list", APP).output == f"{APP} has no name of its own\n"
