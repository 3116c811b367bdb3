"""Branches through the git door with real git: taken, rewritten and deleted, and never in main's place."""

import subprocess
from pathlib import Path

import pytest

from tests.faces.git.conftest import Door, commit
from tests.fixtures.company import APP
from tests.fixtures.releasing import SPAWNS


@pytest.mark.req("RV1", "RV3")
def test_a_branch_is_taken_rewritten_and_deleted_and_main_is_not(door: Door, folder: Path) -> None:
    assert door.push(folder)[0]
    (folder / "app.py").write_text(SPAWNS)
    commit(folder)
    taken, said = door.push(folder, "HEAD:refs/heads/fix")
    assert not taken
    assert "app.py:3" in said
    (folder / "app.py").write_text("app = 2\n")
    subprocess.run(["git", "reset", "--quiet", "--soft", "HEAD~1"], cwd=folder, check=True)
    commit(folder)
    taken, said = door.push(folder, "HEAD:refs/heads/fix")
    assert taken, said
    assert "It answers at http://fix.desk.preview.localhost:8410 until" in said
    subprocess.run(["git", "reset", "--quiet", "--soft", "HEAD~1"], cwd=folder, check=True)
    (folder / "app.py").write_text("app = 3\n")
    commit(folder)
    assert not door.push(folder, "HEAD:refs/heads/fix")[0]
    taken, said = door.push(folder, "+HEAD:refs/heads/fix")
    assert taken, said
    taken, said = door.push(folder, "HEAD:main")
    assert taken, said
    subprocess.run(["git", "reset", "--quiet", "--soft", "HEAD~1"], cwd=folder, check=True)
    (folder / "app.py").write_text("app = 4\n")
    commit(folder)
    taken, said = door.push(folder, "+HEAD:main")
    assert not taken
    assert "would rewrite main" in said
    assert "main is not deleted" in door.push(folder, ":main")[1]
    taken, said = door.push(folder, ":refs/heads/fix", who="second")
    assert not taken
    assert "deleted by somebody who pushed to it" in said
    assert not door.push(folder, ":refs/bailiwick/kept/x")[0]
    taken, said = door.push(folder, ":refs/heads/fix")
    assert taken, said
    listed = door.git(folder, "ls-remote", f"{door.url}/git/{APP}.git", token=door.token("builder")).stdout.decode()
    assert [line.split()[1] for line in listed.splitlines()] == ["HEAD", "refs/heads/main"]
