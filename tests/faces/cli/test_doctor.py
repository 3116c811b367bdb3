"""`bailiwick doctor`: on this host, on one that lacks things, and with a database that is not there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bailiwick.faces.cli.main import root
from tests.fixtures.installation import Installation
from tests.fixtures.softhsm import PIN, Hsm

pytestmark = pytest.mark.req("DG6")


def test_a_host_that_has_everything_is_said_to(installation: Installation) -> None:
    done = installation.run("doctor", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 0, done.stdout
    assert told["good"] is True
    found = {check["name"]: check for check in told["checks"]}
    for name in ("Python", "git", "bubblewrap", "user namespaces", "seccomp", "settings", "database", "keys"):
        assert found[name]["state"] == "good", found[name]
    assert found["database"]["words"].startswith("PostgreSQL 18")
    assert {"Landlock", "control groups", "disk", "clock", "AppArmor", "time zones"} <= found.keys()
    assert found["seccomp notification"]["words"].startswith(("refused system calls are shown", "the kernel has none"))
    assert "of isolation here " in found["gVisor"]["words"]


def test_what_is_missing_is_named_with_what_to_do(tmp_path: Path) -> None:
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.20.1\n")
    old.chmod(0o755)
    command = [sys.executable, "-m", "bailiwick.faces.cli.main", "doctor"]
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert "missing  git: 2.20.1\n         apt-get install git; 2.39 or newer" in done.stdout
    assert "missing  bubblewrap: it is not installed" in done.stdout
    assert done.stdout.endswith("3 missing\n")


def test_a_database_that_does_not_answer_and_settings_for_everybody(installation: Installation) -> None:
    content = installation.config.read_text()
    installation.config.write_text(content.replace("/test_", "/nowhere_"))
    installation.config.chmod(0o644)
    done = CliRunner().invoke(root, ["doctor", "--config", str(installation.config)])
    assert done.exit_code == 1
    assert "missing  database: the database does not answer" in done.stdout
    assert f"chmod 600 {installation.config}" in done.stdout
    assert "postgres:" not in done.stdout


def _with_hsm(installation: Installation, hsm: Hsm) -> None:
    settings = yaml.safe_load(installation.config.read_text())
    settings["vault_keys"] = {"present": hsm.options().model_dump(mode="json", exclude_none=True)}
    installation.config.write_text(yaml.safe_dump(settings))


@pytest.mark.req("VA4")
def test_an_hsm_that_refuses_is_said_before_and_at_the_start_without_the_pin(
    installation: Installation, hsm: Hsm
) -> None:
    _with_hsm(installation, hsm)
    hsm.pin.write_text("wrong-pin-99")
    done = installation.run("doctor")
    assert done.exit_code == 1
    assert "missing  keys: the token 'bailiwick' refuses the PIN\n         put the right one where" in done.stdout
    hsm.pin.write_text(PIN)
    assert "missing  keys: the token 'bailiwick' holds no key" in installation.run("doctor").stdout
    # The vault was made with a file, and nobody moved it.
    started = installation.run("serve", "control")
    assert started.exit_code == 1
    assert "a key of the vault was wrapped by local-file:" in started.stderr
    assert "name the provider that wrapped it as vault_keys.previous" in started.stderr
    for told in (done.output, started.output):
        assert "wrong-pin-99" not in told
        assert PIN not in told
