"""Runtimes: a minimal root for sandboxes, made once from an interpreter of this host and then only read.

It holds the interpreter at the path it was compiled for, its standard library, the shared libraries that they need, and
a few files of `/etc`. Not the host's `/usr`: that would bring programs that nobody meant to give away. One for Node has
Python too, as the first program inside is written in it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bailiwick.dataplane.sandbox import gvisor_stage, plant, stage
from bailiwick.dataplane.sandbox.errors import SandboxUnavailableError
from bailiwick.runtimes import NodeProgram

_LEFT_OUT = (
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "turtledemo",
    "ensurepip",
    "site-packages",
    "lib2to3",
    "dist-packages",
)
_MOUNT_POINTS = (
    "proc", "dev", "tmp", "app", "layer", "node_modules", "overlay", "storage", "etc", "run", ".bailiwick", "usr/bin",
    "mnt",
)  # fmt: skip
# What wheels are built against besides the interpreter's own needs (PEP 600: manylinux).
_WHEEL_LIBRARIES = (
    "libstdc++.so.6",
    "libgcc_s.so.1",
    "libz.so.1",
    "librt.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
)
_TOOLS = """
sh cat ls id env sleep head tail echo true false touch mkdir rm cp mv ln wc dd df du grep sed uname hostname mount
getent timeout date stat find sort od base64 chmod chown kill nproc tr cut seq test printenv pwd readlink
""".split()
_TIME_ZONES = Path("/usr/share/zoneinfo")
_TRUST_STORES = ("/etc/ssl/certs/ca-certificates.crt",)
_FILES_OF_ETC = {
    "passwd": "app:x:1000:1000:app:/tmp:/nonexistent\nnobody:x:65534:65534:nobody:/nonexistent:/nonexistent\n",
    "group": "app:x:1000:\nnogroup:x:65534:\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "resolv.conf": "nameserver 127.0.0.53\noptions timeout:1 attempts:1\n",
    "hosts": "127.0.0.1 localhost\n",
}
# The first programs inside, and what plants sockets there.
_HELPERS = (stage, gvisor_stage, plant)
_VERSION = 6


@dataclass(frozen=True, slots=True)
class Runtime:
    """A read-only root, and where the interpreters are inside it; `node` is empty where it has none."""

    root: Path
    python: str
    node: str = ""

    @property
    def nothing(self) -> Path:
        """An empty file."""
        return self.root / ".bailiwick" / "nothing"

    @property
    def outside_libraries(self) -> Path:
        """Where that interpreter's own library is: the host's may be one that tenants' uids cannot read."""
        return self.outside_python.parent.parent / "lib"

    @property
    def outside_python(self) -> Path:
        """The interpreter as the host sees it, for the helper that plants sockets."""
        return self.root / self.python.lstrip("/")


def ensure_runtime(
    store: Path,
    *,
    node: NodeProgram | None = None,
    tools: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Runtime:
    """Return the runtime of this very interpreter, making it at the first time; `node` makes it one for Node, `tools`
    adds a shell and its commands.

    `store` is the directory where runtimes are kept, reachable by every uid that runs a sandbox.
    """
    python = Path(os.path.realpath(sys._base_executable))  # type: ignore[attr-defined]
    name = python.name if node is None else node.name
    root = store / f"{name}-{'tools' if tools else 'app'}-{_fingerprint(python, node)}"
    runtime = Runtime(root, str(python), "" if node is None else str(node.path))
    if root.exists():
        return runtime
    progress(f"making the runtime {root.name}")
    store.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=store))
    try:
        _fill(unfinished, python, _found_tools() if tools else [], node)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(root)
        except OSError:
            # Another process was faster: its runtime is the same.
            if not root.exists():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return runtime


