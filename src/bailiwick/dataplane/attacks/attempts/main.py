"""Makes every attempt, each in a process of its own, and writes what came of them to standard output, as JSON."""

import contextlib
import json
import os
import select
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
    ended, process = select.poll(), os.pidfd_open(pid)
    ended.register(process, select.POLLIN)
    ended.poll(_SECONDS * 1000)
    os.close(process)
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


def outcomes(bait: Bait) -> Iterator[dict[str, object]]:
    """Yield what came of each attempt."""
    for attempt in ATTEMPTS:
        began = time.monotonic()
        out, words = made(attempt, bait)
        milliseconds = round((time.monotonic() - began) * 1000)
        yield {"theme": attempt.theme, "name": attempt.name, "out": out, "words": words, "milliseconds": milliseconds}


def main() -> None:
    """Make all attempts."""
    found = json.dumps(list(outcomes(Bait.read())))
    sys.stdout.write(f"\n{MARK}{found}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
