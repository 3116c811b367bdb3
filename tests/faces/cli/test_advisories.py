"""`bailiwick advisories`: imported on a laptop and on the server, and what reviews make of it."""

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bailiwick.faces.cli.main import root
from tests.faces.cli.conftest import CommandLine

RECORDS = Path(__file__).parents[2] / "assets" / "osv"
LOCK = f"jinja2==3.1.2 --hash=sha256:{'a' * 64}\n"
MANIFEST = '[app]\nname = "desk"\npurpose = "Looks up orders"\nentrypoint = "desk:app"\n'


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "own" / "advisories.sqlite"
    monkeypatch.setenv("BAILIWICK_ADVISORIES", str(place))
    monkeypatch.setenv("BAILIWICK_CREDENTIALS", str(tmp_path / "none.json"))
    monkeypatch.delenv("BAILIWICK_TOKEN", raising=False)
    return place


@pytest.fixture
def export(tmp_path: Path) -> Path:
    place = tmp_path / "all.zip"
    with zipfile.ZipFile(place, "w") as archive:
        for path in RECORDS.glob("*.json"):
            archive.write(path, path.name)
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "desk"
    place.mkdir()
    (place / "bailiwick.toml").write_text(MANIFEST)
    (place / "desk.py").write_text("import jinja2\napp = jinja2\n")
    (place / "requirements.lock").write_text(LOCK)
    return place


@pytest.mark.req("RV5")
def test_an_import_without_a_server_makes_reviews_find_vulnerable_packages(
    database: Path, export: Path, folder: Path
) -> None:
    before = CliRunner().invoke(root, ["review", str(folder)])
    assert before.exit_code == 0
    assert "packages were not checked for known vulnerabilities" in before.output
    done = CliRunner().invoke(root, ["advisories", "import", str(export)])
    assert done.exit_code == 0, done.output
    assert "6 advisories taken" in done.output
    after = CliRunner().invoke(root, ["review", str(folder), "--format", "json"])
    assert after.exit_code == 1
    found = {item["rule"]: item for item in json.loads(after.output)["findings"]}
    assert "CVE-2024-22195" in found["package-vulnerable"]["message"]
    assert "advisories-missing" not in found
    shown = CliRunner().invoke(root, ["advisories", "show"])
    assert "PyPI" in shown.output
    assert "days old (stale)" in shown.output


@pytest.mark.req("RV5")
def test_a_broken_export_is_refused_in_words(database: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"nothing")
    done = CliRunner().invoke(root, ["advisories", "import", str(broken)])
    assert done.exit_code == 1
    assert "cannot be read" in done.output
    assert not database.exists()


@pytest.mark.req("RV5", "OB1")
def test_the_server_takes_an_import_from_who_may_and_remembers_it(
    command_line: CommandLine, database: Path, export: Path
) -> None:
    refused = command_line.run("builder", "advisories", "import", export)
    assert refused.exit_code == 1
    assert "none: packages are not checked" in command_line.run("admin", "advisories", "show").output
    done = command_line.run("security", "advisories", "import", export)
    assert done.exit_code == 0, done.output
    assert "the server has taken them too" in done.output
    shown = json.loads(command_line.run("admin", "advisories", "show", "--json").output)
    assert {item["ecosystem"]: item["advisories"] for item in shown["sources"]} == {"PyPI": 5, "npm": 1}
    around = command_line.company.control.advisories.surroundings("finance/desk")
    assert around.packages.advisories
    refused_push = command_line.company.push(
        "builder", {"requirements.lock": LOCK, "app.py": "import jinja2\napp = jinja2\n"}
    )
    assert not refused_push.accepted
    assert "CVE-2024-22195" in "\n".join(refused_push.lines)
    events = command_line.run("admin", "audit", "search", "action=advisories.imported")
    assert events.exit_code == 0, events.output
    assert "security@" in events.output
