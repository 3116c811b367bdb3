"""Cold start of a program in the sandbox, against the same program started bare."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bailiwick.dataplane.sandbox import Runtime, SandboxSpec, ensure_runtime, launch

_ROUNDS = 15
# What a small web app loads before it answers.
_CODE = "import asyncio, http.server, json, ssl, sqlite3, decimal, logging, email.message; print('up', flush=True)"


def measure() -> list[tuple[str, float, str]]:
    """Return the time to the first line in the sandbox over the time without one."""
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        store = Path(home)
        store.chmod(0o755)
        runtime = ensure_runtime(store)
        boxed = asyncio.run(_boxed(runtime))
    bare = statistics.median(_bare() for _ in range(_ROUNDS))
    detail = f"{boxed * 1000:.0f} ms against {bare * 1000:.0f} ms, median of {_ROUNDS}"
    return [("cold start in the sandbox / bare process", boxed / bare, detail)]


async def _boxed(runtime: Runtime) -> float:
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        spec = SandboxSpec(id="bench", owner="bench", command=(runtime.python, "-I", "-c", _CODE))
        sandbox = await launch(spec, runtime)
        await sandbox.output.readline()
        times.append(time.perf_counter() - start)
        await sandbox.kill()
        await sandbox.wait()
    return statistics.median(times)


def _bare() -> float:
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, "-I", "-c", _CODE], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        return time.perf_counter() - start
