"""One round: everything that must not be reached is tried from the plane's own process and from inside a sandbox."""

import asyncio
import json
import shutil
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bailiwick import reaching
from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import Forbidden, NetworkRules, NetworksReport, NetworkTry
from bailiwick.core.messages.networks import Source
from bailiwick.dataplane.sandbox import Limits, Mount, Runtime, SandboxSpec, launch

_SANDBOX_SECONDS = 30.0
_LIMITS = Limits(memory_bytes=64 * 2**20, cpu=1.0, processes=32, disk_bytes=2**20, open_files=128)
_NO_ANSWER = "the attempts in the sandbox came to no end"


@dataclass(frozen=True)
class Rounds:
    """Makes rounds. `folder` is where the uids of sandboxes can read; `own` are this plane's own addresses now."""

    runtime: Runtime
    folder: Path
    own: Callable[[], tuple[Forbidden, ...]]
    clock: Callable[[], datetime]

    async def make(self, rules: NetworkRules) -> NetworksReport:
        """Try everything; it takes about as long as a connection that nobody answers."""
        inner = {item.address: item for item in (*self.own(), *rules.forbidden)}
        outside, inside = await asyncio.gather(
            asyncio.to_thread(reaching.reach_all, [(item.host, item.port) for item in rules.forbidden]),
            self._inside(list(inner.values())),
        )
        tries = [_tried("plane", item, said) for item, said in zip(rules.forbidden, outside, strict=True)]
        return NetworksReport(separate=rules.separate, tries=(*tries, *inside), untold=rules.untold, time=self.clock())

    async def _inside(self, targets: Sequence[Forbidden]) -> list[NetworkTry]:
        resolved = await asyncio.to_thread(_resolved, targets)
        asked = [(address, target) for target in targets for address in resolved[target.address]]
        try:
            said = await self._run([(address, target.port) for address, target in asked])
        except (BailiwickError, OSError) as fault:
            words = fault.message if isinstance(fault, BailiwickError) else str(fault)
            return [_tried("sandbox", target, "untried", words) for target in targets]
        worst: dict[str, str] = {}
        for (_, target), reached in zip(asked, said, strict=True):
            worst[target.address] = min(worst.get(target.address, reached), reached, key=reaching.ORDER.index)
        return [_tried("sandbox", target, worst.get(target.address, "unresolved")) for target in targets]

    async def _run(self, targets: list[tuple[str, int]]) -> list[str]:
        """Return what a sandbox that has nothing planted says of each address."""
        spec = SandboxSpec(
            id="networks",
            owner="networks",
            command=("python3", "-I", "-S", "-B", "/mnt/reaching.py"),
            environment={reaching.TARGETS: json.dumps(targets)},
            mounts=(Mount(self._code(), "/mnt"),),
            limits=_LIMITS,
        )
        sandbox = await launch(spec, self.runtime)
        try:
            async with asyncio.timeout(_SANDBOX_SECONDS):
                output = (await sandbox.output.read()).decode(errors="replace")
        except TimeoutError:
            raise OSError(_NO_ANSWER) from None
        finally:
            await sandbox.kill()
            await sandbox.wait()
            sandbox.close()
        line = next((line for line in output.splitlines() if line.startswith(reaching.MARK)), "")
        said = json.loads(line.removeprefix(reaching.MARK) or "[]")
        if len(said) != len(targets):
            raise OSError(f"{_NO_ANSWER}: {output.strip()[-200:]}")
        return [str(item) for item in said]

    def _code(self) -> Path:
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        copy = self.folder / "reaching.py"
        shutil.copyfile(reaching.__file__, copy)
        copy.chmod(0o644)
        return self.folder


def _tried(source: Source, target: Forbidden, reached: str, words: str = "") -> NetworkTry:
    return NetworkTry.model_validate(
        {
            "source": source,
            "what": target.what,
            "address": target.address,
            "reached": reached,
            "used_here": target.used_here and source == "plane",
            "words": words[:300] or ("this process had no room for a connection" if reached == "untried" else ""),
        }
    )


def _resolved(targets: Sequence[Forbidden]) -> Mapping[str, list[str]]:
    """Return the addresses of each target: a sandbox knows no names, and must not be safe by that alone."""
    found: dict[str, list[str]] = {}
    for target in targets:
        try:
            answers = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            answers = []
        found[target.address] = list(dict.fromkeys(str(address[0]) for *_, address in answers))
    return found
