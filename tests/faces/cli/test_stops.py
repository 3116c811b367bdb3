"""The kill switch on the command line and over the API, of an app and of more."""

import json

import pytest

from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP
from tests.fixtures.releasing import released

pytestmark = pytest.mark.req("RT5")


def test_a_folder_is_stopped_for_security_and_brought_back_by_another_person(command_line: CommandLine) -> None:
    company = command_line.company
    released(company)
    run = command_line.run
    would = run("security", "kill", "folder:finance", "everything", "--dry-run")
    assert f"the folder finance: Stops 1 app.\n  {APP}" in would.output
    assert "nothing is stopped" in run("security", "stops").output
    done = run("security", "kill", "folder:finance", APP, "--security", "--drain", 5, "--reason", "it leaks")
    assert done.output == f"the folder finance is stopped: it leaks\n{APP} is stopped: it leaks\n", done.output
    listed = run("builder", "stops").output
    assert f"app:{APP}" in listed
    assert "for security  user:security@example.com: it leaks" in listed
    assert "(the folder finance)" in run("builder", "app", "show", APP).output
    own = run("security", "revive", "folder:finance", "--reason", "mended")
    assert (own.exit_code, "neither stopped it nor is behind it" in own.output) == (1, True)
    first = run("admin", "revive", APP, "--reason", "mended")
    assert "but by what covers it:\n  the folder finance: user:security@example.com: it leaks" in first.output
    assert run("admin", "revive", "folder:finance", "--reason", "mended").output == (
        "the folder finance may run again\n"
    )
    assert "brought back by user:admin@example.com: mended" in run("admin", "stops", "--lifted").output
    assert company.control.planes.desired_state("production").apps[0].status == "running"


def test_a_kill_of_an_app_answers_as_it_always_did(command_line: CommandLine) -> None:
    run = command_line.run
    done = json.loads(run("admin", "kill", APP, "--reason", "a test", "--json").output)
    assert (done["app"], done["because"], done["by"], done["mode"]) == (APP, "a test", "user:admin@example.com", "")
    shown = json.loads(run("admin", "app", "show", APP, "--json").output)
    assert (shown["stopped"]["app"], [item["id"] for item in shown["held_by"]]) == (APP, [done["id"]])
    assert json.loads(run("admin", "revive", APP, "--reason", "it was one", "--json").output)["app"] == APP


def test_what_cannot_be_stopped_or_brought_back_is_said(command_line: CommandLine) -> None:
    run = command_line.run
    for asked, words in (
        (("kill", "desk"), "does not say what to stop"),
        (("kill", "room:12"), "integration:"),
        (("kill", "folder:finanse"), "did you mean finance?"),
        (("kill", "everything", "--drain", "601"), "drain_seconds"),
        (("revive", "everything", "--reason", "x"), "everything is not stopped"),
        (("revive", APP), "needs a reason"),
    ):
        refused = run("security" if asked[0] == "kill" else "admin", *asked)
        assert (refused.exit_code, words in refused.output) == (1, True), refused.output
    refused = run("builder", "kill", "folder:finance", "--reason", "let me")
    assert "roles would do" in refused.output
    assert run("builder", "kill", "everything", "--dry-run").exit_code == 1
