"""Storage of apps: a folder that stays, with a quota for bytes and files, one for each app, environment and branch."""

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.guardrails import ErrorRails, Guardrails, StorageRails
from bailiwick.core.messages import StorageReport
from bailiwick.dataplane.agent import own_storage
from bailiwick.dataplane.app import DataPlane
from bailiwick.dataplane.router import Router, serve
from bailiwick.dataplane.storage import Kept, StorageError, StorageKeeper, why_none
from bailiwick.dataplane.storage import volume as volume_of_plane
from tests.dataplane.agent.test_walls import notes
from tests.fixtures.plane import MANIFEST, PlaneHouse

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives storage; others are told so")
MIB = 2**20
# What fails here fails on purpose: the automatic kill switch is not to end it first.
PATIENT = Guardrails(errors=ErrorRails(spike_ratio=0, consecutive_errors=1000, window_requests=1000))
STORING = """
import mmap, os, subprocess, sys

HERE = os.environ.get("STORAGE_DIR", "/storage")

def add(name):
    with open(f"{HERE}/{name}", "a") as target:
        target.write("kept ")
    return open(f"{HERE}/{name}").read()

def fill():
    with open(f"{HERE}/large", "wb") as target:
        for _ in range(64):
            target.write(bytes(2**20))

def crowd():
    os.mkdir(f"{HERE}/many")
    for number in range(100_000):
        os.close(os.open(f"{HERE}/many/{number}", os.O_CREAT | os.O_WRONLY))

def clear():
    os.unlink(f"{HERE}/large")

def run():
    open(f"{HERE}/program", "w").write("#!/bin/sh")
    os.chmod(f"{HERE}/program", 0o6755)
    found = os.statvfs(HERE).f_flag
    words = [name for name in ("NOEXEC", "NOSUID", "NODEV") if found & getattr(os, f"ST_{name}")]
    with open(f"{HERE}/program", "rb") as program:
        try:
            mmap.mmap(program.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_EXEC, flags=mmap.MAP_PRIVATE)
        except PermissionError:
            words.append("no code")
    return " ".join(words)

DO = {"/fill": fill, "/crowd": crowd, "/clear": clear, "/run": run, "/list": lambda: " ".join(sorted(os.listdir(HERE)))}

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    path = scope["path"]
    said = add(path.removeprefix("/add/")) if path.startswith("/add/") else DO[path]()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(said).encode()})
"""


def with_storage(size: str) -> str:
    return f'{MANIFEST}\n[storage]\nsize = "{size}"\n'


def told(house: PlaneHouse) -> list[StorageReport]:
    return [item for item in house.reports() if isinstance(item, StorageReport)]


@pytest.mark.req("RT6", "RT3", "RT1")
async def test_what_an_app_keeps_stays_when_releases_and_planes_change_and_is_its_own(house: PlaneHouse) -> None:
    first = house.release({"app.py": STORING}, manifest=with_storage("8MiB"))
    preview = house.release({"app.py": STORING}, manifest=with_storage("8MiB"), mode="preview")
    await house.until_running(first, preview)
    assert (await house.get("/add/notes")).text == "kept "
    assert (await house.get("/run")).text == "NOEXEC NOSUID NODEV no code"
    assert (await house.get("/list", "preview")).text == ""
    second = house.release({"app.py": STORING + "\n# another release\n"}, manifest=with_storage("8MiB"))
    await house.until_running(second, preview)
    assert (await house.get("/add/notes")).text == "kept kept "
    house.plane._host.roll_up(1.0)
    report = await house.until(lambda: next((item for item in told(house) if item.mode == "production"), None))
    assert report.used_bytes > 0
    assert 8 * MIB <= report.size_bytes < 10 * MIB
    without = house.release({"app.py": STORING})
    await house.until_running(without, preview)
    assert (await house.get("/list")).text == ""
    assert (await house.get("/add/notes")).status_code == 500

    await house.plane._host.close()
    assert str(house.state) not in Path("/proc/self/mountinfo").read_text()
    house.plane = DataPlane(house.plane._settings)
    server = await serve(Router(house.plane._router_parts()), "127.0.0.1", 0)
    house.port = server.sockets[0].getsockname()[1]
    await house.serve(second)
    await house.until(lambda: [item.status for item in house.statuses()].count("running") == 4)
    assert (await house.get("/add/notes")).text == "kept kept kept "
    server.close()


