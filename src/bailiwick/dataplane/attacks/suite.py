"""Runs all attempts inside a sandbox and, as the same uid, outside of any: what succeeds outside only was held."""

import asyncio
import contextlib
import fcntl
import json
import os
import platform
import secrets
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bailiwick.core.errors import UnavailableError
from bailiwick.core.guardrails import IsolationLevel
from bailiwick.dataplane.attacks import attempts, bait_server
from bailiwick.dataplane.attacks.attempts.main import ATTEMPTS, MARK
from bailiwick.dataplane.attacks.attempts.model import Bait
from bailiwick.dataplane.attacks.kept import Kept, goes_on, keeping
from bailiwick.dataplane.sandbox import Exit, Limits, Mount, Runtime, SandboxSpec, launch, uid_of

LIMITS = Limits(memory_bytes=128 * 2**20, cpu=2.0, processes=40, disk_bytes=8 * 2**20, open_files=64)
_OWNER = "attacks"
_SECONDS = 240.0
_MACHINE = "x86_64"
_PACKAGE = "bailiwick/dataplane/attacks/attempts"


# What a level does not keep by itself: it is told of as left open, not as held.
_LEFT_OPEN: Mapping[IsolationLevel, Mapping[str, str]] = {
    "gvisor": {"map a file of the storage as code": "what can be read can be mapped there, as it could be copied"},
}


class AttackError(UnavailableError):
    """The attempts could not be made."""

    code = "attacks.not-made"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: whether the sandbox held, why, and whether it leads out where there is no sandbox."""

    theme: str
    name: str
    held: bool
    words: str
    outside: bool
    outside_words: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Found:
    """What came of all attempts, at which level the sandbox was isolated, and by what; `left_out` says what was not
    tried, or is not kept at that level, and why.
    """

    level: IsolationLevel
    walls: str
    outcomes: tuple[Outcome, ...]
    left_out: tuple[str, ...] = ()

    @property
    def escaped(self) -> tuple[Outcome, ...]:
        """Those that led out."""
        return tuple(item for item in self.outcomes if not item.held)

    @property
    def unproved(self) -> tuple[Outcome, ...]:
        """Those that lead nowhere outside either on this host: that they were held says little."""
        return tuple(item for item in self.outcomes if item.held and not item.outside)

    def as_json(self) -> dict[str, Any]:
        """Return all of it for programs."""
        return {
            "level": self.level,
            "walls": self.walls,
            "held": not self.escaped,
            "attempts": len(self.outcomes),
            "proved": len(self.outcomes) - len(self.unproved) - len(self.escaped),
            "escaped": [f"{item.theme}: {item.name}" for item in self.escaped],
            "left_out": list(self.left_out),
            "unproved": [f"{item.theme}: {item.name}" for item in self.unproved],
            "outcomes": [asdict(item) for item in self.outcomes],
        }


async def attack_sandbox(runtime: Runtime, levels: Sequence[IsolationLevel] = ("process",)) -> list[Found]:
    """Make all attempts in a sandbox of each of these levels, and once outside of any; raise `AttackError` when that is
    not possible here, `SandboxUnavailableError` without one.
    """
    if platform.machine() != _MACHINE:
        raise AttackError("the attempts are written for x86-64", hint="run them on such a machine")
    found: list[Found] = []
    outside: list[dict[str, Any]] = []
    for level in levels:
        made = await _attack(runtime, level, outside)
        outside = made.outside
        open_here = _LEFT_OPEN.get(level, {})
        outcomes = list(_outcomes(made.inside, outside))
        left_open = [item for item in outcomes if not item.held and item.name in open_here]
        words = tuple(f"{item.theme}: {item.name} ({open_here[item.name]})" for item in left_open)
        kept = tuple(item for item in outcomes if item not in left_open)
        found.append(Found(level, made.walls, kept, (*made.left_out, *words)))
    return found


@dataclass(frozen=True, slots=True)
class _Made:
    """What came of the attempts inside and outside, as they say it themselves."""

    inside: list[dict[str, Any]]
    outside: list[dict[str, Any]]
    walls: str
    left_out: tuple[str, ...]


async def _attack(runtime: Runtime, level: IsolationLevel, outside: list[dict[str, Any]]) -> _Made:
    """Make the attempts at a level, with bait and storage of their own; those outside unless they were made before."""
    uid = uid_of(_OWNER)
    with (
        _alone(),
        _folder("bw-attacks-") as code,
        _folder("bw-bait-") as folder,
        _folder("bw-scratch-") as scratch,
        keeping(uid, scratch) as kept,
    ):
        _copy_attempts(code)
        if uid is not None:
            os.chown(scratch, uid, uid)
        async with _bait(runtime, folder, uid, kept) as (bait, leak):
            inside, walls = await _inside(runtime, code, bait, level, kept)
            if not outside:
                environment = _environment(
                    runtime, BAIT=json.dumps(asdict(bait)), LAUNCHER_SECRET=bait.secret, TMPDIR=str(scratch),
                    **({"STORAGE_DIR": str(kept.outside)} if kept.inside is not None else {}),
                )  # fmt: skip
                outside = await _outside(runtime, code, environment, leak, uid)
                await goes_on(outside, kept.outside)
    left_out = (f"storage: {kept.why_none}",) if kept.why_none else ()
    return _Made(inside, outside, walls, left_out)


def _outcomes(inside: list[dict[str, Any]], outside: list[dict[str, Any]]) -> Iterator[Outcome]:
    if [item["name"] for item in inside] != [item["name"] for item in outside]:
        raise AttackError("other attempts were made inside than outside", hint="run them again")
    for held, control in zip(inside, outside, strict=True):
        yield Outcome(
            held["theme"], held["name"], not held["out"], held["words"] or "nothing of it is there",
            control["out"], control["words"], held["milliseconds"],
        )  # fmt: skip


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait until nobody else on this host makes the attempts: they have one uid, and what is one's is the other's."""
    with Path(attempts.__file__ or "").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_attempts(code: Path) -> None:
    """Lay the attempts out so that they are imported by their names, with nothing of ours beside them."""
    target = code / _PACKAGE
    shutil.copytree(Path(attempts.__file__ or "").parent, target, ignore=shutil.ignore_patterns("__pycache__"))
    for above in target.relative_to(code).parents[:-1]:
        (code / above / "__init__.py").touch()
    for place, _, names in os.walk(code):
        Path(place).chmod(0o755)
        for name in names:
            Path(place, name).chmod(0o644)


