"""`bailiwick review` as people and pipelines call it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bailiwick.faces.cli.main import root
from tests.control.review.running import bad_engines
from tests.control.review.sarif_schema import require_valid
from tests.fixtures.company import MANIFEST

BAILIWICK = str(Path(sys.executable).parent / "bailiwick")
KEY = "AKIA" + "Q3EGRIFKLT7ZVWXN"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(root, ["review", *map(str, arguments)])


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--initial-branch=main")
    (tmp_path / "bailiwick.toml").write_text(MANIFEST)
    (tmp_path / "app.py").write_text("app = 1\n")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--message", "first")
    return tmp_path


@pytest.mark.req("RV2")
def test_a_clean_folder_ends_with_zero_and_a_bad_one_with_one(folder: Path) -> None:
    installed = subprocess.run([BAILIWICK, "review", folder], capture_output=True, text=True, timeout=60, check=False)
    assert (installed.returncode, installed.stderr) == (0, "")
    require_valid(run(folder, "--format", "sarif").stdout)
    (folder / "app.py").write_text('app = 1\ndef f(db, n):\n    db.execute(f"SELECT {n}")\n')
    bad = run(folder)
    assert bad.exit_code == 1
    assert "app.py:3  high  sql-injection" in bad.stdout
    assert run(folder, "--fail-on", "critical").exit_code == 0
    sarif = json.loads(run(folder, "--format", "sarif").stdout)
    (result,) = [item for item in sarif["runs"][0]["results"] if item["level"] == "error"]
    assert result["ruleId"] == "sql-injection"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 3


@pytest.mark.req("RV2", "RV3")
def test_a_range_shows_what_commits_hold_and_no_longer_show(folder: Path) -> None:
    git(folder, "tag", "before")
    (folder / "settings.py").write_text(f'KEY = "{KEY}"\n')
    git(folder, "add", "--all")
    git(folder, "commit", "--message", "second")
    (folder / "settings.py").write_text("KEY = None\n")
    git(folder, "commit", "--all", "--message", "third")
    assert run(folder).exit_code == 0
    found = run(folder, "--base", "before", "--format", "json")
    assert found.exit_code == 1
    (finding,) = [item for item in json.loads(found.stdout)["findings"] if item["severity"] != "low"]
    assert (finding["rule"], finding["path"], finding["line"]) == ("secret-in-code", "settings.py", 1)
    assert len(finding["commit"]) == 40
    assert KEY not in found.stdout
    assert run(folder, "--base", "HEAD").exit_code == 0


@pytest.mark.req("RV2")
def test_what_cannot_be_reviewed_ends_with_two_and_says_why(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    unknown = run(folder, "--base", "no-such-branch")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert "has no revision 'no-such-branch'" in unknown.stderr
    plain = run(tmp_path_factory.mktemp("plain"), "--base", "main")
    assert plain.exit_code == 2
    assert "must be a git checkout" in plain.stderr
    assert run(folder / "nowhere").exit_code == 2
    assert run(folder, "--base=--output=/tmp/x").exit_code == 2
    assert run(folder, "--format", "xml").exit_code == 2


@pytest.mark.req("RV4")
def test_a_folder_without_a_manifest_is_told_what_to_add(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("app = 1\n")
    done = run(tmp_path)
    assert done.exit_code == 1
    assert "add bailiwick.toml at the root" in done.stdout


@pytest.mark.req("RV2")
def test_a_checkout_of_any_kind_is_a_range_and_a_folder_inside_of_one_is_told(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    beside = tmp_path_factory.mktemp("beside") / "tree"
    git(folder, "worktree", "add", str(beside))
    assert run(beside, "--base", "HEAD").exit_code == 0
    (folder / "inner").mkdir()
    inner = run(folder / "inner", "--base", "HEAD")
    assert inner.exit_code == 2
    assert "must be a git checkout" in inner.stderr
    empty = tmp_path_factory.mktemp("empty")
    git(empty, "init")
    assert run(empty, "--base", "HEAD").exit_code == 2


@pytest.mark.req("RV2")
def test_the_files_as_they_stand_are_reviewed_committed_or_not(folder: Path) -> None:
    (folder / "new.py").write_text(f'KEY = "{KEY}"\n')
    for arguments in ((), ("--base", "HEAD")):
        done = run(folder, *arguments)
        assert done.exit_code == 1
        assert "new.py:1  critical  secret-in-code" in done.stdout
    (folder / "new.py").unlink()
    assert run(folder, "--base", "HEAD").exit_code == 0


@pytest.mark.req("RV2")
def test_strange_things_in_a_folder_neither_hang_nor_hide(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with (folder / "huge.bin").open("wb") as file:
        file.truncate(40 * 2**30)
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.py")).write_text(f'KEY = "{KEY}"\n')
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "away").symlink_to("/etc")
    (folder / "\x1b[2Jclear.py").write_text("x = 1\n")
    done = run(folder)
    assert done.exit_code == 1
    assert "huge.bin has 40960.0 MiB; 5 MiB are the most" in done.stdout
    assert "link is a symbolic link" in done.stdout
    assert "away is a symbolic link" in done.stdout
    assert "the name is not UTF-8" in done.stdout
    assert "secret-in-code" in done.stdout
    assert "pipe" not in done.stdout
    assert "\x1b" not in done.stdout
    json.loads(run(folder, "--format", "json").stdout)
    require_valid(run(folder, "--format", "sarif").stdout)


@pytest.mark.req("RV2")
def test_what_cannot_be_read_ends_with_two(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.is_relative_to(folder):
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    done = CliRunner().invoke(root, ["review", str(folder)])
    assert done.exit_code == 2
    assert "app.py cannot be read: Permission denied" in done.stderr
    monkeypatch.setattr(Path, "read_bytes", lambda path: 1 / 0 if path.is_relative_to(folder) else read(path))
    broken = CliRunner().invoke(root, ["review", str(folder)])
    assert broken.exit_code == 2
    assert "the review failed (ZeroDivisionError" in broken.stderr
    assert "Traceback" not in broken.stderr


@pytest.mark.req("RV2")
def test_an_engine_that_fails_ends_with_two_in_every_form(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bailiwick.control.review import ReviewPool, reviewer
    from bailiwick.faces.cli import review

    (raises,) = (engine for engine in bad_engines.ENGINES if engine.name == "raises")
    monkeypatch.setattr(reviewer, "ENGINES", (raises,))
    bad = {"registry": f"{bad_engines.__name__}:ENGINES", "more_paths": (str(Path(__file__).parents[3]),)}
    monkeypatch.setattr(review, "_pool", lambda _: ReviewPool(**bad))
    for form in ("text", "json", "sarif"):
        done = CliRunner().invoke(root, ["review", str(folder), "--format", form])
        assert done.exit_code == 2
        assert "could not review: raises failed: ValueError" in done.stderr
    (invocation,) = require_valid(done.stdout)["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "raises failed: ValueError"


@pytest.mark.req("RV2")
def test_sarif_holds_what_the_standard_asks_for(folder: Path) -> None:
    (folder / "a b#é.py").write_text(f'KEY = "{KEY}"\nimport os\nos.system(KEY + input())\n')
    (folder / "bailiwick.toml").write_text("[app\n")
    log = require_valid(run(folder, "--format", "sarif").stdout)
    (one,) = log["runs"]
    assert one["tool"]["driver"]["name"] == "Bailiwick"
    assert any("codeFlows" in result for result in one["results"])
    assert "a%20b%23%C3%A9.py" in {
        item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for item in one["results"]
    }
