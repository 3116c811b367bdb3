"""Bad input at the git door: each push is refused with words that say what to do, and nothing of it is kept."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import bailiwick.demo
from tests.journeys.conftest import Demo

APP = "finance/bad-input"
LOCK = Path(bailiwick.demo.__file__).parent / "apps" / "refund_desk" / "requirements.lock"
IDENTITY = ["-c", "user.name=x", "-c", "user.email=x@example.com"]


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, input=stdin, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.fixture(scope="module")
def app(demo: Demo) -> str:
    demo.cli("builder", "app", "create", APP)
    return APP


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "README.md").write_text("an app\n")
    return tmp_path


def commit_tree(folder: Path, listing: bytes) -> None:
    tree = git(folder, "mktree", "-z", "--missing", stdin=listing)
    git(folder, "reset", "--quiet", "--soft", git(folder, "commit-tree", tree, "-m", "x"))


def blob(folder: Path, content: bytes = b"x") -> str:
    return git(folder, "hash-object", "-w", "--stdin", stdin=content)


def symlink(folder: Path) -> None:
    (folder / "link").symlink_to("/etc/passwd")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")


def submodule(folder: Path) -> None:
    commit_tree(folder, b"160000 commit " + b"1" * 40 + b"\tmodule\0")


def strange_name(folder: Path) -> None:
    commit_tree(folder, b"100644 blob " + blob(folder).encode() + b"\tcaf\xe9.txt\0")


def broken_manifest(folder: Path) -> None:
    (folder / "bailiwick.toml").write_text("[app\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")


def unknown_key(folder: Path) -> None:
    manifest = '[app]\nname = "bad-input"\npurpose = "to be refused"\nentrypont = "a:b"\n'
    (folder / "bailiwick.toml").write_text(manifest)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")


def unknown_access(folder: Path) -> None:
    manifest = '[app]\nname = "bad-input"\npurpose = "to be refused"\nentrypoint = "a:b"\n[integrations.orders]\n'
    (folder / "bailiwick.toml").write_text(manifest + 'use = "orders-db"\naccess = ["salaries:read"]\n')
    (folder / "a.py").write_text("b = 1\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")


def many_files(folder: Path) -> None:
    name = blob(folder)
    commit_tree(folder, b"".join(b"100644 blob %b\tf%d\0" % (name.encode(), number) for number in range(100_000)))


def too_large(folder: Path) -> None:
    (folder / "data.bin").write_bytes(os.urandom(60 * 2**20))
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")


@pytest.mark.req("RV1")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (symlink, "link is a symbolic link"),
        (submodule, "module is a submodule"),
        (strange_name, "the name is not UTF-8"),
        (broken_manifest, "not valid TOML"),
        (unknown_key, "did you mean 'entrypoint'"),
        (unknown_access, "does not offer 'salaries:read'; it offers: orders:read, refunds:write"),
        (many_files, "100,000 files; 20,000 are the most"),
        (too_large, "A push may have 50 MiB at most"),
    ],
)
def test_a_bad_push_is_refused_with_words(
    demo: Demo, app: str, folder: Path, make: Callable[[Path], None], words: str
) -> None:
    make(folder)
    refused = demo.cli("builder", "push", app, ok=False, cwd=folder)
    assert refused.returncode != 0
    assert words in refused.stderr


@pytest.mark.req("RV1")
def test_another_branch_is_refused_with_the_right_one(demo: Demo, app: str, folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    url = f"{demo.ready['git_url']}/{app}.git"
    helper = f"!f() {{ echo username=x; echo password={demo.ready['tokens']['builder']}; }}; f"
    done = subprocess.run(
        ["git", "-c", "credential.helper=", "-c", f"credential.helper={helper}", "push", url, "HEAD:refs/tags/other"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "only branches are taken here" in done.stderr
    assert "git push origin HEAD:main" in done.stderr


@pytest.mark.req("RT1", "OB1")
def test_an_entrypoint_that_does_not_import_is_explained_on_the_apps_page(
    demo: Demo, folder: Path, eventually: Callable[..., object]
) -> None:
    path = "finance/does-not-import"
    demo.cli("builder", "app", "create", path)
    manifest = '[app]\nname = "does-not-import"\npurpose = "fails when it starts"\nentrypoint = "main:app"\n'
    (folder / "bailiwick.toml").write_text(manifest)
    (folder / "requirements.lock").write_bytes(LOCK.read_bytes())
    (folder / "main.py").write_text("from json import nothing_of_that_name\n\napp = nothing_of_that_name()\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    assert demo.cli("builder", "push", path, cwd=folder).returncode == 0

    def words() -> str:
        statuses = json.loads(demo.cli("builder", "app", "show", path, "--json").stdout)["statuses"]
        return "".join(item["words"] for item in statuses if item["status"] == "failed")

    eventually(words, 60, "the failure")
    assert "cannot import name 'nothing_of_that_name'" in words()
    assert "main.py" in words()
