"""`bailiwick preview` and `push --branch`: previews of branches from the command line, and over the API behind it."""

import json
from pathlib import Path

import pytest

from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP, MANIFEST


@pytest.mark.req("RV1", "OB1")
def test_a_branch_is_pushed_listed_ended_and_brought_back(command_line: CommandLine, tmp_path: Path) -> None:
    assert command_line.company.push("builder").accepted
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "bailiwick.toml").write_text(MANIFEST)
    (folder / "app.py").write_text("app = 'on a branch'\n")
    push = ("push", APP, "--folder", folder, "-m", "Try", "--branch")
    refused = command_line.run("builder", *push, "main/x")
    assert refused.exit_code == 1
    assert "it would read like main" in refused.stderr
    taken = command_line.run("builder", *push, "Fix/login")
    assert taken.exit_code == 0, taken.stderr
    address = "http://fix-login-x"
    assert address in taken.stdout
    listed = command_line.run("user", "preview", "list", APP)
    assert listed.exit_code == 1, "who may not read the app sees none of it"
    listed = command_line.run("approver", "preview", "list", APP)
    assert "Fix/login" in listed.stdout and address in listed.stdout
    refused = command_line.run("approver", "preview", "renew", APP, "Fix/login")
    assert refused.exit_code == 1
    ended = command_line.run("builder", "preview", "end", APP, "Fix/login", "--reason", "done with it")
    assert ended.stdout == "the preview of Fix/login has ended\n"
    (item,) = json.loads(command_line.run("builder", "preview", "list", APP, "--json").stdout)["previews"]
    assert (item["state"], item["reason"], item["branch"]) == ("ended", "done with it", "Fix/login")
    again = command_line.run("builder", "preview", "renew", APP, "Fix/login")
    assert again.exit_code == 0, again.stderr
    assert again.stdout.startswith(f"Fix/login is served at {address}")
    assert "taken on Fix/login, by user:builder@example.com" in command_line.run("builder", "history", APP).stdout
