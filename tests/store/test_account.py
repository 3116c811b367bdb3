"""The system account that the embedded PostgreSQL runs as, made by whoever needs it first."""

import os
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest

_MAKES = """
import sys
from bailiwick.store import embedded
embedded.SYSTEM_USER = sys.argv[1]
print("ready", flush=True)
sys.stdin.readline()
print(embedded._service_account().uid, flush=True)
sys.stdin.readline()
print(embedded._account().uid)
"""


@pytest.fixture
def name() -> Iterator[str]:
    name = f"bw-test-{uuid4().hex[:12]}"
    yield name
    subprocess.run(["userdel", name], capture_output=True, check=False)


@pytest.mark.req("DM1")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes accounts")
def test_processes_that_start_at_once_on_a_fresh_machine_make_one_account(name: str) -> None:
    command = [sys.executable, "-c", _MAKES, name]
    pipe = subprocess.PIPE
    starting = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=0) for _ in range(6)]

    def ask(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline()

    def go_on(process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()

    assert [ask(process) for process in starting] == ["ready\n"] * 6
    for process in starting:
        go_on(process)
    first = [ask(process) for process in starting]
    for process in starting:
        go_on(process)
    # What each became is what the account is in the end.
    last = [ask(process) for process in starting]
    assert [process.wait() for process in starting] == [0] * 6
    assert set(first) == set(last)
    assert len(set(first)) == 1
