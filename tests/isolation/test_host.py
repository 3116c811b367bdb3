"""Two tenants on one host: uids and groups are each one's own, whatever they are called."""

import subprocess
import sys
from pathlib import Path

import pytest

from bailiwick.dataplane.sandbox import Runtime, SandboxSpec, SandboxUnavailableError, ensure_runtime, launch
from bailiwick.dataplane.sandbox import uids as uids_module
from bailiwick.dataplane.sandbox.cgroups import slice_of
from bailiwick.dataplane.sandbox.uids import FIRST_UID, uid_of

pytestmark = pytest.mark.req("RT3")


@pytest.fixture(scope="module")
def runtime(shared_state: Path) -> Runtime:
    return ensure_runtime(shared_state / "runtimes", tools=True)


def test_no_two_owners_ever_have_one_uid_and_each_keeps_its_own(tmp_path: Path) -> None:
    register = tmp_path / "uids"
    owners = [f"tenant-{number % 7}/finance/app-{number}/production" for number in range(1500)]
    given = [uid_of(owner, register) for owner in owners]
    assert given == list(range(FIRST_UID, FIRST_UID + 1500))
    assert [uid_of(owner, register) for owner in owners[::-1]] == given[::-1]
    assert register.stat().st_mode & 0o777 == 0o600


def test_owners_that_a_hash_would_have_put_together_are_apart(tmp_path: Path) -> None:
    # The first bytes of their digests leave the same, divided by 60,000: as uids of that many, these two were one.
    first, second = "acme/finance/app-212/production", "globex/finance/app-43/production"
    assert uid_of(first, tmp_path / "uids") != uid_of(second, tmp_path / "uids")


def test_planes_that_ask_at_once_get_different_uids(tmp_path: Path) -> None:
    register = tmp_path / "uids"
    code = (
        "import sys; from pathlib import Path; from bailiwick.dataplane.sandbox.uids import uid_of\n"
        "print(*(uid_of(f'{sys.argv[2]}/{n}', Path(sys.argv[1])) for n in range(50)))"
    )
    asked = [
        subprocess.Popen([sys.executable, "-c", code, str(register), tenant], stdout=subprocess.PIPE, text=True)
        for tenant in ("acme", "globex")
    ]
    given = [uid for process in asked for uid in process.communicate()[0].split()]
    assert len(given) == len(set(given)) == 100


def test_a_line_that_was_cut_off_is_nobodys(tmp_path: Path) -> None:
    register = tmp_path / "uids"
    first = uid_of("acme/a", register)
    with register.open("ab") as file:
        file.write(b"half a line")
    assert [uid_of("globex/a", register), uid_of("acme/a", register)] == [FIRST_UID + 1, first]


def test_a_register_that_cannot_be_kept_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "mine"
    elsewhere.touch()
    (tmp_path / "uids").symlink_to(elsewhere)
    with pytest.raises(SandboxUnavailableError, match="no uid can be had"):
        uid_of("acme/a", tmp_path / "uids")
    monkeypatch.setattr(uids_module, "MOST_UIDS", 2)
    for owner in ("a", "b"):
        uid_of(owner, tmp_path / "full")
    with pytest.raises(SandboxUnavailableError, match="every uid"):
        uid_of("c", tmp_path / "full")
    assert uid_of("b", tmp_path / "full") == FIRST_UID + 1


async def test_the_sandboxes_of_a_tenant_share_its_group_and_not_anothers(runtime: Runtime) -> None:
    owners = [("acme", "acme/one"), ("acme", "acme/two"), ("globex", "globex/one")]
    started = [
        await launch(SandboxSpec(id="group", owner=owner, tenant=tenant, command=("sleep", "60")), runtime)
        for tenant, owner in owners
    ]
    try:
        found = [_groups_of(sandbox.inner_pid) for sandbox in started]
        for (tenant, _), groups in zip(owners, found, strict=True):
            assert groups
            assert all(f"/bailiwick/{slice_of(tenant)}/" in group for group in groups)
        parts = {Path(group).parent.name for groups in found for group in groups}
        assert parts == {slice_of("acme"), slice_of("globex")}
        uids = {Path(f"/proc/{sandbox.inner_pid}").stat().st_uid for sandbox in started}
        assert len(uids) == len(owners)
    finally:
        for sandbox in started:
            await sandbox.kill()
            await sandbox.wait()


def _groups_of(pid: int) -> list[str]:
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    return [line.split(":", 2)[2] for line in lines if "/bailiwick/" in line]


@pytest.mark.parametrize("name", ["../escape", "a/b", "", ".", "x" * 500, "Ü\n"])
def test_whatever_a_tenant_is_called_its_group_is_one_folder(name: str) -> None:
    assert Path(slice_of(name)).parts == (slice_of(name),)
