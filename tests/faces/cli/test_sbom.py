"""Bills of materials on the command line: of a folder, and of what was pushed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bailiwick.faces.cli.main import root
from tests.faces.cli.conftest import CommandLine

LOCK = f"flask==3.0.0 --hash=sha256:{'a' * 64}\n"
PURL = "pkg:pypi/flask@3.0.0"


@pytest.mark.req("VA3")
def test_a_review_writes_the_bill_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "requirements.lock").write_text(LOCK)
    out = tmp_path / "bom.json"
    CliRunner().invoke(root, ["review", str(folder), "--sbom", str(out)])
    document = json.loads(out.read_text())
    assert (document["specVersion"], [item["purl"] for item in document["components"]]) == ("1.6", [PURL])


@pytest.mark.req("VA3", "RV5")
def test_the_bill_of_a_revision_comes_from_the_server(command_line: CommandLine, tmp_path: Path) -> None:
    assert "nothing was pushed yet" in command_line.run("builder", "app", "sbom", "finance/desk").output
    command_line.company.push("builder", {"requirements.lock": LOCK, "app.py": "import flask\napp = flask\n"})
    out = tmp_path / "bom.json"
    done = command_line.run("builder", "app", "sbom", "finance/desk", "--out", out)
    assert done.exit_code == 0, done.output
    assert "1 packages, 0 known vulnerabilities" in done.output
    document = json.loads(out.read_text())
    commit = document["metadata"]["component"]["version"]
    assert [item["purl"] for item in document["components"]] == [PURL]
    named = command_line.run("builder", "app", "sbom", "finance/desk", "--commit", commit)
    assert json.loads(named.output)["metadata"]["component"]["name"] == "finance/desk"
    wrong = command_line.run("builder", "app", "sbom", "finance/desk", "--commit", "0" * 40)
    assert wrong.exit_code == 1
    assert "no accepted push" in wrong.output
