"""A release is checked from the command line: with a server, and without one."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP
from tests.fixtures.releasing import released


def exported(command_line: CommandLine, folder: Path) -> tuple[Path, Path]:
    """Export what is in production, and the keys; return both files."""
    bundle, keys = folder / "release.tar", folder / "keys.json"
    assert command_line.run("builder", "attest", "export", APP, "--out", bundle).exit_code == 0
    keys.write_text(command_line.run("user", "key", "list", "--json").stdout)
    return bundle, keys


@pytest.mark.req("DG7", "VA3")
def test_a_bundle_is_verified_without_a_server(command_line: CommandLine, tmp_path: Path) -> None:
    release = released(command_line.company)
    bundle, keys = exported(command_line, tmp_path)
    offline = CommandLine(command_line.company, "http://127.0.0.1:1")
    done = offline.run("user", "attest", "verify", bundle, "--keys", keys)
    assert done.exit_code == 0, done.output
    for words in ("verified:", f"of {APP}, written by user:builder@example.com", "approval   by user:admin@example.com",
                  "looked at it", "no advisory database: 0 known vulnerabilities, findings: 1 low",
                  f"artefact   {release} for production"):  # fmt: skip
        assert words in done.stdout
    with tarfile.open(bundle) as archive:
        archive.extractall(tmp_path / "layout", filter="data")
    told = json.loads(offline.run("user", "attest", "verify", tmp_path / "layout", "--keys", keys, "--json").stdout)
    assert told["verified"]
    assert told["approvers"] == ["user:admin@example.com"]
    other = offline.run("user", "attest", "verify", bundle, "--keys", keys, "--app", "finance/other")
    assert (other.exit_code, "is not about finance/other" in other.stdout) == (1, True)


@pytest.mark.req("DG7")
def test_what_runs_is_verified_by_the_path_of_its_app(command_line: CommandLine) -> None:
    released(command_line.company)
    done = command_line.run("builder", "attest", "verify", APP)
    assert done.exit_code == 0, done.output
    assert "the keys came from the one who is checked" in done.stdout


@pytest.mark.req("DG7")
def test_a_changed_bundle_is_not_verified_and_one_that_cannot_be_read_is_not_checked(
    command_line: CommandLine, tmp_path: Path
) -> None:
    released(command_line.company)
    bundle, keys = exported(command_line, tmp_path)
    forged = tmp_path / "forged.tar"
    forged.write_bytes(bundle.read_bytes().replace(b"app = 1", b"app = 6"))
    done = command_line.run("user", "attest", "verify", forged, "--keys", keys)
    assert (done.exit_code, "NOT VERIFIED: the blob" in done.stdout) == (1, True)
    nonsense = tmp_path / "nonsense.tar"
    nonsense.write_bytes(b"not a bundle")
    assert command_line.run("user", "attest", "verify", nonsense, "--keys", keys).exit_code == 1
    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w").close()
    nonsense.write_bytes(empty.getvalue())
    assert (
        "the bundle has no index.json" in command_line.run("user", "attest", "verify", nonsense, "--keys", keys).stdout
    )
    assert command_line.run("user", "attest", "verify", bundle, "--keys", nonsense).exit_code == 2
    assert command_line.run("user", "attest", "verify", bundle, "--keys", tmp_path / "none").exit_code == 2
    assert command_line.run("user", "attest", "verify", "finance/none").exit_code == 2


@pytest.mark.req("DG7")
def test_a_key_is_replaced_and_revoked_from_the_command_line(command_line: CommandLine, tmp_path: Path) -> None:
    released(command_line.company)
    bundle, keys = exported(command_line, tmp_path)
    old = next(key["id"] for key in json.loads(keys.read_text())["keys"] if key["purpose"] == "release")
    assert command_line.run("builder", "key", "rotate", "release", "--reason", "mine").exit_code == 1
    done = command_line.run("security", "key", "rotate", "release", "--reason", "yearly", "--until", "2199-01-01")
    assert done.exit_code == 0, done.output
    assert command_line.run("builder", "attest", "verify", APP).exit_code == 0
    done = command_line.run("security", "key", "revoke", old, "--reason", "the backup was stolen")
    assert f"{APP} (production) runs on until it is stopped" in done.stdout
    done = command_line.run("builder", "attest", "verify", APP)
    assert (done.exit_code, "revoked on" in done.stdout, "the backup was stolen" in done.stdout) == (1, True, True)
    exported(command_line, tmp_path)
    assert "revoked on" in command_line.run("user", "attest", "verify", bundle, "--keys", keys).stdout
    assert command_line.run("builder", "key", "resign", "--reason", "mine").exit_code == 1
    done = command_line.run("security", "key", "resign", "--reason", "the old key was stolen")
    assert (done.exit_code, f"signed again: {APP} (production)" in done.stdout) == (0, True), done.output
    assert command_line.run("builder", "attest", "verify", APP).exit_code == 0
    assert "by the present key" in command_line.run("security", "key", "resign", "--reason", "again").stdout
    listed = command_line.run("user", "key", "list").stdout
    assert "revoked" in listed
    pem = command_line.run("user", "attest", "public-key", "release").stdout
    assert load_pem_public_key(pem.encode())