def _fingerprint(python: Path, node: NodeProgram | None) -> str:
    helpers = [Path(module.__file__ or "").read_bytes() for module in _HELPERS]
    parts = [str(_VERSION).encode(), str(python).encode(), sys.version.encode(), *helpers]
    parts += [f"{node.path} {node.version}".encode()] if node is not None else []
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def _fill(root: Path, python: Path, tools: list[Path], node: NodeProgram | None) -> None:
    for folder in _MOUNT_POINTS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    standard_library = Path(
        sysconfig.get_path("stdlib", vars={"base": sys.base_prefix, "installed_base": sys.base_prefix})
    )
    _copy_tree(root, standard_library)
    programs = [python, *tools, *([node.path] if node is not None else [])]
    for program in (*programs, *(node.scripts if node is not None else ())):
        _copy_file(root, program)
    loadable = list((standard_library / "lib-dynload").glob("*.so"))
    for library in _libraries([*programs, *loadable]):
        _copy_file(root, library)
    _link(root, "usr/bin/python3", str(python))
    if node is not None:
        _link(root, "usr/bin/node", str(node.path))
    _link(root, "bin", "usr/bin")
    for tool in tools:
        if tool.parent != Path("/usr/bin"):
            _link(root, f"usr/bin/{tool.name}", str(tool))
    if tools:
        _link(root, "usr/bin/sh", next(str(tool) for tool in tools if tool.name in {"dash", "sh", "bash"}))
    for name, content in _FILES_OF_ETC.items():
        (root / "etc" / name).write_text(content)
    if _TIME_ZONES.is_dir():
        # The other forms of the same: with leap seconds, and once more without.
        twice = shutil.ignore_patterns("right", "posix", "localtime", "posixrules")
        shutil.copytree(_TIME_ZONES, root / "usr/share/zoneinfo", ignore=twice)
    for store in _TRUST_STORES:
        if Path(store).exists():
            _copy_file(root, Path(store))
    for module in _HELPERS:
        source = Path(module.__file__ or "")
        shutil.copyfile(source, root / ".bailiwick" / source.name)
    (root / ".bailiwick" / "nothing").touch()
    _make_readable(root)


def _found_tools() -> list[Path]:
    found = (shutil.which(name, path="/usr/bin:/bin") for name in _TOOLS)
    return [Path(os.path.realpath(path)) if Path(path).name == "sh" else Path(path) for path in found if path]


def _copy_tree(root: Path, source: Path) -> None:
    shutil.copytree(
        source, root / str(source).lstrip("/"), ignore=shutil.ignore_patterns(*_LEFT_OUT), dirs_exist_ok=True
    )


def _copy_file(root: Path, source: Path) -> None:
    """Copy a file to the same path, its content behind any links."""
    target = root / str(source).lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copy2(os.path.realpath(source), target)


def _link(root: Path, name: str, target: str) -> None:
    place = root / name
    if place.exists() or place.is_symlink():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def _libraries(programs: Iterable[Path]) -> set[Path]:
    """Return the shared libraries, loader included, that programs and modules of this host need (ldd(1))."""
    found: set[Path] = set()
    listing = subprocess.run(
        ["ldd", *map(str, programs)],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C", "PATH": os.defpath},
    ).stdout
    for line in listing.splitlines():
        words = line.split()
        path = words[2] if "=>" in words and len(words) > 2 else words[0] if words else ""  # noqa: PLR2004
        if path.startswith("/") and not path.endswith(":"):
            found.add(Path(path))
    if not found:
        raise SandboxUnavailableError("ldd does not answer", hint="install the package libc-bin")
    cache = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False).stdout
    for line in cache.splitlines():
        words = line.split()
        if words and words[0] in _WHEEL_LIBRARIES and sys.maxsize > 2**32 and "x32" not in line and "i386" not in line:
            found.add(Path(words[-1]))
    return found


def _make_readable(root: Path) -> None:
    """Let every uid read, whatever the umask was; nobody may write."""
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder) / name
            if not path.is_symlink():
                executable = path.is_dir() or path.stat().st_mode & 0o111
                path.chmod(0o755 if executable else 0o644)
