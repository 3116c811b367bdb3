"""Runs a version in its own environment: single verbs, and a whole control plane that only this host can see."""

import ctypes
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bailiwick.control.upgrades.environments import python_of
from bailiwick.control.upgrades.errors import UpgradeFailedError

_PR_SET_PDEATHSIG = 1  # prctl(2)
_VERB_SECONDS = 1800
_READY_SECONDS = 180.0
_STOP_SECONDS = 20
_LOOK_SECONDS = 0.2
_LAST_WORDS = 600
_HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Version:
    """A version in its environment, with the settings of this installation."""

    environment: Path
    config: Path

    def ask(self, verb: str, *words: str) -> str:
        """Return what a verb of `inside` prints; raise `UpgradeFailedError` with its last words when it fails."""
        python, config = str(python_of(self.environment)), str(self.config)
        command = [python, "-I", "-m", "bailiwick.control.upgrades.inside", verb, config]
        done = subprocess.run(
            [*command, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=_VERB_SECONDS,
            preexec_fn=_dying_with_us(),
        )
        if done.returncode:
            raise UpgradeFailedError(f"'{verb}' failed: {_last(done.stderr)}")
        return done.stdout

    def settings(self) -> dict[str, str]:
        """Return the effective settings as this version reads them."""
        return dict(json.loads(self.ask("settings")))

    def come_up(self) -> None:
        """Start the control plane on ports of loopback that nobody knows, wait until it is ready, and end it again.

        Raises `UpgradeFailedError` when it ends by itself or is not ready in time.
        """
        console, door = _free_port(), _free_port()
        places = {
            "BAILIWICK_TRIAL": "true",
            "BAILIWICK_CONSOLE__HOST": _HERE,
            "BAILIWICK_CONSOLE__PORT": str(console),
            "BAILIWICK_PLANES_DOOR__HOST": _HERE,
            "BAILIWICK_PLANES_DOOR__PORT": str(door),
        }
        python, config = str(python_of(self.environment)), str(self.config)
        command = [python, "-I", "-m", "bailiwick.faces.cli.main", "serve", "control", "--config", config]
        with tempfile.TemporaryFile() as words:
            running = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                env={**os.environ, **places},
                preexec_fn=_dying_with_us(),  # noqa: PLW1509 - one system call
            )
            try:
                _wait(running, console)
            except UpgradeFailedError as fault:
                words.seek(0)
                raise UpgradeFailedError(f"{fault.message}: {_last(words.read().decode(errors='replace'))}") from None
            finally:
                _end(running)


def _wait(running: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not _is_ready(port):
        if running.poll() is not None:
            raise UpgradeFailedError(f"the control plane ended by itself with code {running.returncode}")
        if time.monotonic() > deadline:
            raise UpgradeFailedError(f"the control plane was not ready after {_READY_SECONDS:.0f} s")
        time.sleep(_LOOK_SECONDS)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(_HERE, port, timeout=10)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(running: "subprocess.Popen[bytes]") -> None:
    running.terminate()
    try:
        running.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()


def _dying_with_us() -> Callable[[], None]:
    """Return what makes a child end when we are killed, so that no half an upgrade works on alone."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask_for_it() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    return ask_for_it


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HERE, 0))
        return int(probe.getsockname()[1])


def _last(words: str) -> str:
    return words.strip()[-_LAST_WORDS:]
