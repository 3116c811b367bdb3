"""`bailiwick push --folder`: files go through the gate without git."""

from pathlib import Path

import pytest

from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP, MANIFEST
from tests.fixtures.releasing import SPAWNS


@pytest.mark.req("RV1", "RV10")
def test_a_folder_is_pushed_without_git(command_line: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    (folder / "node_modules").mkdir(parents=True)
    (folder / "node_modules" / "left-out.js").write_text("x\n")
    (folder / "bailiwick.toml").write_text(MANIFEST)
    (folder / "app.py").write_text(SPAWNS)
    asked = tmp_path / "prompt.txt"
    asked.write_text("list what is there –\nplease\n")
    push = ("push", APP, "--folder", folder, "-m", "List", "--agent", "codex", "--prompt", asked)
    refused = command_line.run("builder", *push)
    assert refused.exit_code == 1
    assert "app.py:3  high  process-spawning" in refused.stderr
    assert "the review refuses this push: 1 finding to mend" in refused.stderr
    (folder / "app.py").write_text("app = 1\n")
    taken = command_line.run("builder", *push)
    assert taken.exit_code == 0, taken.stderr
    history = command_line.run("builder", "history", APP).stdout
    assert "prompt      list what is there –\n            please" in history
    (folder / "link").symlink_to("/etc/passwd")
    link = command_line.run("builder", *push)
    assert "'link' is a link" in link.stderr
    assert "cannot be read" in command_line.run("builder", "push", APP, "--folder", tmp_path / "none").stderr
