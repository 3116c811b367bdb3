"""`bailiwick packages`: a copy of the index on a laptop and on the server, and what reviews make of it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bailiwick.faces.cli.main import root
from tests.faces.cli.conftest import CommandLine

DUMP = Path(__file__).parents[2] / "assets" / "index" / "lines.jsonl"
NPM = DUMP.with_name("packument.json")
LOCK = f"acme-tools==3.0 --hash=sha256:{'a' * 64}\n"
MANIFEST = '[app]\nname = "desk"\npurpose = "Looks up orders"\nentrypoint = "desk:app"\n'


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "own" / "index.sqlite"
    monkeypatch.setenv("BAILIWICK_INDEX", str(place))
    monkeypatch.setenv("BAILIWICK_ADVISORIES", str(tmp_path / "own" / "advisories.sqlite"))
    monkeypatch.setenv("BAILIWICK_CREDENTIALS", str(tmp_path / "none.json"))
    monkeypatch.delenv("BAILIWICK_TOKEN", raising=False)
    return place


@pytest.mark.req("RV5")
def test_an_import_without_a_server_makes_reviews_know_the_index(copy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "bailiwick.toml").write_text(MANIFEST)
    (folder / "desk.py").write_text("import acme_tools\napp = acme_tools\n")
    (folder / "requirements.lock").write_text(LOCK)
    done = CliRunner().invoke(root, ["packages", "import-index", str(DUMP)])
    assert done.exit_code == 0, done.output
    assert "6 packages taken, 0 records unreadable" in done.output
    reviewed = CliRunner().invoke(root, ["review", str(folder), "--format", "json"])
    assert reviewed.exit_code == 1, reviewed.output
    found = {item["rule"]: item for item in json.loads(reviewed.output)["findings"]}
    assert "loses orders" in found["package-withdrawn"]["message"]
    shown = CliRunner().invoke(root, ["packages", "show"])
    assert "6 packages in 8 versions" in shown.output
    added = CliRunner().invoke(root, ["packages", "import-index", "--add", "--made", "2026-01-01", str(NPM)])
    assert added.exit_code == 0, added.output
    assert "not all that the index has" in CliRunner().invoke(root, ["packages", "show"]).output


@pytest.mark.req("RV5")
def test_a_broken_dump_is_refused_in_words(copy: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"ecosystem": "PyPI", "name": "a", "licences": "MIT"}\n')
    done = CliRunner().invoke(root, ["packages", "import-index", str(broken)])
    assert done.exit_code == 1
    assert "'licences' is none of ecosystem, licence, name" in done.output
    assert not copy.exists()


@pytest.mark.req("RV5", "OB1")
def test_the_server_takes_a_dump_from_who_may_and_remembers_it(command_line: CommandLine, copy: Path) -> None:
    refused = command_line.run("builder", "packages", "import-index", DUMP)
    assert refused.exit_code == 1
    assert "none: nobody knows" in command_line.run("admin", "packages", "show").output
    before = command_line.company.control.advisories.name_of_advisories()
    done = command_line.run("security", "packages", "import-index", DUMP, NPM)
    assert done.exit_code == 0, done.output
    assert "the server has taken them too" in done.output
    rests_on = command_line.company.control.advisories.name_of_advisories()
    assert rests_on != before, "verdicts rest on it"
    assert command_line.run("security", "packages", "import-index", DUMP, NPM).exit_code == 0
    assert command_line.company.control.advisories.name_of_advisories() == rests_on, "nothing new was said"
    shown = json.loads(command_line.run("admin", "packages", "show", "--json").output)
    sources = {item["ecosystem"]: item for item in shown["sources"]}
    assert {name: item["packages"] for name, item in sources.items()} == {"PyPI": 6, "npm": 1}
    assert all(item["whole"] for item in sources.values())
    push = command_line.company.push(
        "builder", {"requirements.lock": LOCK, "app.py": "import acme_tools\napp = acme_tools\n"}
    )
    assert not push.accepted
    assert "taken back by its makers: loses orders" in "\n".join(push.lines)
    events = command_line.run("admin", "audit", "search", "action=index.imported")
    assert events.exit_code == 0, events.output
    assert "security@" in events.output
