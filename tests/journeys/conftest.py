"""The whole product, started the way a user starts it, and the people who use it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from bailiwick.faces.cli.main import root

BAILIWICK = str(Path(sys.executable).parent / "bailiwick")
START_SECONDS = 120
APP = "finance/refund-desk"
_RUNNING = pytest.StashKey["Demo"]()
REFUND_DESK = Path(__file__).parents[2] / "src" / "bailiwick" / "demo" / "apps" / "refund_desk"


def free_port_range() -> int:
    """Return a port after which thirty are free at this moment."""
    # Tests run side by side, and two that look at once would find the same ones free.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for base in range(21000 + 2000 * worker, 32000, 40):
        sockets = []
        try:
            for offset in range(32):
                taken = socket.socket()
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sockets.append(taken)
                taken.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        else:
            return base
        finally:
            for item in sockets:
                item.close()
    raise RuntimeError("no free ports")


@dataclass
class Demo:
    """A running demo and its ready file."""

    process: subprocess.Popen[bytes]
    ready: dict[str, Any]
    state: Path
    port: int
    seconds_to_ready: float

    def cli(self, role: str, *arguments: str, ok: bool = True, cwd: Path | None = None) -> CompletedProcess[str]:
        """Run `bailiwick …` as somebody, in this process: starting the installed program takes a second each time.

        A push is one of the installed program's: git, which it starts, speaks past it.
        """
        environment = {"BAILIWICK_URL": self.ready["console_url"], "BAILIWICK_TOKEN": self.ready["tokens"][role]}
        done = (_started if arguments[0] == "push" else _called)(arguments, environment, cwd or Path.cwd())
        if ok:
            assert done.returncode == 0, f"bailiwick {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
        return done

    def api(self, role: str) -> httpx2.Client:
        """Return an HTTP client of the API as somebody."""
        headers = {"Authorization": f"Bearer {self.ready['tokens'][role]}"}
        return httpx2.Client(base_url=self.ready["api_url"], headers=headers, timeout=30)

    def app_url(self, *, preview: bool = False) -> str:
        """Return the address of the sample app."""
        return f"http://refund-desk.{'preview.' if preview else ''}localhost:{self.port + 10}"


def _called(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> CompletedProcess[str]:
    with contextlib.chdir(folder):
        said = CliRunner().invoke(root, arguments, env=environment)
    if said.exception is not None and not isinstance(said.exception, SystemExit):
        raise said.exception
    return CompletedProcess(arguments, said.exit_code, said.stdout, said.stderr)


def _started(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> CompletedProcess[str]:
    return subprocess.run(
        [BAILIWICK, *arguments],
        env={**os.environ, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def start_demo(state: Path, port: int) -> Demo:
    """Start `bailiwick demo` and wait until everything answers."""
    ready_file = state.parent / f"{state.name}-ready.json"
    ready_file.unlink(missing_ok=True)
    log = (state.parent / f"{state.name}.log").open("ab")
    began = time.monotonic()
    process = subprocess.Popen(
        [BAILIWICK, "demo", "--state", str(state), "--port", str(port), "--ready-file", str(ready_file), "--headless"],
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    while not ready_file.exists():
        if process.poll() is not None or time.monotonic() - began > START_SECONDS:
            process.kill()
            pytest.fail("the demo did not start:\n" + Path(log.name).read_text()[-4000:])
        time.sleep(0.1)
    return Demo(process, json.loads(ready_file.read_text()), state, port, time.monotonic() - began)


def push_files(demo: Demo, folder: Path, app: str, files: Mapping[str, str]) -> None:
    """Push files of an app as they are now, with the packages of the sample app."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name in ("requirements.in", "requirements.lock"):
        shutil.copy(REFUND_DESK / name, folder / name)
    demo.cli("builder", "push", app, "--folder", str(folder), "-m", "a step")


def stop_demo(demo: Demo) -> None:
    """Press Ctrl-C."""
    demo.process.send_signal(signal.SIGINT)
    demo.process.wait(60)


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="bw-journey-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def demo(home: Path, pytestconfig: pytest.Config) -> Iterator[Demo]:
    running = pytestconfig.stash[_RUNNING] = start_demo(home / "state", free_port_range())
    yield running
    _end(pytestconfig)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop the demo after the last journey: beside all other tests it would take a tenth of the machine."""
    if nextitem is not None and Path(__file__).parent not in nextitem.path.parents:
        _end(item.config)


def _end(config: pytest.Config) -> None:
    if (running := config.stash.get(_RUNNING, None)) is not None:
        del config.stash[_RUNNING]
        stop_demo(running)


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    def wait(look: Callable[[], Any], seconds: float = 30, what: str = "") -> Any:
        deadline = time.monotonic() + seconds
        while True:
            found = look()
            if found or time.monotonic() > deadline:
                assert found, f"did not happen within {seconds} s: {what}"
                return found
            time.sleep(0.1)

    return wait
