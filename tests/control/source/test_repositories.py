"""Repositories on disk: whole for everyone who asks for one, also at the first time."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bailiwick.control.source.repositories import Repositories


def _settings(repository: Path) -> dict[str, str]:
    listed = subprocess.run(
        ["git", "config", "--file", str(repository / "config"), "--list"], check=True, capture_output=True, text=True
    )
    return dict(line.split("=", 1) for line in listed.stdout.splitlines())


@pytest.mark.req("RV1")
def test_many_who_ask_for_a_new_repository_at_once_all_get_it_whole(tmp_path: Path) -> None:
    repositories = Repositories(tmp_path / "repositories", tmp_path / "hooks", 1000)

    def ask(_: int) -> dict[str, str]:
        return _settings(repositories.ensure("app_one"))

    with ThreadPoolExecutor(8) as askers:
        seen = list(askers.map(ask, range(16)))

    assert all(settings == seen[0] for settings in seen)
    assert seen[0]["receive.fsckobjects"] == "true"
    assert seen[0]["core.hookspath"] == str(tmp_path / "hooks")


@pytest.mark.req("RV1")
def test_a_repository_whose_making_was_cut_off_is_made_whole(tmp_path: Path) -> None:
    repositories = Repositories(tmp_path / "repositories", tmp_path / "hooks", 1000)
    (repositories.path("app_one") / "objects").mkdir(parents=True)

    assert _settings(repositories.ensure("app_one"))["receive.fsckobjects"] == "true"