@contextlib.asynccontextmanager
async def _bait(runtime: Runtime, folder: Path, uid: int | None, kept: Kept) -> AsyncIterator[tuple[Bait, int]]:
    """Put out the bait, and take it in again; the number is that of the secret's file, left open for everybody."""
    secret = secrets.token_hex(16)
    shared = Path(f"/dev/shm/{folder.name}")  # noqa: S108 - a name of our own, as mkdtemp made it
    if kept.inside is not None:
        kept.other.joinpath("secret").write_text(secret)
    for file in (folder / "secret", shared):
        file.write_text(secret)
        file.chmod(0o644)
    if uid is not None:
        for path in (folder, folder / "secret", shared):
            os.chown(path, uid, uid)
    shutil.copyfile(bait_server.__file__, folder / "bait_server.py")
    abstract = f"bait-{secrets.token_hex(4)}"
    command = [*_becoming(uid), str(runtime.outside_python), "-I", "-S", "-B", str(folder / "bait_server.py")]
    server = await asyncio.create_subprocess_exec(
        *command, str(folder), abstract, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env=_environment(runtime, BAIT_SECRET=f"bait {secret}"),
    )  # fmt: skip
    leak = os.open(folder / "secret", os.O_RDONLY)
    os.set_inheritable(leak, True)
    try:
        assert server.stdout is not None  # noqa: S101 - it was asked for
        said = json.loads(await asyncio.wait_for(server.stdout.readline(), 30) or b"{}")
        if not said:
            raise AttackError("there is no bait: its server did not start")
        yield Bait(
            folder=str(folder), secret=secret, pid=server.pid, abstract=abstract, socket=str(folder / "socket"),
            shared=str(shared), host=socket.gethostname(), other=str(kept.other), **said,
        ), leak  # fmt: skip
    finally:
        os.close(leak)
        shared.unlink(missing_ok=True)
        with contextlib.suppress(ProcessLookupError):
            server.kill()
        await server.wait()


