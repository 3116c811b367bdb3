"""Which interpreters of this host apps can run on: the Python that runs us, and Node where it is installed."""

import functools
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bailiwick.core.offer import own_runtime

_SECONDS = 20
# Some distributions build Node as a library, keep a part of its own JavaScript beside it and compile the paths in.
_DESCRIBE = """
const libraries = process.report.getReport().sharedObjects.filter((name) => name.includes("/libnode."));
JSON.stringify([process.versions.node, libraries])
"""
_SCRIPT = re.compile(rb"/usr/[\w./@+-]+\.js\b")


@dataclass(frozen=True, slots=True)
class NodeProgram:
    """A Node of this host: where it is, its version such as `20.11.1`, and scripts that it reads when it starts."""

    path: Path
    version: str
    scripts: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """The runtime as manifests write it, such as `node20`."""
        return f"node{self.version.partition('.')[0]}"


def find_node() -> NodeProgram | None:
    """Return the Node that this host has; None when there is none, or none that answers."""
    found = shutil.which("node")
    return None if found is None else _described(found, Path(found).stat().st_mtime_ns)


@functools.cache
def _described(found: str, changed: int) -> NodeProgram | None:  # noqa: ARG001 - what was replaced is asked again
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            [found, "-p", _DESCRIBE], capture_output=True, text=True, check=True, timeout=_SECONDS, env=environment
        )
        version, libraries = json.loads(done.stdout)
        named = {Path(os.fsdecode(match)) for path in libraries for match in _SCRIPT.findall(Path(path).read_bytes())}
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return NodeProgram(Path(os.path.realpath(found)), version, tuple(sorted(path for path in named if path.is_file())))


def host_runtimes() -> tuple[str, ...]:
    """Return the names of the runtimes that this host has, as manifests write them."""
    node = find_node()
    return (own_runtime(),) if node is None else (own_runtime(), node.name)
