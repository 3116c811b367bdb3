"""`bailiwick review --fix`: edits are shown, asked for, and written without touching anything else."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bailiwick.control.review import Edit, Finding, rule
from bailiwick.faces.cli.fixes import mend
from bailiwick.faces.cli.main import root

MANIFEST = '[app]  # ours\nname = "desk"\npurpose = "Looks up orders"\nentrypoint = "desk:app"\n'
CODE = """from urllib.request import urlopen


def app():
    urlopen("https://one.other.example/x", timeout=9)
    return urlopen("https://two.other.example/x", timeout=9)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAILIWICK_ADVISORIES", str(tmp_path / "none.sqlite"))
    place = tmp_path / "desk"
    place.mkdir()
    (place / "bailiwick.toml").write_text(MANIFEST)
    (place / "desk.py").write_text(CODE)
    return place


@pytest.mark.req("RV4")
def test_every_edit_is_written_with_yes_and_the_review_is_clean_then(folder: Path) -> None:
    before = CliRunner().invoke(root, ["review", str(folder)])
    assert before.exit_code == 1
    assert '+ allow = ["one.other.example:443"]' in before.output
    done = CliRunner().invoke(root, ["review", str(folder), "--fix", "--yes"])
    assert "undeclared-host" not in done.stdout, done.output
    written = (folder / "bailiwick.toml").read_text()
    assert written.startswith(MANIFEST)
    assert 'allow = ["one.other.example:443", "two.other.example:443"]' in written
    assert (folder / "desk.py").read_text() == CODE


@pytest.mark.req("RV4")
def test_what_is_not_agreed_to_is_not_written_and_asked_for_once(folder: Path) -> None:
    done = CliRunner().invoke(root, ["review", str(folder), "--fix"], input="n\nn\n")
    assert done.exit_code == 1
    assert done.output.count("write this edit?") == 2
    assert (folder / "bailiwick.toml").read_text() == MANIFEST


def test_an_edit_leaves_no_folder_and_follows_no_link(folder: Path) -> None:
    outside = folder.parent / "outside.txt"
    outside.write_text("kept\n")
    (folder / "link.txt").symlink_to(outside)
    for path in ("../outside.txt", "link.txt", "not-there.txt", str(outside)):
        finding = Finding(rule("undeclared-host"), path, 1, "x", edit=Edit(path, 1, 1, "gone"))
        assert mend(folder, [finding], lambda _finding, _text: True) == 0
    assert outside.read_text() == "kept\n"


def test_line_ends_stay_what_they_are(folder: Path) -> None:
    (folder / "a.txt").write_bytes(b"one\r\ntwo\r\nthree")
    edits = [Edit("a.txt", 2, 2, "2"), Edit("a.txt", 4, 3, "four"), Edit("a.txt", 2, 2, "later")]
    findings = [Finding(rule("undeclared-host"), "a.txt", 1, "x", edit=edit) for edit in edits]
    assert mend(folder, findings, lambda _finding, _text: True) == 2
    assert (folder / "a.txt").read_bytes() == b"one\r\n2\r\nthree\r\nfour\r\n"