def _becoming(uid: int | None) -> list[str]:
    return [] if uid is None else ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]


def _environment(runtime: Runtime, **more: str) -> Mapping[str, str]:
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LD_LIBRARY_PATH": str(runtime.outside_libraries), **more}


async def _inside(
    runtime: Runtime, code: Path, bait: Bait, level: IsolationLevel, kept: Kept
) -> tuple[list[dict[str, Any]], str]:
    """Return what came of all attempts, and what kept them: one ended by a limit is followed by another."""
    found: list[dict[str, Any]] = []
    while True:
        said, ended, walls = await _in_sandbox(runtime, code, bait, level, kept, len(found))
        found += _read(said)
        if len(found) >= len(ATTEMPTS):
            break
        if ended.reached is None:
            raise _no_result(said, "inside")
        last = ATTEMPTS[len(found)]
        words = f"the sandbox was ended: {ended.broken_limit}"
        found.append({"theme": last.theme, "name": last.name, "out": False, "words": words, "milliseconds": 0})
    if kept.inside is not None:
        await goes_on(found, kept.inside.folder)
    return found, walls


async def _in_sandbox(
    runtime: Runtime, code: Path, bait: Bait, level: IsolationLevel, kept: Kept, first: int
) -> tuple[bytes, Exit, str]:
    # What the launcher has in its environment and open must not come in.
    os.environ["LAUNCHER_SECRET"] = bait.secret
    spec = SandboxSpec(
        id="attacks",
        owner=_OWNER,
        command=("python3", "-I", "-S", "-B", f"/mnt/{_PACKAGE}/main.py", str(first)),
        environment={"BAIT": json.dumps(asdict(bait))},
        mounts=(Mount(code, "/mnt"),),
        storage=kept.inside,
        limits=LIMITS,
        level=level,
    )
    try:
        sandbox = await launch(spec, runtime)
    finally:
        del os.environ["LAUNCHER_SECRET"]
    try:
        async with asyncio.timeout(_SECONDS):
            said = await sandbox.output.read()
            ended = await sandbox.wait()
    except TimeoutError as fault:
        raise AttackError(f"the attempts inside took longer than {_SECONDS:.0f} s") from fault
    finally:
        await sandbox.kill()
        await sandbox.wait()
        sandbox.close()
    return said, ended, sandbox.walls


async def _outside(
    runtime: Runtime, code: Path, environment: Mapping[str, str], leak: int, uid: int | None
) -> list[dict[str, Any]]:
    command = [*_becoming(uid), str(runtime.outside_python), "-I", "-S", "-B", str(code / _PACKAGE / "main.py")]
    made = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=environment, pass_fds=[leak], cwd="/",
        start_new_session=True,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(made.communicate(), _SECONDS)
    except TimeoutError as fault:
        made.kill()
        raise AttackError(f"the attempts outside took longer than {_SECONDS:.0f} s") from fault
    found = _read(said)
    if len(found) < len(ATTEMPTS):
        raise _no_result(said, "outside")
    return found


def _read(said: bytes) -> list[dict[str, Any]]:
    """Return what came of each attempt that was made to its end."""
    lines = said.decode(errors="replace").splitlines(keepends=True)
    return [json.loads(line.removeprefix(MARK)) for line in lines if line.startswith(MARK) and line.endswith("}\n")]


def _no_result(said: bytes, where: str) -> AttackError:
    words = said.decode(errors="replace").strip()[-300:]
    return AttackError(f"the attempts {where} ended without a result: {words}", hint="run them again")
