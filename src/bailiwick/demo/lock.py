"""The lock of a state directory: one demo at a time, which knows when the last one could not end its parts."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bailiwick.core.errors import UnavailableError


@contextmanager
def locked(state: Path) -> Iterator[bool]:
    """Hold a state directory while a demo runs on it.

    Yields whether the last demo was killed before it could end its parts, which may then still be ending. Raises
    `UnavailableError` when another demo holds the directory.
    """
    # The kernel takes the lock back when its holder dies; what is written stays, and tells that it was not undone.
    with (state / "running").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnavailableError(
                f"a demo is running already with the state in {state}",
                hint="stop it with Ctrl-C, or give this one its own: --state DIRECTORY --port NUMBER",
            ) from None
        file.seek(0)
        was_killed = bool(file.read())
        file.write("running\n")
        file.flush()
        try:
            yield was_killed
        finally:
            file.truncate(0)
