"""Backups: of a running control plane, whole or not at all, and back into an empty installation."""

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import psycopg
import pytest
import yaml
from click.testing import Result

from bailiwick.control.audit import AuditLog
from bailiwick.control.vault import KeyOptions, LocalFileOptions, Vault, open_keys
from bailiwick.core.clock import utc_now
from tests.fixtures.company import APP, Company
from tests.fixtures.installation import Installation, lay_out
from tests.fixtures.softhsm import Hsm

pytestmark = pytest.mark.req("DG6")


def back_up(installation: Installation, target: Path) -> Path:
    done = installation.run("backup", target, "--passphrase-file", installation.passphrase)
    assert done.exit_code == 0, done.stderr
    return target


def restore(target: Installation, backup: Path, *more: object) -> Result:
    return target.run("restore", backup, "--passphrase-file", target.passphrase, *more)


@pytest.fixture
def backup(installation: Installation, tmp_path: Path) -> Path:
    return back_up(installation, tmp_path / "monday.bw")


def test_what_was_backed_up_while_it_ran_runs_again_somewhere_else(
    installation: Installation, empty: Installation, company: Company, tmp_path: Path
) -> None:
    with installation.served():
        backup = back_up(installation, tmp_path / "monday.bw")
    done = restore(empty, backup, "--json")
    assert done.exit_code == 0, done.stderr + done.stdout
    told = json.loads(done.stdout)
    assert told["problems"] == []
    assert told["repositories"] == 1
    assert told["events"] > 5
    (repository,) = (empty.state / "repositories").iterdir()
    head = subprocess.run(
        ["git", "--git-dir", repository, "log", "--format=%s", "main"], check=False, capture_output=True, text=True
    )
    assert head.stdout == "change\n"
    with empty.served(), psycopg.connect(empty.database_url) as connection:
        assert connection.execute("SELECT path FROM apps").fetchall() == [(APP,)]
        actions = connection.execute(
            "SELECT action, actor FROM audit_events ORDER BY sequence DESC LIMIT 30"
        ).fetchall()
    assert "backup.restored" in {action for action, _ in actions}
    assert next(actor for action, actor in actions if action == "backup.restored").startswith("operator:")


def test_whoever_was_signed_in_when_the_backup_was_made_is_not_afterwards(
    installation: Installation, empty: Installation, backup: Path
) -> None:
    with psycopg.connect(installation.database_url) as before:
        epochs = dict(before.execute("SELECT email, epoch FROM people").fetchall())
    assert restore(empty, backup).exit_code == 0
    with psycopg.connect(empty.database_url) as after:
        assert all(epoch > epochs[email] for email, epoch in after.execute("SELECT email, epoch FROM people"))


def test_a_backup_holds_no_key_in_the_clear_and_is_its_owners_only(installation: Installation, backup: Path) -> None:
    assert (installation.state / "vault.key").read_bytes() not in backup.read_bytes()
    assert backup.stat().st_mode & 0o777 == 0o600
    with tarfile.open(backup) as archive:
        names = archive.getnames()
    assert "state/vault.key" not in names
    assert not [name for name in names if name.startswith("state/door")]


def test_a_backup_without_the_key_needs_a_copy_of_it(
    installation: Installation, empty: Installation, tmp_path: Path
) -> None:
    assert installation.run("backup", tmp_path / "k.bw", "--without-key").exit_code == 0
    refused = restore(empty, tmp_path / "k.bw")
    assert refused.exit_code == 1
    assert "without the vault's key" in refused.stderr
    key = shutil.copy(installation.state / "vault.key", tmp_path / "kept.key")
    assert empty.run("restore", tmp_path / "k.bw", "--key-file", key).exit_code == 0
    assert (empty.state / "vault.key").read_bytes() == Path(key).read_bytes()


