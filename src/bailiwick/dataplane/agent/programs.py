"""What is run of an app, by the runtime that its manifest names: the command, its helpers, and what it finds there."""

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bailiwick.core.capabilities import Capability
from bailiwick.core.manifest import Manifest
from bailiwick.dataplane.instrumentation import faults, launcher, restraint
from bailiwick.dataplane.sandbox import Runtime

_NODE_LAUNCHER = "node_launcher.cjs"
_NODE_PORT = "8080"
# What is left besides is for the program itself, its threads' stacks, and buffers that lie outside of the heap.
_HEAP_SHARE = 0.75
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Part:
    """What of a release runs in a sandbox of its own: its web server, one run of a function, or a function that is
    called for each message of a `worker`'s queue.
    """

    kind: Literal["serve", "run", "work"]
    entrypoint: str
    worker: str = ""
    concurrency: int = 1

    @property
    def written(self) -> str:
        """What lines of it are said to be of, empty for the web server."""
        return f"worker {self.worker}" if self.worker else self.entrypoint[:100] if self.kind == "run" else ""


@dataclass(frozen=True, slots=True)
class Program:
    """How an app starts. `packages` is where its dependencies are seen; `may_start_others` whether the sandbox lets it
    start programs: where it does, the launcher may still take that right.
    """

    command: tuple[str, ...]
    packages: str
    may_start_others: bool
    environment: Mapping[str, str] = field(default_factory=dict)


def program_of(manifest: Manifest, runtime: Runtime, opened: Collection[str], part: Part) -> Program:
    """Return how a part of an app starts with the capabilities that are open."""
    if manifest.app.on_node:
        return _on_node(manifest, runtime, part.entrypoint, opened)
    command = (runtime.python, "-B", "/overlay/launcher.py", part.kind, part.entrypoint, *opened)
    environment = {"BAILIWICK_CONCURRENCY": str(part.concurrency)} if part.kind == "work" else {}
    return Program(command, "/layer", may_start_others=True, environment=environment)


def _on_node(manifest: Manifest, runtime: Runtime, entrypoint: str, opened: Collection[str]) -> Program:
    """Return how a file is run by Node, which looks for packages in each folder above it, the root's too."""
    heap = int(manifest.limits.memory_bytes * _HEAP_SHARE) // _MIB
    options = ("--require", f"/overlay/{_NODE_LAUNCHER}", f"--max-old-space-size={heap}")
    return Program(
        (runtime.node, *options, f"/app/{entrypoint}"),
        "/node_modules",
        may_start_others=Capability.PROCESS_SPAWNING.value in opened,
        # libuv would ask for queues of calls (io_uring) first, which sandboxes do not have.
        environment={"PORT": _NODE_PORT, "NODE_ENV": "production", "UV_USE_IO_URING": "0"},
    )


def prepare_helpers(target: Path) -> Path:
    """Copy the launchers and what they import to where every sandbox can read it, and return that folder."""
    target.mkdir(parents=True, exist_ok=True)
    of_python = Path(launcher.__file__)
    for source in (of_python, Path(restraint.__file__), Path(faults.__file__), of_python.with_name(_NODE_LAUNCHER)):
        copy = target / source.name
        shutil.copyfile(source, copy)
        copy.chmod(0o644)
    return target
