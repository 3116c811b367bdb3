"""Bundles are made of a built wheel and a lock file, and say what is new by comparing with the version before."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bailiwick.control.upgrades import Trust, read_release
from bailiwick.faces.cli.main import root
from tests.fixtures.releases import NEXT, REPOSITORY, Releases

pytestmark = pytest.mark.req("DG6")
LOCK = REPOSITORY / "requirements.lock"
SETTINGS = "src/bailiwick/control/settings.py"
NEW_SETTINGS = """
    new_number: int = Field(default=1, description="How many there are.")
    telemetry: Listen | None = None
    trial: bool ="""


@pytest.fixture(scope="module")
def wheel(releases: Releases) -> Path:
    settings = (REPOSITORY / SETTINGS).read_text()
    changes = {
        SETTINGS: settings.replace("\n    trial: bool =", NEW_SETTINGS),
        "src/bailiwick/store/migrations/versions/9998_next.py": '"""Adds what comes next."""\n',
    }
    return releases.wheel("with-news", changes=changes)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(root, ["upgrade", *map(str, arguments)])


def made(wheel: Path, folder: Path, *more: object, lock: Path = LOCK) -> Result:
    options = ("--previous", REPOSITORY / "src", "--lock", lock, "--out", folder / "next.bundle")
    return run("make-bundle", wheel, *options, "--key", folder / "1.key", *more)


@pytest.fixture
def keys(tmp_path: Path) -> list[str]:
    """Two keys of whoever releases, as files; returned are their public halves."""
    return [run("make-key", tmp_path / f"{number}.key").stdout.strip() for number in (1, 2)]


def test_a_bundle_of_a_wheel_says_what_is_new_and_counts_by_its_keys(
    wheel: Path, keys: list[str], tmp_path: Path
) -> None:
    done = made(wheel, tmp_path, "--key", tmp_path / "2.key", "--notes", "Read this.", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["version"] == NEXT
    assert told["migrations"] == [{"name": "9998", "says": "Adds what comes next."}]
    assert told["settings"] == [{"name": "new_number", "says": "How many there are."}]
    assert [item["name"] for item in told["telemetry"]] == ["telemetry"]
    release = read_release(tmp_path / "next.bundle", Trust(keys, 2))
    assert (release.version, release.notes, release.wheels[0].name) == (NEXT, "Read this.", wheel.name)
    assert release.requirements["cryptography"]


def test_keys_are_private_and_never_written_over(keys: list[str], tmp_path: Path) -> None:
    assert (tmp_path / "1.key").stat().st_mode & 0o077 == 0
    before = (tmp_path / "1.key").read_text()
    again = run("make-key", tmp_path / "1.key")
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)
    assert (tmp_path / "1.key").read_text() == before


def test_what_does_not_fit_is_refused_in_words(wheel: Path, keys: list[str], tmp_path: Path) -> None:
    other = tmp_path / "other.lock"
    other.write_text(LOCK.read_text().replace("cryptography==", "cryptography==1"))
    refused = made(wheel, tmp_path, lock=other)
    assert refused.exit_code == 1
    assert "other.lock pins 1" in refused.stderr
    stranger = tmp_path / "cryptography-1-py3-none-any.whl"
    stranger.write_bytes(b"another package")
    assert "has none of the hashes" in made(wheel, tmp_path, "--bring", stranger).stderr
    assert "is no wheel" in made(stranger, tmp_path).stderr
    (tmp_path / "3.key").write_text("hunter2")
    refused = made(wheel, tmp_path, "--key", tmp_path / "3.key")
    assert "holds no key" in refused.stderr
    assert "hunter2" not in refused.output
    assert not (tmp_path / "next.bundle").exists()
