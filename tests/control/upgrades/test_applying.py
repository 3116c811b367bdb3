"""Upgrades of a real installation to real bundles: to their end, or back by themselves."""

import json
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from click.testing import Result

from bailiwick.control.upgrades.bundling import migrations_in, write_channel
from bailiwick.core.clock import utc_now
from tests.control.exporters.certificates import Certificates
from tests.fixtures.https_server import https_server
from tests.fixtures.installation import Installation
from tests.fixtures.releases import BAD_MIGRATION, NEXT, REPOSITORY, Releases

pytestmark = [pytest.mark.req("DG6", "AI4"), pytest.mark.timeout(900), pytest.mark.long]
MIGRATIONS = "src/bailiwick/store/migrations/versions"


@pytest.fixture
def upgradable(installation: Installation, releases: Releases) -> Installation:
    """An installation that takes releases which two of three keys signed."""
    settings = yaml.safe_load(installation.config.read_text())
    settings["upgrades"] = {
        "keys": [key.public_text for key in releases.keys],
        "threshold": 2,
        "environments": str(installation.folder / "environments"),
    }
    installation.config.write_text(yaml.safe_dump(settings))
    return installation


def environments(installation: Installation) -> Path:
    return installation.folder / "environments"


def apply(installation: Installation, bundle: Path) -> Result:
    return installation.run("upgrade", "apply", bundle, "--json")


def state_of(installation: Installation) -> tuple[object, ...]:
    """Return what an upgrade that went back must leave as it was."""
    with psycopg.connect(installation.database_url) as connection:
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        apps = connection.execute("SELECT path, owner FROM apps").fetchall()
        half = connection.execute("SELECT to_regclass('half_way')").fetchone()
    key = (installation.state / "vault.key").read_bytes()
    return version, apps, half, key


def actions(installation: Installation) -> list[str]:
    with psycopg.connect(installation.database_url) as connection:
        return [row[0] for row in connection.execute("SELECT action FROM audit_events ORDER BY sequence")]


def test_a_good_release_is_tried_and_then_in_use_and_can_be_taken_back(
    upgradable: Installation, releases: Releases
) -> None:
    bundle = releases.bundle("good", releases.wheel("good"))
    before = state_of(upgradable)
    shown = upgradable.run("upgrade", "show", bundle)
    assert "Bailiwick 0.2.0" in shown.stdout
    assert "new telemetry: none" in shown.stdout
    done = apply(upgradable, bundle)
    assert done.exit_code == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["step"] == "done"
    current = environments(upgradable) / "current"
    assert current.resolve().name == NEXT
    said = subprocess.run([current / "bin/bailiwick", "upgrade", "status", "--config", upgradable.config],
                          check=True, capture_output=True, text=True)  # fmt: skip
    assert said.stdout.startswith("0.2.0 is installed\nupgrade from 0.1.0 to 0.2.0: done")
    assert actions(upgradable)[-3:].count("upgrade.applied") == 1
    with upgradable.served(python=str(current / "bin/python")):
        pass
    asked = upgradable.run("upgrade", "back")
    assert asked.exit_code == 1
    assert "would be lost" in asked.stderr
    back = upgradable.run("upgrade", "back", "--lose-what-came-after")
    assert back.exit_code == 0, back.stderr
    assert state_of(upgradable) == before
    assert "upgrade.went-back" in actions(upgradable)
    assert current.resolve() == Path(sys.prefix).resolve()


def test_a_release_comes_from_a_channel_over_https(
    upgradable: Installation, releases: Releases, tmp_path: Path
) -> None:
    folder, certificates = tmp_path / "stable", Certificates(tmp_path / "certificates")
    folder.mkdir()
    bundle = shutil.copy(releases.bundle("good", releases.wheel("good")), folder / "bailiwick-0.2.0.bundle")
    write_channel(folder, 1, utc_now() + timedelta(days=1), [(NEXT, bundle)], releases.keys)

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *of: Any) -> None:
            super().__init__(*of, directory=str(tmp_path))

    with https_server(Handler, certificates) as address:
        settings = yaml.safe_load(upgradable.config.read_text())
        settings["upgrades"]["channel"] = f"{address}/stable"
        upgradable.config.write_text(yaml.safe_dump(settings))
        refused = upgradable.run("upgrade", "check")
        assert "not one that is trusted here" in refused.stderr
        settings["upgrades"]["ca_file"] = str(certificates.ca)
        upgradable.config.write_text(yaml.safe_dump(settings))
        assert "0.2.0" in upgradable.run("upgrade", "check").stdout
        done = upgradable.run("upgrade", "apply", "--json")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["step"] == "done"
    assert (environments(upgradable) / "current").resolve().name == NEXT


