"""Makes every attempt, each in a process of its own, and writes what came of each to standard output, as JSON.

With a number as its argument it leaves out as many attempts: one before may have ended all that ran.
"""

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator

sys.path.insert(0, os.path.abspath(f"{os.path.dirname(__file__)}/../../../.."))

from bailiwick.dataplane.attacks.attempts import files, host, kernel, namespaces, network, processes, resources, storage
from bailiwick.dataplane.attacks.attempts.model import Attempt, Bait

ATTEMPTS = (
    *files.ATTEMPTS, *host.ATTEMPTS, *processes.ATTEMPTS, *namespaces.ATTEMPTS, *network.ATTEMPTS, *kernel.ATTEMPTS,
    *resources.ATTEMPTS, *storage.attempts(),
)  # fmt: skip
_SECONDS = 10
_LOOK_SECONDS = 0.001
_WORDS = 200
MARK = "BAILIWICK-ATTACKS "


def made(attempt: Attempt, bait: Bait) -> tuple[bool, str]:
    """Make an attempt; return whether it led out, and what stood in the way."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        os.setsid()
        _run(attempt, bait, write)
    os.close(write)
    _await_end(pid)
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)  # it, and what it may have left
    _, status = os.waitpid(pid, 0)
    said = os.read(read, 1 << 16)
    os.close(read)
    if os.WIFSIGNALED(status):
        return False, f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    try:
        out, words = json.loads(said)
    except ValueError:
        return False, "it ended without an answer"
    return bool(out), str(words)


def _await_end(pid: int) -> None:
    """Wait for the end of a child, not for long, and leave it to be waited for; not every kernel has pidfd_open(2)."""
    deadline = time.monotonic() + _SECONDS
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)


def _run(attempt: Attempt, bait: Bait, write: int) -> None:
    try:
        answer = [bool(attempt.run(bait)), ""]
    except OSError as fault:
        answer = [False, os.strerror(fault.errno) if fault.errno and fault.errno > 0 else str(fault)]
    except BaseException as fault:  # whatever it is, it led nowhere
        answer = [False, f"{type(fault).__name__}: {fault}"]
    try:
        os.write(write, json.dumps([answer[0], str(answer[1])[:_WORDS]]).encode())
    finally:
        os._exit(0)


def outcomes(bait: Bait, first: int = 0) -> Iterator[dict[str, object]]:
    """Yield what came of each attempt, from one on."""
    for attempt in ATTEMPTS[first:]:
        began = time.monotonic()
        out, words = made(attempt, bait)
        milliseconds = round((time.monotonic() - began) * 1000)
        yield {"theme": attempt.theme, "name": attempt.name, "out": out, "words": words, "milliseconds": milliseconds}


def main() -> None:
    """Make all attempts."""
    for found in outcomes(Bait.read(), int(sys.argv[1]) if len(sys.argv) > 1 else 0):
        sys.stdout.write(f"\n{MARK}{json.dumps(found)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
