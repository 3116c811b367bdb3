"""`bailiwick standard` and `bailiwick capability` before a real server."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP

HOUSE = Path(__file__).parents[2] / "assets" / "standards" / "house.toml"


@pytest.mark.req("RV8")
def test_a_file_is_checked_without_a_server(command_line: CommandLine, tmp_path: Path) -> None:
    good = command_line.run("builder", "standard", "check", HOUSE)
    assert (good.exit_code, good.output) == (0, "every rule passes its tests\n")
    broken = tmp_path / "broken.toml"
    broken.write_text(HOUSE.read_text().replace("import httpx", "import requests"))
    bad = command_line.run("builder", "standard", "check", broken)
    assert bad.exit_code == 1
    assert "no-requests: test 2 is good, and the rule finds" in bad.output


@pytest.mark.req("RV8")
def test_the_way_of_a_standard_from_a_trial_to_a_refused_push(command_line: CommandLine) -> None:
    company = command_line.company
    company.push("builder", {"tools/old.py": "import requests\n"})
    tried = command_line.run("admin", "standard", "try", HOUSE)
    assert f"1 of 1: {APP}" in tried.output
    assert "tools/old.py:1  medium  use httpx, which has timeouts: requests is imported" in tried.output
    assert "1 of 1 apps would be blocked; of 1 pushes of the last month, 1" in tried.output
    made = command_line.run(
        "admin", "standard", "propose", HOUSE, "--name", "house", "--folder", "finance", "--reason", "one way"
    )
    assert made.output == "house@1 waits for somebody else: bailiwick standard approve house 1\n"
    own = command_line.run("admin", "standard", "approve", "house", "1")
    assert own.exit_code == 1
    assert "never-approve-your-own-standard" in own.output
    assert command_line.run("security", "standard", "approve", "house", "1").output == "house@1 is approved\n"
    assert command_line.run("admin", "standard", "activate", "house", "1").output == "house@1 is active\n"
    listed = command_line.run("builder", "standard", "list")
    assert listed.output.split() == ["house", "folder:finance", "@1", "in", "force"]
    assert command_line.run("builder", "standard", "show", "house").output == HOUSE.read_text()
    history = json.loads(command_line.run("builder", "standard", "history", "house", "--json").output)
    assert [item["decided_by"] for item in history["versions"]] == ["user:security@example.com"]
    assert not company.push("builder", {"app.py": "app = 7\n"}).accepted


@pytest.mark.req("RV6")
def test_a_capability_is_opened_listed_and_closed(command_line: CommandLine) -> None:
    until = (datetime.now(UTC) + timedelta(days=9)).date()
    asked = ("capability", "open", APP, "process-spawning", "--until", until, "--reason", "makes PDFs")
    refused = command_line.run("builder", *asked)
    assert refused.exit_code == 1
    opened = command_line.run("security", *asked)
    assert opened.output.startswith(f"{APP} has process-spawning until {until}")
    listed = command_line.run("builder", "capability", "list", APP)
    assert listed.output.startswith("open   process-spawning")
    assert "user:security@example.com: makes PDFs" in listed.output
    closed = command_line.run("builder", "capability", "close", APP, "process-spawning", "--reason", "no more")
    assert closed.output == f"{APP} has process-spawning no more\n"
    assert command_line.run("builder", "capability", "list", APP).output.startswith("ended")
    unknown = command_line.run("security", "capability", "open", APP, "flying", "--until", until, "--reason", "x")
    assert "there is no capability 'flying'" in unknown.output
