"""Runs an app's own tests in a sandbox without network; run as a process by the control plane.

The packed app comes in on standard input. What became of each test goes to standard output, as JSON.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from bailiwick.core.artifacts import TreeFile, unpack
from bailiwick.core.errors import BailiwickError
from bailiwick.core.manifest import FILE_NAME, parse_manifest
from bailiwick.core.provenance import lock_of
from bailiwick.dataplane.build import reason_of
from bailiwick.dataplane.sandbox import Layer, Limits, Mount, Runtime, SandboxSpec, ensure_layer, ensure_runtime, launch

_LIMITS = Limits(memory_bytes=1024 * 2**20, cpu=2.0, processes=64, disk_bytes=256 * 2**20, open_files=1024)
_SECONDS = 120.0
_LAST_BYTES = 64 * 1024
_RESULT = b"\nBAILIWICK-TESTS "
# Has the app's packages and nothing of ours. What a test prints comes before the result; the last one counts.
_RUN = """
import json, os, sys
sys.path[:0] = ["/app", "/layer"]
out = os.fdopen(os.dup(1), "w")
found = {"passed": [], "skipped": [], "failed": []}
def with_pytest():
    import pytest
    worst = {}
    class Seen:
        def pytest_runtest_logreport(self, report):
            order = ("passed", "skipped", "failed")
            if report.when == "call" or report.outcome != "passed":
                worst[report.nodeid] = max(worst.get(report.nodeid, "passed"), report.outcome, key=order.index)
        def pytest_collectreport(self, report):
            if report.failed:
                worst[report.nodeid] = "failed"
    pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir", "/app", "/app"], plugins=[Seen()])
    for name, outcome in worst.items():
        found[outcome].append(name)
def with_unittest():
    import unittest
    class Seen(unittest.TextTestResult):
        def stopTest(self, test):
            super().stopTest(test)
            bad = {str(item) for item, _ in self.failures + self.errors}
            bad |= {str(item) for item in self.unexpectedSuccesses}
            left = {str(item) for item, _ in self.skipped}
            name = str(test)
            found["failed" if name in bad else "skipped" if name in left else "passed"].append(name)
    suite = unittest.defaultTestLoader.discover("/app")
    result = unittest.TextTestRunner(resultclass=Seen).run(suite)
    known = set(found["failed"])
    found["failed"] += [str(item) for item, _ in result.errors + result.failures if str(item) not in known]
try:
    {"pytest": with_pytest, "unittest": with_unittest}[sys.argv[1]]()
except BaseException as fault:
    found["fault"] = f"{type(fault).__name__}: {fault}"
out.write("\\nBAILIWICK-TESTS " + json.dumps(found))
out.flush()
os._exit(0)
"""


async def run_tests(files: dict[str, TreeFile], wheels: Path, folder: Path) -> dict[str, Any]:
    """Run the tests that the manifest of an app names; return the names of those that passed, failed, were skipped.

    `words` are the last that was printed. `folder` keeps the runtime and packages that were installed before.
    """
    runner = parse_manifest(files[FILE_NAME].content.decode()).app.tests
    runtime = ensure_runtime(folder / "runtimes")
    lock = lock_of(files)
    layer = await ensure_layer(lock, wheels, folder / "layers", runtime) if lock is not None else None
    with tempfile.TemporaryDirectory(dir=folder) as work:
        place = Path(work)
        place.chmod(0o755)
        _write(files, place)
        output = await _output(str(runner), place, layer, runtime)
    said, marker, result = output.rpartition(_RESULT)
    words = (said if marker else output).decode(errors="replace").strip()
    try:
        return {**json.loads(result), "words": words}
    except ValueError:
        return {"failed": [], "passed": [], "skipped": [], "fault": "they ended without a result", "words": words}


async def _output(runner: str, place: Path, layer: Layer | None, runtime: Runtime) -> bytes:
    """Return the last that tests printed; they are ended when they take too long."""
    spec = SandboxSpec(
        id=f"tests-{place.name}"[:60],
        owner=f"tests/{place.name}",
        command=(runtime.python, "-B", "-I", "-u", "-c", _RUN, runner),
        mounts=(Mount(place, "/app"), *([Mount(layer.folder, "/layer")] if layer is not None else [])),
        limits=_LIMITS,
    )
    sandbox = await launch(spec, runtime)
    kept = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            while piece := await sandbox.output.read(1 << 16):
                kept += piece
                del kept[:-_LAST_BYTES]
    except TimeoutError:
        kept += _RESULT + json.dumps({"fault": f"they took longer than {_SECONDS:.0f} seconds"}).encode()
    finally:
        await sandbox.kill()
        await sandbox.wait()
    return bytes(kept)


def _write(files: dict[str, TreeFile], place: Path) -> None:
    for file in files.values():
        target = place / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(0o755 if file.executable else 0o644)
    for folder, _, _ in os.walk(place):
        Path(folder).chmod(0o755)


def main() -> int:
    """Run the tests; return 0 when that could be done, or 1 with an error as JSON on standard output."""
    parser = argparse.ArgumentParser(prog="bailiwick-app-tests")
    for name in ("--wheels", "--folder"):
        parser.add_argument(name, type=Path, required=True)
    chosen = parser.parse_args()
    os.umask(0o022)  # what is made here is read by the uids of sandboxes
    try:
        found = asyncio.run(run_tests(unpack(sys.stdin.buffer.read()), chosen.wheels, chosen.folder))
    except BailiwickError as fault:
        found = {"error": fault.message, "hint": fault.hint}
    except OSError as fault:
        found = {"error": f"the tests could not be written: {reason_of(fault)}", "hint": "is the disk full?"}
    sys.stdout.write(json.dumps(found))
    return 1 if "error" in found else 0


if __name__ == "__main__":
    sys.exit(main())