def test_another_passphrase_and_another_installations_key_are_refused(
    installation: Installation, empty: Installation, backup: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("another passphrase, as long\n")
    assert "does not open" in empty.run("restore", backup, "--passphrase-file", wrong).stderr
    other = tmp_path / "other.key"
    other.write_bytes(bytes(32))
    done = empty.run("restore", backup, "--key-file", other)
    assert "not made by the installation" in done.stderr
    assert not empty.state.exists()


def test_what_is_here_is_written_over_only_when_told_so_and_then_kept_aside(
    installation: Installation, backup: Path
) -> None:
    with psycopg.connect(installation.database_url) as connection:
        connection.execute("UPDATE apps SET owner = 'user:later@example.com'")
    refused = restore(installation, backup)
    assert refused.exit_code == 1
    assert "an installation is here already" in refused.stderr
    assert restore(installation, backup, "--replace").exit_code == 0
    with psycopg.connect(installation.database_url) as connection:
        assert connection.execute("SELECT owner FROM apps").fetchall() == [("user:builder@example.com",)]
    (aside,) = installation.state.glob(".replaced-*")
    assert (aside / "repositories").is_dir()


def test_a_running_installation_is_not_restored_over(installation: Installation, backup: Path) -> None:
    with installation.served():
        done = restore(installation, backup, "--replace")
    assert done.exit_code == 1
    assert "running" in done.stderr


def test_a_backup_that_was_cut_or_changed_is_refused_before_anything_is_touched(
    empty: Installation, backup: Path, tmp_path: Path
) -> None:
    broken = {}
    whole = backup.read_bytes().rstrip(b"\0")
    for share in (0.0, 0.3, 0.9, 0.999):
        broken[f"cut at {share}"] = tmp_path / f"cut-{share}.bw"
        broken[f"cut at {share}"].write_bytes(whole[: int(len(whole) * share)])
    for what in ("database", "state", "manifest", "key", "added", "left out", "climbing"):
        broken[what] = tmp_path / f"{what}.bw"
        forge(backup, broken[what], what)
    for what, file in broken.items():
        done = restore(empty, file)
        assert done.exit_code == 1, what
        assert done.stderr.startswith("error: "), (what, done.stderr)
        assert isinstance(done.exception, SystemExit), what
        assert not empty.state.exists(), what
        with psycopg.connect(empty.database_url) as connection:
            assert connection.execute("SELECT to_regclass('apps')").fetchone() == (None,), what


def forge(backup: Path, target: Path, what: str) -> None:
    import io

    with tarfile.open(backup) as source, tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as result:
        members = source.getmembers()
        victim = (
            next(item for item in members if item.name.startswith("state/" if what == "left out" else what[:5]))
            if what not in {"added", "climbing"}
            else None
        )
        for member in members:
            file = source.extractfile(member)
            assert file is not None
            content = file.read()
            if member is victim:
                if what == "left out":
                    continue
                content = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
            if member.name == "manifest.json" and what in {"added", "climbing"}:
                extra = tarfile.TarInfo("state/more" if what == "added" else "state/../../more")
                extra.size = 4
                result.addfile(extra, io.BytesIO(b"more"))
            result.addfile(member, io.BytesIO(content))


def test_a_full_disk_leaves_nothing_and_says_so(installation: Installation) -> None:
    small = ["bwrap", "--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--size", str(16 * 1024), "--tmpfs", "/mnt"]
    command = [sys.executable, "-m", "bailiwick.faces.cli.main", "backup", "/mnt/full.bw", "--without-key"]
    words = " ".join([*command, "--config", str(installation.config)])
    done = subprocess.run(
        [*small, "sh", "-c", f"{words}; echo code $?; ls -A /mnt"], check=False, capture_output=True, text=True
    )
    assert done.stdout == "code 1\n"
    assert "No space left on device" in done.stderr
    assert "nothing is left of it" in done.stderr


def test_a_full_disk_while_restoring_leaves_the_database_as_it_was(
    installation: Installation, empty: Installation, backup: Path
) -> None:
    small = ["bwrap", "--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--size", str(16 * 1024), "--tmpfs", "/mnt"]
    there = lay_out(empty.folder, empty.database_url, Path("/mnt/state"))
    command = [sys.executable, "-m", "bailiwick.faces.cli.main", "restore", str(backup)]
    more = ["--passphrase-file", str(there.passphrase), "--config", str(there.config)]
    done = subprocess.run([*small, *command, *more], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    with psycopg.connect(empty.database_url) as connection:
        assert connection.execute("SELECT to_regclass('apps')").fetchone() == (None,)


def test_a_backup_replaces_no_other_and_wants_a_word_about_the_key(installation: Installation, backup: Path) -> None:
    before = backup.read_bytes()
    done = installation.run("backup", backup, "--without-key")
    assert "is there already" in done.stderr
    assert backup.read_bytes() == before
    assert "what becomes of the vault's key" in installation.run("backup", "other.bw").stderr


def test_main_goes_back_to_the_last_push_that_the_database_knows(
    company: Company, installation: Installation, empty: Installation, tmp_path: Path
) -> None:
    with company.control.store.transaction() as session:
        repository = company.control.source.repository(company.control.catalog.app(session, APP))
    # A push that comes in after the database's moment, and before its files are read.
    tip = ["git", "--git-dir", repository, "rev-parse", "main"]
    known = subprocess.run(tip, capture_output=True, text=True, check=True).stdout.strip()
    made = ["-c", "user.name=x", "-c", "user.email=x@example.com", "commit-tree", f"{known}^{{tree}}", "-p", known]
    later = subprocess.run(
        ["git", "--git-dir", repository, *made, "-m", "later"], check=False, capture_output=True, text=True
    )
    subprocess.run(["git", "--git-dir", repository, "update-ref", "refs/heads/main", later.stdout.strip()], check=True)
    assert restore(empty, back_up(installation, tmp_path / "b.bw")).exit_code == 0
    (restored,) = (empty.state / "repositories").iterdir()
    tip[2] = str(restored)
    assert subprocess.run(tip, capture_output=True, text=True, check=True).stdout.strip() == known


def test_the_key_is_found_again_where_a_restore_was_killed_while_it_moved_files(tmp_path: Path) -> None:
    from bailiwick.control.backup import find_key

    older, newer = tmp_path / ".replaced-20260101-000000", tmp_path / ".replaced-20260102-000000"
    for folder in (older, newer, tmp_path / ".restoring", tmp_path):
        folder.mkdir(exist_ok=True)
        (folder / "vault.key").touch()
    for expected in (tmp_path, tmp_path / ".restoring", newer, older, tmp_path):
        assert find_key(tmp_path) == expected / "vault.key"
        (expected / "vault.key").unlink(missing_ok=True)


def _hold_keys_on(hsm: Hsm, installation: Installation) -> None:
    settings = yaml.safe_load(installation.config.read_text())
    settings["vault_keys"] = {"present": hsm.options().model_dump(mode="json", exclude_none=True)}
    installation.config.write_text(yaml.safe_dump(settings))


@pytest.mark.req("VA4")
def test_an_installation_whose_key_is_on_an_hsm_is_backed_up_without_it_and_restored_where_it_is(
    company: Company, installation: Installation, empty: Installation, hsm: Hsm, tmp_path: Path
) -> None:
    both = open_keys(KeyOptions(present=hsm.options(), previous=LocalFileOptions()), installation.state)
    store = company.control.store
    with store.transaction() as session:
        Vault(store, both, AuditLog(), utc_now).keys.wrap_anew(session)
    store.dispose()
    for place in (installation, empty):
        _hold_keys_on(hsm, place)
    backup = tmp_path / "hsm.bw"
    refused = installation.run("backup", backup, "--passphrase-file", installation.passphrase)
    assert refused.exit_code == 1
    assert "cannot be taken along" in refused.stderr
    done = installation.run("backup", backup, "--without-key")
    assert done.exit_code == 0, done.stderr
    assert "it opens where pkcs11 gives the use of that key" in done.stdout
    restored = empty.run("restore", backup, "--json")
    assert restored.exit_code == 0, restored.stderr + restored.stdout
    assert json.loads(restored.stdout)["problems"] == []
    assert not (empty.state / "vault.key").exists()
    hsm.delete_key()
    gone = empty.run("restore", backup, "--check")
    assert gone.exit_code == 1
    assert "was destroyed" in gone.stderr
