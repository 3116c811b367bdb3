"""What an organisation says of packages, and invented names."""

from datetime import date
from pathlib import Path

import pytest

from bailiwick.control.review import Change, Finding, PackagePolicy, Severity, Surroundings
from bailiwick.control.review.engines.packages import check, names
from bailiwick.core.artifacts import TreeFile

HASH = "--hash=sha256:" + "a" * 64
DAY = date(2026, 11, 28)


def found(files: dict[str, str], policy: PackagePolicy | None = None, day: date = DAY) -> list[Finding]:
    tree = tuple(TreeFile(path, text.encode()) for path, text in files.items())
    around = Surroundings(day=day, packages=policy or PackagePolicy())
    return [item for item in check.check(Change("t", (), tree), around) if item.rule.id != "advisories-missing"]


def locked(name: str) -> dict[str, str]:
    return {"requirements.lock": f"{name}==1.0 {HASH}\n"}


@pytest.mark.req("RV5")
def test_a_name_that_the_public_index_does_not_have_is_an_invention() -> None:
    (item,) = found(locked("fastapi-quantum-session-helper"))
    assert (item.rule.id, item.severity) == ("package-unknown", Severity.MEDIUM)
    (item,) = found(locked("fastapi-quantum-session-helper"), day=date(2028, 1, 1))
    assert item.severity == Severity.LOW
    assert found(locked("flask-cors")) == []


@pytest.mark.req("RV5")
def test_the_organisations_own_list_of_names_goes_before_the_public_one(tmp_path: Path) -> None:
    listed = tmp_path / "names.txt"
    listed.write_text("# made by hand\nflask\nOur_Tools\nnpm:express\n")
    policy = PackagePolicy(index=str(listed))
    assert found(locked("our-tools"), policy) == []
    (item,) = found(locked("flask-cors"), policy)
    assert (item.rule.id, item.severity) == ("package-unknown", Severity.HIGH)
    npm = '{"packages": {"node_modules/NAME": {"version": "1.0.0", "integrity": "sha512-x"}}}'
    assert found({"package-lock.json": npm.replace("NAME", "express")}, policy) == []
    (item,) = found({"package-lock.json": npm.replace("NAME", "left-pad")}, policy)
    assert item.rule.id == "package-unknown"


@pytest.mark.req("RV5")
def test_an_internal_name_from_the_public_registry_is_a_strangers() -> None:
    entry = '{"packages": {"node_modules/@acme/ui": {"version": "1.0.0", "integrity": "sha512-x", "resolved": "URL"}}}'
    policy = PackagePolicy(internal=("@acme/",), indexes=frozenset({"npm.acme.example"}))
    public = entry.replace("URL", "https://registry.npmjs.org/@acme/ui/-/ui-1.0.0.tgz")
    own = entry.replace("URL", "https://npm.acme.example/@acme/ui/-/ui-1.0.0.tgz")
    assert [item.rule.id for item in found({"package-lock.json": public}, policy)] == ["package-internal-name"]
    assert found({"package-lock.json": own}, policy) == []
    assert [item.rule.id for item in found({"package-lock.json": own})] == ["package-not-from-index"]


@pytest.mark.req("RV5")
def test_a_version_that_came_out_yesterday_waits_where_policy_says_so() -> None:
    sdist = 'sdist = { hash = "sha256:aa", upload-time = "2026-11-25T00:00:00Z" }'
    lock = f'[[package]]\nname = "flask"\nversion = "3.0.0"\n{sdist}\n'
    rules = [item.rule.id for item in found({"uv.lock": lock}, PackagePolicy(least_days=7))]
    assert "package-too-young" in rules
    assert "package-too-young" not in [item.rule.id for item in found({"uv.lock": lock}, PackagePolicy(least_days=2))]
    assert "package-too-young" not in [item.rule.id for item in found({"uv.lock": lock})]


@pytest.mark.req("RV5")
def test_an_install_script_of_a_well_known_package_is_said_and_blocks_nothing() -> None:
    entry = '{"version": "1.0.0", "integrity": "sha512-x", "hasInstallScript": true}'
    lock = f'{{"packages": {{"node_modules/esbuild": {entry}}}}}'
    (item,) = found({"package-lock.json": lock})
    assert (item.rule.id, item.severity) == ("package-install-script", Severity.LOW)


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("flask", "flask", 0), ("flask", "falsk", 1), ("flask", "flas", 1), ("flask", "flaskk", 1), ("abcd", "badc", 2)],
)
def test_slips_are_counted(one: str, other: str, slips: int) -> None:
    assert names.distance(one, other) == slips


@pytest.mark.req("RV5")
@pytest.mark.parametrize(
    "name", ["tensorflow-gpu", "nvidia-nccl-cu15", "flask-cors", "pydantic-settings", "types-pyyaml"]
)
def test_members_of_a_family_are_no_look_alikes(name: str) -> None:
    assert names.look_alike("PyPI", name) == ""


@pytest.mark.req("RV4")
def test_an_import_that_nothing_brings_is_offered_as_a_line_of_requirements() -> None:
    files = {
        "bailiwick.toml": '[app]\nname = "desk"\npurpose = "Looks up orders"\nentrypoint = "desk:app"\n',
        "desk.py": "import yaml\napp = yaml\n",
        "requirements.in": "flask\n",
        **locked("flask"),
    }
    items = {item.rule.id: item for item in found(files)}
    edit = items["undeclared-package"].edit
    assert edit is not None
    assert (edit.path, edit.first, edit.last, edit.text) == ("requirements.in", 2, 1, "pyyaml")


@pytest.mark.req("RV4")
def test_an_import_that_no_entrypoint_reaches_blocks_nothing() -> None:
    files = {
        "bailiwick.toml": '[app]\nname = "desk"\npurpose = "Looks up orders"\nentrypoint = "desk:app"\n',
        "desk.py": "import flask\napp = flask\n",
        "tools/check.py": "import requests\n",
        **locked("flask"),
    }
    (item,) = found(files)
    assert (item.rule.id, item.severity) == ("undeclared-package", Severity.LOW)
    reaching = {**files, "desk.py": "import importlib\nimport flask\napp = importlib.import_module('tools.check')\n"}
    (item,) = found(reaching)
    assert item.severity == Severity.HIGH


@pytest.mark.req("RV5", "RT7")
def test_an_app_on_node_is_asked_for_the_lock_file_that_is_installed_from() -> None:
    manifest = '[app]\nname = "desk"\npurpose = "Looks up orders"\nentrypoint = "server.js"\nruntime = "node20"\n'
    files = {
        "bailiwick.toml": manifest,
        "package.json": '{"dependencies": {"express": "4.22.3"}}',
        "yarn.lock": f'express@4.22.3:\n  version "4.22.3"\n  integrity sha512-{"a" * 86}==\n',
    }
    (item,) = [item for item in found(files) if item.rule.id == "dependencies-not-locked"]
    assert (item.path, item.message) == (
        "package.json",
        "there is no package-lock.json beside it, from which the packages of an app on Node are installed",
    )
    on_python = {**files, "bailiwick.toml": manifest.replace("node20", "python3").replace("server.js", "a:b")}
    assert "dependencies-not-locked" not in {item.rule.id for item in found(on_python)}
