"""The attack suite of the sandbox: everything that leads out elsewhere is held here."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bailiwick.dataplane import attacks
from bailiwick.dataplane.attacks import Found, attack_sandbox
from bailiwick.dataplane.attacks.kept import keeping
from bailiwick.dataplane.sandbox import SandboxUnavailableError, ensure_runtime, levels_here, uid_of
from bailiwick.faces.cli.main import root

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="the attempts are written for x86-64")
THEMES = {
    "calls", "devices", "elsewhere", "files", "host", "mounts", "namespaces", "network", "proc", "processes",
    "resources", "rights", "sockets", "storage", "sys",
}  # fmt: skip


def left_by_attempts() -> frozenset[Path]:
    """Return what is of the attempts' uid where everybody may write."""
    uid = uid_of("attacks")
    folders = [Path(tempfile.gettempdir()), Path("/dev/shm")]
    return frozenset(path for folder in folders for path in folder.iterdir() if path.lstat().st_uid == uid)


@pytest.fixture(scope="module")
def left_before() -> frozenset[Path]:
    """What attempts of processes that were killed left before these."""
    return left_by_attempts()


def mounted_for_attempts() -> frozenset[str]:
    """Return what is mounted of storage that attempts are made on."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return frozenset(mount for mount in mounts if "/bw-volumes-" in mount or "/bw-scratch-" in mount)


@pytest.fixture(scope="module")
def mounted_before() -> frozenset[str]:
    """What others mounted before these, such as processes that were killed."""
    return mounted_for_attempts()


@pytest.fixture(scope="module")
def all_found(left_before: frozenset[Path], mounted_before: frozenset[str]) -> Iterator[list[Found]]:
    """What came of it at each level that this host has."""
    store = Path(tempfile.mkdtemp(prefix="bw-runtime-"))
    store.chmod(0o755)
    yield asyncio.run(attack_sandbox(ensure_runtime(store), levels_here()))
    shutil.rmtree(store)


@pytest.fixture(scope="module")
def found(all_found: list[Found]) -> Found:
    return all_found[0]


@pytest.mark.req("RT1", "RT3", "RT6")
@pytest.mark.parametrize("level", ["process", "gvisor"])
def test_no_attempt_gets_out_and_each_would_where_there_is_no_sandbox(all_found: list[Found], level: str) -> None:
    found = next((item for item in all_found if item.level == level), None)
    if found is None:
        pytest.skip(f"this host has no {level}")
    assert [f"{item.theme}: {item.name}" for item in found.escaped] == []
    proved = [item for item in found.outcomes if item.outside]
    assert len(proved) >= 310, [f"{item.name}: {item.outside_words}" for item in found.unproved]
    assert {item.theme for item in found.outcomes} == THEMES
    assert len({item.name for item in found.outcomes}) == len(found.outcomes)
    assert all(item.words for item in found.outcomes)
    open_there = {"gvisor": ["storage: map a file of the storage as code (what can be read can be mapped there, as it"]}
    assert [item.partition(" could")[0] for item in found.left_out] in ([], open_there.get(level, []))


@pytest.mark.req("RT1")
def test_what_apps_keep_is_attacked_where_this_host_gives_storage_and_said_where_not(
    found: Found, tmp_path: Path
) -> None:
    on_storage = {item.name for item in found.outcomes if item.theme == "storage" and item.outside}
    assert len(on_storage) >= 27
    assert {"write into another app's storage", "go on writing to the storage once its sandbox has ended"} < on_storage
    with keeping(None, tmp_path) as kept:
        assert (kept.inside, kept.why_none) == (None, "only root can mount it")
    left = replace(found, left_out=("storage: only root can mount it",))
    assert left.as_json()["left_out"] == ["storage: only root can mount it"]


@pytest.mark.skipif(os.geteuid() != 0, reason="the attempts run under a uid of their own only when root starts them")
def test_the_attempts_leave_nothing_behind_outside(
    found: Found, left_before: frozenset[Path], mounted_before: frozenset[str]
) -> None:
    assert found.outcomes
    uid = uid_of("attacks")
    assert left_by_attempts() - left_before == set()
    for kind in ("shm", "sem", "msg"):
        assert str(uid) not in Path(f"/proc/sysvipc/{kind}").read_text().split()
    assert mounted_for_attempts() - mounted_before == set()


@pytest.mark.req("RT1")
def test_the_result_is_a_table_for_people_and_json_for_programs(
    found: Found, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answers = [
        found,
        replace(found, outcomes=tuple(replace(item, held=item.name != "trace a child") for item in found.outcomes)),
    ]
    faults: list[Exception] = []

    async def attack(_: object, levels: Sequence[str]) -> list[Found]:
        if faults:
            raise faults[0]
        return [replace(answers.pop(0), level=level) for level in levels]

    monkeypatch.setattr(attacks, "attack_sandbox", attack)
    command = ["pentest", "--only", "sandbox", "--level", "process", "--state", str(tmp_path)]
    command += ["--out", str(tmp_path / "out.json")]
    held = CliRunner().invoke(root, command)
    assert held.exit_code == 0
    assert f"{len(found.outcomes)} attempts in a sandbox" in held.output
    assert "trace a child" in held.output
    kept = json.loads((tmp_path / "out.json").read_text())["levels"][0]
    assert (kept["held"], kept["escaped"], kept["attempts"]) == (True, [], len(found.outcomes))
    broken = CliRunner().invoke(root, [*command, "--json"])
    assert (broken.exit_code, json.loads(broken.output)["levels"][0]["escaped"]) == (1, ["processes: trace a child"])
    faults.append(SandboxUnavailableError("bubblewrap is not installed", hint="apt-get install bubblewrap"))
    assert CliRunner().invoke(root, command).exit_code == 2
