"""Cold start in the sandbox against the same process started bare: of a program, and of an app until it answers."""

import asyncio
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import bailiwick.demo
from bailiwick.core.provenance import PYTHON_LOCK, LockFile
from bailiwick.dataplane.sandbox import Layer, Limits, Mount, Runtime, SandboxSpec, ensure_layer, ensure_runtime, launch

_ROUNDS = 15
_WHEELS = Path(__file__).parents[1] / ".wheels"
_LOCK = Path(bailiwick.demo.__file__).parent / "apps" / "refund_desk" / PYTHON_LOCK
# What a small web app loads before it answers.
_CODE = "import asyncio, http.server, json, ssl, sqlite3, decimal, logging, email.message; print('up', flush=True)"
_APP = """
import sys
sys.path.insert(0, sys.argv[1])
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

class Order(BaseModel):
    id: int
    region: str = "EMEA"

app = FastAPI()

@app.get("/")
def index() -> list[Order]:
    return [Order(id=1)]

uvicorn.run(app, fd=int(sys.argv[2]), log_level="warning")
"""
_ASK = b"GET / HTTP/1.1\r\nhost: app\r\nconnection: close\r\n\r\n"


def measure() -> list[tuple[str, float, str]]:
    """Return the time to the first line, and to a FastAPI app's first answer, in the sandbox over those without one."""
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        store = Path(home)
        store.chmod(0o755)
        runtime = ensure_runtime(store / "runtimes")
        return asyncio.run(_rows(store, runtime))


async def _rows(store: Path, runtime: Runtime) -> list[tuple[str, float, str]]:
    layer = await ensure_layer(LockFile(PYTHON_LOCK, _LOCK.read_text()), _WHEELS, store / "layers", runtime)
    return [
        await _row("cold start in the sandbox / bare process", lambda: _boxed(runtime), _bare),
        await _row(
            "first answer of a FastAPI app in the sandbox / bare process",
            lambda: _boxed_app(store, runtime, layer),
            lambda: _bare_app(store, runtime, layer),
        ),
    ]


async def _row(
    what: str, boxed: Callable[[], Awaitable[float]], bare: Callable[[], Awaitable[float]]
) -> tuple[str, float, str]:
    """Measure both by turns, so that what else the machine does falls on both; the first of each only warms up."""
    times = [(await boxed(), await bare()) for _ in range(_ROUNDS + 1)][1:]
    inside, outside = (statistics.median(column) for column in zip(*times, strict=True))
    return what, inside / outside, f"{inside * 1000:.0f} ms against {outside * 1000:.0f} ms, median of {_ROUNDS}"


async def _boxed(runtime: Runtime) -> float:
    start = time.perf_counter()
    spec = SandboxSpec(id="bench", owner="bench", command=(runtime.python, "-I", "-c", _CODE))
    sandbox = await launch(spec, runtime)
    await sandbox.output.readline()
    took = time.perf_counter() - start
    await sandbox.kill()
    await sandbox.wait()
    return took


async def _bare() -> float:
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, "-I", "-c", _CODE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    await process.stdout.readline()
    took = time.perf_counter() - start
    await process.wait()
    return took


async def _boxed_app(store: Path, runtime: Runtime, layer: Layer) -> float:
    path = store / "ingress.sock"
    start = time.perf_counter()
    spec = SandboxSpec(
        id="bench",
        owner="bench",
        command=(runtime.python, "-B", "-c", _APP, "/layer", "3"),
        mounts=(Mount(layer.folder, "/layer"),),
        ingress=path,
        limits=Limits(cpu=float(os.cpu_count() or 1)),
    )
    sandbox = await launch(spec, runtime)
    await _answered(path)
    took = time.perf_counter() - start
    await sandbox.kill()
    await sandbox.wait()
    path.unlink()
    return took


async def _bare_app(store: Path, runtime: Runtime, layer: Layer) -> float:
    with _ingress(store) as (listener, path):
        start = time.perf_counter()
        number = listener.fileno()
        arguments = ("-B", "-c", _APP, str(layer.folder), str(number))
        process = await asyncio.create_subprocess_exec(runtime.python, *arguments, pass_fds=[number])
        await _answered(path)
        took = time.perf_counter() - start
        process.kill()
        await process.wait()
    return took


@contextlib.contextmanager
def _ingress(store: Path) -> Iterator[tuple[socket.socket, Path]]:
    """Make a listening socket, and say where it is."""
    path = store / "ingress.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(8)
        yield listener, path
    path.unlink()


async def _answered(path: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(_ASK)
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200"), answer
