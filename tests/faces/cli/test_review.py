"""`bailiwick review` as people and pipelines call it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.company import MANIFEST

BAILIWICK = str(Path(sys.executable).parent / "bailiwick")
KEY = "AKIA" + "Q3EGRIFKLT7ZVWXN"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [BAILIWICK, "review", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


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
    assert run(folder).returncode == 0
    (folder / "app.py").write_text('app = 1\ndef f(db, n):\n    db.execute(f"SELECT {n}")\n')
    bad = run(folder)
    assert bad.returncode == 1
    assert "app.py:3  high  sql-built-from-strings" in bad.stdout
    assert run(folder, "--fail-on", "critical").returncode == 0
    sarif = json.loads(run(folder, "--format", "sarif").stdout)
    (result,) = sarif["runs"][0]["results"]
    assert result["ruleId"] == "sql-built-from-strings"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 3


@pytest.mark.req("RV2", "RV3")
def test_a_range_shows_what_commits_hold_and_no_longer_show(folder: Path) -> None:
    git(folder, "tag", "before")
    (folder / "settings.py").write_text(f'KEY = "{KEY}"\n')
    git(folder, "add", "--all")
    git(folder, "commit", "--message", "second")
    (folder / "settings.py").write_text("KEY = None\n")
    git(folder, "commit", "--all", "--message", "third")
    assert run(folder).returncode == 0
    found = run(folder, "--base", "before", "--format", "json")
    assert found.returncode == 1
    (finding,) = json.loads(found.stdout)["findings"]
    assert (finding["rule"], finding["path"], finding["line"]) == ("secret-in-code", "settings.py", 1)
    assert len(finding["commit"]) == 40
    assert KEY not in found.stdout
    assert run(folder, "--base", "HEAD").returncode == 0


@pytest.mark.req("RV2")
def test_what_cannot_be_reviewed_ends_with_two_and_says_why(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    unknown = run(folder, "--base", "no-such-branch")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "has no revision 'no-such-branch'" in unknown.stderr
    plain = run(tmp_path_factory.mktemp("plain"), "--base", "main")
    assert plain.returncode == 2
    assert "must be a git checkout" in plain.stderr
    assert run(folder / "nowhere").returncode == 2
    assert run(folder, "--base=--output=/tmp/x").returncode == 2
    assert run(folder, "--format", "xml").returncode == 2


@pytest.mark.req("RV4")
def test_a_folder_without_a_manifest_is_told_what_to_add(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("app = 1\n")
    done = run(tmp_path)
    assert done.returncode == 1
    assert "add bailiwick.toml at the root" in done.stdout