def test_a_migration_that_fails_brings_everything_back(upgradable: Installation, releases: Releases) -> None:
    last = migrations_in(REPOSITORY / MIGRATIONS)[-1][0]
    wheel = releases.wheel("bad-migration", changes={f"{MIGRATIONS}/9999_bad.py": BAD_MIGRATION.format(last=last)})
    before = state_of(upgradable)
    done = apply(upgradable, releases.bundle("bad-migration", wheel))
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert told["step"] == "went-back"
    assert "division by zero" in told["problem"]
    assert state_of(upgradable) == before
    assert not (environments(upgradable) / "current").exists()
    with upgradable.served():
        assert actions(upgradable).count("upgrade.went-back") == 1


def test_a_server_that_does_not_come_up_brings_everything_back(upgradable: Installation, releases: Releases) -> None:
    server = (REPOSITORY / "src/bailiwick/faces/server.py").read_text()
    broken = {"src/bailiwick/faces/server.py": server + '\n\nraise SystemExit("this version is broken")\n'}
    before = state_of(upgradable)
    done = apply(upgradable, releases.bundle("broken", releases.wheel("broken", changes=broken)))
    told = json.loads(done.stdout)
    assert (done.exit_code, told["step"]) == (1, "went-back")
    assert "this version is broken" in told["problem"]
    assert state_of(upgradable) == before


def test_a_release_that_would_move_a_setting_is_not_taken(upgradable: Installation, releases: Releases) -> None:
    settings = (REPOSITORY / "src/bailiwick/control/settings.py").read_text()
    moved = settings.replace("max_push_bytes: int = 50 * 2**20", "max_push_bytes: int = 500 * 2**20")
    assert moved != settings
    wheel = releases.wheel("moving", changes={"src/bailiwick/control/settings.py": moved})
    done = apply(upgradable, releases.bundle("moving", wheel))
    assert done.exit_code == 1
    assert "max_push_bytes from '52428800' to '524288000'" in json.loads(done.stdout)["problem"]


@pytest.mark.parametrize("step", ["installed", "changing"])
def test_an_upgrade_that_was_killed_goes_on(upgradable: Installation, releases: Releases, step: str) -> None:
    bundle = releases.bundle("good", releases.wheel("good"))
    command = [sys.executable, "-m", "bailiwick.faces.cli.main", "upgrade", "apply", str(bundle)]
    running = subprocess.Popen([*command, "--config", str(upgradable.config)])
    journal = environments(upgradable) / "upgrade.json"
    while not journal.exists() or f'"step": "{step}"' not in journal.read_text():
        assert running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    refused = apply(upgradable, bundle)
    assert "was broken off" in refused.stderr
    deadline = time.monotonic() + 30
    while (done := upgradable.run("upgrade", "resume", "--json")).exit_code and time.monotonic() < deadline:
        time.sleep(0.5)  # until PostgreSQL has seen that the killed one's connections are gone
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["step"] == "done"
    assert "no upgrade was broken off" in upgradable.run("upgrade", "resume").stderr


def test_a_running_installation_is_not_upgraded(upgradable: Installation, releases: Releases) -> None:
    with upgradable.served():
        done = apply(upgradable, releases.bundle("good", releases.wheel("good")))
    assert done.exit_code == 1
    assert "running" in done.stderr
    assert not (environments(upgradable) / NEXT).exists()


def test_a_full_disk_leaves_the_old_version_in_use(upgradable: Installation, releases: Releases) -> None:
    bundle = releases.bundle("good", releases.wheel("good"))
    place = environments(upgradable)
    place.mkdir()
    small = ["bwrap", "--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--size", str(512 * 1024), "--tmpfs", place]
    command = [sys.executable, "-m", "bailiwick.faces.cli.main", "upgrade", "apply", bundle, "--config"]
    before = state_of(upgradable)
    done = subprocess.run([*small, *command, upgradable.config], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert state_of(upgradable) == before
    shutil.rmtree(place)
