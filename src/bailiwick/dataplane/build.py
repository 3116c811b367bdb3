"""Builds the dependencies of a release once, in a sandbox without network; run as a process by the control plane.

The lock file comes in on standard input. What was built goes into a file, and what it is, as JSON, to standard output.
"""

import argparse
import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

from bailiwick.core.errors import BailiwickError
from bailiwick.core.provenance import NODE_LOCK, PYTHON_LOCK, LockFile
from bailiwick.dataplane.sandbox import ensure_layer, ensure_runtime
from bailiwick.dataplane.sandbox.installers import materials_of
from bailiwick.dataplane.sandbox.layer_files import archive_of


async def build(lock: LockFile, wheels: Path, folder: Path, target: Path) -> dict[str, object]:
    """Build what a lock file names and write its archive to `target`; return its digest and what it was made of.

    `folder` keeps the runtime and what was built before; every uid that runs a sandbox must be able to reach it.
    """
    runtime = ensure_runtime(folder / "runtimes")
    layer = await ensure_layer(lock, wheels, folder / "layers", runtime)
    sha256 = archive_of(layer.folder, target)
    return {"sha256": sha256, "runtime": runtime.root.name, "wheels": materials_of(lock, wheels)}


def reason_of(fault: OSError) -> str:
    """Return why something could not be written; copying a folder raises many faults in one, which has no words."""
    if isinstance(fault, shutil.Error):
        return str(fault.args[0][0][-1]).partition(": ")[0]
    return fault.strerror or str(fault)


def main() -> int:
    """Build; return 0, or 1 with an error as JSON on standard output."""
    parser = argparse.ArgumentParser(prog="bailiwick-build")
    for name in ("--wheels", "--folder", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--lock", choices=(PYTHON_LOCK, NODE_LOCK), default=PYTHON_LOCK, help="which kind comes in")
    chosen = parser.parse_args()
    os.umask(0o022)  # what is made here is read by the uids of sandboxes
    try:
        found = asyncio.run(build(LockFile(chosen.lock, sys.stdin.read()), chosen.wheels, chosen.folder, chosen.out))
    except BailiwickError as fault:
        found = {"error": fault.message, "hint": fault.hint}
    except OSError as fault:
        found = {"error": f"the build could not write: {reason_of(fault)}", "hint": "is the disk full?"}
    sys.stdout.write(json.dumps(found))
    return 1 if "error" in found else 0


if __name__ == "__main__":
    sys.exit(main())
