"""Packages of npm are laid out as the lock file says, by their hashes, and nothing else comes of them."""

import base64
import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bailiwick.core.provenance import NODE_LOCK, LockFile
from bailiwick.dataplane.sandbox import LayerError, Runtime, ensure_layer, ensure_runtime
from bailiwick.dataplane.sandbox.installers import materials_of
from bailiwick.dataplane.sandbox.npm_layout import LayoutError, lay_out, packages_of

HERE = {"os": ["linux"], "cpu": ["x64", "arm64"]}


def tarball(folder: Path, name: str, files: dict[str, str], links: dict[str, str] | None = None) -> dict[str, Any]:
    """Put a tarball into a package cache; return the entry of a lock file for it."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(text), 0o777 if path.startswith("package/bin") else 0o666
            archive.addfile(entry, io.BytesIO(text.encode()))
        for path, target in (links or {}).items():
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    (folder / f"{name}-1.0.0.tgz").write_bytes(content.getvalue())
    sha512 = base64.b64encode(hashlib.sha512(content.getvalue()).digest()).decode()
    return {"version": "1.0.0", "integrity": f"sha512-{sha512}"}


def lock_of(packages: dict[str, dict[str, Any]], version: int = 3) -> str:
    """Return a lock file with these packages by their folders."""
    return json.dumps({"lockfileVersion": version, "packages": {"": {"name": "app"}, **packages}})


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    (tmp_path / "shelf").mkdir()
    return tmp_path / "shelf"


@pytest.mark.req("RT7", "DG7")
def test_each_package_lies_in_the_folder_that_the_lock_file_names(shelf: Path, tmp_path: Path) -> None:
    script = '{"scripts": {"postinstall": "touch /tmp/was-run"}}'
    outer = tarball(shelf, "outer", {"package/package.json": script, "package/bin/run": "#!", "odd/top.js": "1"})
    inner = tarball(shelf, "scope-inner", {"package/index.js": "2"}, {"package/etc": "/etc"})
    elsewhere = {"version": "1.0.0", "integrity": "sha512-AAAA", "os": ["win32"], "optional": True}
    packages = {
        "node_modules/outer": outer | HERE,
        "node_modules/outer/node_modules/@scope/inner": inner,
        "node_modules/alias": inner | {"name": "@scope/inner"},
        "node_modules/outer/node_modules/bundled": {"version": "1.0.0", "inBundle": True},
        "node_modules/only-there": elsewhere,
        "node_modules/not-musl": elsewhere | {"os": ["!linux"]},
        "node_modules/of-tests": {"version": "1.0.0", "dev": True},
    }
    lay_out(lock_of(packages), shelf, tmp_path / "layer")
    found = {path.relative_to(tmp_path / "layer").as_posix(): path for path in (tmp_path / "layer").rglob("*")}
    assert {name for name, path in found.items() if path.is_file()} == {
        "outer/package.json",
        "outer/bin/run",
        "outer/top.js",
        "outer/node_modules/@scope/inner/index.js",
        "alias/index.js",
    }
    assert not any(path.is_symlink() for path in found.values())
    assert found["outer/bin/run"].stat().st_mode & 0o777 == 0o755
    assert found["outer/top.js"].stat().st_mode & 0o777 == 0o644


@pytest.mark.req("RT7", "RV4")
@pytest.mark.parametrize(
    ("packages", "words"),
    [
        ({"node_modules/a": {"version": "1.0.0"}}, "has no sha512 hash"),
        ({"node_modules/a": {"version": "1.0.0", "integrity": "sha1-AAAA"}}, "has no sha512 hash"),
        ({"node_modules/a": {"resolved": "../a", "link": True}}, "is a workspace"),
        ({"packages/a": {"version": "1.0.0", "integrity": "sha512-AAAA"}}, "is a workspace"),
        ({"node_modules/../../a": {"version": "1.0.0", "integrity": "sha512-AAAA"}}, "outside of node_modules"),
        ({"node_modules//a": {"version": "1.0.0", "integrity": "sha512-AAAA"}}, "outside of node_modules"),
        ({"node_modules/a": {"version": "../1", "integrity": "sha512-AAAA"}}, "has no version"),
        ({"node_modules/a": {"version": "1.0.0", "integrity": "sha512-AAAA", "cpu": ["sparc"]}}, "is for cpu sparc"),
        ({"node_modules/a": {"version": "1.0.0", "integrity": "sha512-AAAA"}}, "is not in the package cache"),
        ({"node_modules/a": "1.0.0"}, "is no package"),
        ({"node_modules/a": {"version": "1.0.0", "integrity": "sha512-AAAA", "os": [1]}}, "is no list of names"),
    ],
)
def test_what_a_lock_file_may_not_say_is_refused(
    shelf: Path, tmp_path: Path, packages: dict[str, Any], words: str
) -> None:
    with pytest.raises(LayoutError, match=words):
        lay_out(lock_of(packages), shelf, tmp_path / "layer")
    assert not list((tmp_path / "layer").rglob("*.js"))


@pytest.mark.req("RT7")
@pytest.mark.parametrize("lock", ["{", "[]", "{}", '{"lockfileVersion": 3}', lock_of({}, 1), "[" * 100_000])
def test_what_is_no_lock_file_of_npm_is_refused_in_words(lock: str) -> None:
    with pytest.raises(LayoutError, match=r"package-lock\.json"):
        packages_of(lock)


@pytest.mark.req("RT7", "DG7")
@pytest.mark.parametrize("path", ["package/../../../evil.js", "/package/evil.js"])
def test_a_tarball_writes_nowhere_else(shelf: Path, tmp_path: Path, path: str) -> None:
    entry = tarball(shelf, "a", {path: "1"})
    with pytest.raises(LayoutError, match="outside of its folder"):
        lay_out(lock_of({"node_modules/a": entry}), shelf, tmp_path / "layer")
    assert not list(tmp_path.rglob("evil.js"))


@pytest.mark.req("DG7")
def test_another_tarball_under_the_same_name_is_not_taken(shelf: Path, tmp_path: Path) -> None:
    entry = tarball(shelf, "a", {"package/index.js": "what was reviewed"})
    lock = lock_of({"node_modules/a": entry})
    assert list(materials_of(LockFile(NODE_LOCK, lock), shelf)) == ["a-1.0.0.tgz"]
    tarball(shelf, "a", {"package/index.js": "another"})
    with pytest.raises(LayoutError, match=r"is not the one that package-lock\.json pins"):
        lay_out(lock, shelf, tmp_path / "layer")
    assert materials_of(LockFile(NODE_LOCK, lock), shelf) == {}


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    with tempfile.TemporaryDirectory(prefix="bw-npm-") as home:
        Path(home).chmod(0o755)
        yield ensure_runtime(Path(home) / "runtimes")


@pytest.mark.req("RT7", "DG7")
async def test_the_same_lock_file_makes_the_same_layer_and_a_fault_is_said(shelf: Path, runtime: Runtime) -> None:
    entry = tarball(shelf, "a", {"package/index.js": "1"})
    lock = LockFile(NODE_LOCK, lock_of({"node_modules/a": entry}))
    home = runtime.root.parent
    first, second = [await ensure_layer(lock, shelf, home / name, runtime) for name in ("here", "there")]
    assert first.sha256 == second.sha256
    assert (first.folder / "a" / "index.js").read_text() == "1"
    with pytest.raises(LayerError, match=r"b-1\.0\.0\.tgz is not in the package cache"):
        await ensure_layer(LockFile(NODE_LOCK, lock_of({"node_modules/b": entry})), shelf, home / "here", runtime)
    with pytest.raises(LayerError, match="has no sha512 hash"):
        await ensure_layer(LockFile(NODE_LOCK, lock_of({"node_modules/b": {}})), shelf, home / "here", runtime)
    (shelf / "a-1.0.0.tgz").write_bytes(b"no archive at all")
    broken = base64.b64encode(hashlib.sha512(b"no archive at all").digest()).decode()
    lock = LockFile(NODE_LOCK, lock_of({"node_modules/a": {**entry, "integrity": f"sha512-{broken}"}}))
    with pytest.raises(LayerError, match="could not be installed"):
        await ensure_layer(lock, shelf, home / "here", runtime)