@pytest.mark.req("RT6")
async def test_a_full_folder_fails_the_write_and_says_which_request_filled_it(house: PlaneHouse) -> None:
    release = house.release({"app.py": STORING}, manifest=with_storage("8MiB"), guardrails=PATIENT)
    await house.until_running(release)
    for path, words in (
        ("/fill", "8 MiB of storage reached at "),
        ("/crowd", "all files that it may keep in 8 MiB of storage reached at "),
    ):
        assert (await house.get(path)).status_code == 500
        note = await house.until(lambda: notes(house).get("limit storage"), 20)
        assert note.words.startswith(words)
        assert f"while serving GET {path}" in note.words
        if path == "/fill":
            assert (await house.get("/clear")).status_code == 200
            house.plane._host.roll_up(1.0)
            house.plane._host._served[("finance/desk", "production")].instance.looked_at = 0.0  # type: ignore[union-attr]
            notes(house)  # there is room again
    assert house.events("limit.reached")[0].context["limit"] == "storage"


@pytest.mark.req("RT6", "RT1")
async def test_more_than_policy_allows_or_where_no_host_gives_it_is_refused_in_words(
    house: PlaneHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    much = house.release(
        {"app.py": STORING}, manifest=with_storage("64MiB"), guardrails=Guardrails(storage=StorageRails(most_mib=16))
    )
    await house.serve(much)
    refused = await house.until_status("failed", state=much)
    assert "it declares 64 MiB of storage, and 16 MiB are the most (guardrail storage.most_mib)" in refused.words
    monkeypatch.setattr(own_storage, "why_none", lambda _: "only a plane that root started can")
    house.plane._host._shop.storage._why_none = None
    other = house.release({"app.py": STORING}, manifest=with_storage("8MiB"))
    await house.serve(other)
    refused = await house.until_status("failed", state=other)
    assert "apps get no [storage] here: only a plane that root started can" in refused.words


@pytest.fixture
def keeper(tmp_path: Path) -> Callable[[], StorageKeeper]:
    made: list[StorageKeeper] = []

    def make() -> StorageKeeper:
        made.append(StorageKeeper(tmp_path / "storage"))
        return made[-1]

    yield make  # type: ignore[misc]
    for item in made:
        item.close()


DESK = Kept("default", "finance/desk", "production")
BRANCH = Kept("default", "finance/desk", "preview", "fix-login")


@pytest.mark.req("RT6")
def test_a_folder_has_the_room_that_was_declared_set_aside_and_grows_but_never_shrinks(
    keeper: Callable[[], StorageKeeper], tmp_path: Path
) -> None:
    first = keeper()
    volume = first.open(DESK, 20 * MIB, 200_001)
    found = os.statvfs(volume.files)
    assert 20 * MIB <= found.f_bavail * found.f_frsize <= 22 * MIB
    image = next((tmp_path / "storage").glob("*/volume.ext4"))
    assert image.stat().st_blocks * 512 >= image.stat().st_size
    assert (image.stat().st_mode & 0o777, volume.files.stat().st_uid) == (0o600, 200_001)
    first.open(DESK, 80 * MIB, 200_001)  # in use: at once where the kernel lets us
    first.close()
    # A plane that was killed left it mounted, and the next one goes on with it.
    second = keeper()
    second.open(DESK, 20 * MIB, 200_001)
    (owner, filled), *others = keeper().filled()
    assert (owner, others) == (DESK, [])
    assert filled.size_bytes >= 80 * MIB
    assert (filled.files, filled.most_files >= 4000) == (0, True)
    (volume.files / "note").write_text("kept")
    assert keeper().open(DESK, 20 * MIB, 200_001).files.joinpath("note").read_text() == "kept"


@pytest.mark.req("RT6")
@pytest.mark.parametrize("lets_go", [True, False])
def test_what_another_namespace_still_holds_is_not_enlarged_beneath_it(
    keeper: Callable[[], StorageKeeper], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lets_go: bool
) -> None:
    first = keeper()
    volume = first.open(DESK, 20 * MIB, 200_001)
    (volume.files / "note").write_text("kept")
    # As every sandbox does that starts: it has a copy of all mounts, for as long as we write nothing to it.
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo; read line"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        holder.stdout.readline()
        first.close()
        if lets_go:
            looked = volume_of_plane._run

            def until_asked(*command: str, **told: Any) -> str:
                said = looked(*command, **told)
                if command[0] == "losetup" and said:
                    holder.communicate(b"\n")
                return said

            monkeypatch.setattr(volume_of_plane, "_run", until_asked)
        else:
            monkeypatch.setattr(volume_of_plane, "_HELD_SECONDS", 0.0)
        second = keeper()
        second.open(DESK, 80 * MIB, 200_001)
        ((_, filled),) = second.filled()
        assert (filled.size_bytes >= 80 * MIB) is lets_go
        holder.communicate(None if lets_go else b"\n")
    assert (volume.files / "note").read_text() == "kept"
    second.close()
    # It grows once nobody holds it, and nothing was written over.
    assert keeper().open(DESK, 80 * MIB, 200_001).files.joinpath("note").read_text() == "kept"
    ((_, filled),) = keeper().filled()
    assert filled.size_bytes >= 80 * MIB


@pytest.mark.req("RT6")
def test_a_folder_goes_with_its_branch_at_once_and_with_its_app_after_a_month(
    keeper: Callable[[], StorageKeeper], tmp_path: Path
) -> None:
    kept = keeper()
    for owner in (DESK, BRANCH):
        kept.open(owner, 8 * MIB, 200_001)
    now = utc_now()
    assert kept.drop_others({DESK.name, BRANCH.name}, now) == []
    assert kept.drop_others(set(), now) == [BRANCH]
    assert kept.drop_others(set(), now + timedelta(days=29)) == []
    kept.drop_others({DESK.name}, now + timedelta(days=29))  # it is there again
    assert kept.drop_others(set(), now + timedelta(days=31)) == []
    assert kept.drop_others(set(), now + timedelta(days=62))[0].app == DESK.app
    assert list((tmp_path / "storage").iterdir()) == []
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


@pytest.mark.req("RT6", "RT1")
def test_what_cannot_be_opened_is_said_and_nothing_weaker_is_given(
    keeper: Callable[[], StorageKeeper], tmp_path: Path
) -> None:
    kept = keeper()
    filled: list[object] = []
    with (
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(StorageError, match=r"there is no room for .* MiB of storage at this plane"),
    ):
        patch.setattr(os, "posix_fallocate", lambda *asked: filled.append(asked))
        kept.open(DESK, shutil.disk_usage(tmp_path).free - 32 * MIB, 200_001)
    assert filled == [], "the disk that others live on was filled to find out"
    volume = kept.open(DESK, 8 * MIB, 200_001)
    kept.close()
    image = next((tmp_path / "storage").glob("*/volume.ext4"))
    with image.open("r+b") as target:
        target.write(bytes(2 * MIB))
    with pytest.raises(StorageError, match="it is damaged"):
        kept.open(DESK, 8 * MIB, 200_001)
    assert not volume.files.exists()
    assert why_none(tmp_path) == ""
    assert [item.name for item in tmp_path.iterdir()] == ["storage"]
