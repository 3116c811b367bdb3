"""Dependencies are built once: the same lock file gives the same layer, anywhere, from hashes and wheels only."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bailiwick.dataplane.sandbox import Layer, LayerError, take_layer
from tests.fixtures.plane import PACKAGES, WHEELS, lock_of


def build(folder: Path, lock: str, wheels: Path = WHEELS, umask: int = 0o022, **environment: str) -> dict[str, object]:
    """Build as the control plane does, in a process of its own; return what it says."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    command = [sys.executable, "-m", "bailiwick.dataplane.build", "--wheels", str(wheels), "--folder", str(folder)]
    done = subprocess.run(
        [*command, "--out", str(folder / "out.tar")],
        input=lock.encode(),
        capture_output=True,
        env={**os.environ, **environment},
        umask=umask,
        check=False,
    )
    return dict(json.loads(done.stdout))


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A folder that the uids of sandboxes can reach."""
    folder = Path(tempfile.mkdtemp(prefix="bw-build-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.req("DG7")
def test_two_machines_build_the_same_bytes(open_path: Path) -> None:
    other = open_path / "other-cache"
    shutil.copytree(WHEELS, other)
    for wheel in other.iterdir():
        os.utime(wheel, (1_000_000_000, 1_000_000_000))
    lock = lock_of(*PACKAGES)
    here = build(open_path / "here", lock)
    there = build(open_path / "there", lock, other, 0o077, TZ="Asia/Tokyo", LC_ALL="C", HOME="/nowhere")
    assert here == there
    assert (open_path / "here" / "out.tar").read_bytes() == (open_path / "there" / "out.tar").read_bytes()
    assert here["sha256"] == hashlib.sha256((open_path / "here" / "out.tar").read_bytes()).hexdigest()
    wheels = here["wheels"]
    assert isinstance(wheels, dict)
    assert {name.split("-")[0] for name in wheels} == set(PACKAGES)
    assert build(open_path / "here", lock) == here


@pytest.mark.req("DG7")
@pytest.mark.parametrize(
    ("lock", "words"),
    [
        ("h11==0.16.0 --hash=sha256:" + "0" * 64, "could not be installed"),
        ("h11==0.16.0", "does not pin its packages with hashes"),
        ("not-in-the-cache==1.0 --hash=sha256:" + "0" * 64, "could not be installed"),
    ],
)
def test_what_is_not_pinned_or_not_in_the_cache_is_not_built(open_path: Path, lock: str, words: str) -> None:
    assert words in str(build(open_path / "here", lock)["error"])


@pytest.mark.req("DG7")
def test_a_source_package_is_never_built(open_path: Path) -> None:
    cache = open_path / "cache"
    cache.mkdir()
    source = cache / "sneaky-1.0.tar.gz"
    source.write_bytes(b"code that would run at its installation")
    lock = f"sneaky==1.0 --hash=sha256:{hashlib.sha256(source.read_bytes()).hexdigest()}"
    assert "could not be installed" in str(build(open_path / "here", lock, cache)["error"])


@pytest.mark.req("DG7")
def test_a_full_disk_while_building_is_said(open_path: Path) -> None:
    small = ["bwrap", "--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--size", str(16 * 1024), "--tmpfs", open_path]
    command = [
        sys.executable,
        "-m",
        "bailiwick.dataplane.build",
        "--wheels",
        WHEELS,
        "--folder",
        open_path,
        "--out",
        "x",
    ]
    done = subprocess.run([*small, *command], input=lock_of(*PACKAGES).encode(), capture_output=True, check=False)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["error"].startswith("the build could not write: ")
    assert told["error"].endswith("No space left on device")
    assert told["hint"] == "is the disk full?"


@pytest.mark.req("DG7", "VA2")
def test_a_layer_that_was_changed_on_disk_is_noticed_and_another_one_is_not_taken(open_path: Path) -> None:
    found = build(open_path / "here", lock_of("h11"))
    sha256, archive = str(found["sha256"]), (open_path / "here" / "out.tar").read_bytes()
    layer = take_layer(archive, sha256, open_path / "plane")
    assert layer.still_is()
    (layer.folder / "h11" / "__init__.py").write_text("print('mine')")
    assert not layer.still_is()
    assert take_layer(archive, sha256, open_path / "plane").still_is()
    (layer.folder / "more").symlink_to("/etc")
    assert not Layer(layer.folder, sha256).still_is()
    with pytest.raises(LayerError, match="not those that were approved"):
        take_layer(archive, "0" * 64, open_path / "plane")
