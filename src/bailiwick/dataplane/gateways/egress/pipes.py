"""Pipes through which the kernel moves bytes from one socket to another without showing them to this process."""

import contextlib
import fcntl
import os

_MOST_KEPT = 64
# Asked for, not needed: where a plane may not have as much, the kernel's own size does.
_PIPE_BYTES = 1024 * 1024


class Pipe:
    """A pipe and how many bytes are in it."""

    def __init__(self) -> None:
        self.out, self.into = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.holds = 0
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.into, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    def close(self) -> None:
        """Give it back to the system, with what is in it."""
        os.close(self.out)
        os.close(self.into)


class Pipes:
    """Empty pipes that were used before. A connection needs one only while its bytes are on their way."""

    def __init__(self) -> None:
        self._kept: list[Pipe] = []

    def take(self) -> Pipe:
        """Return an empty pipe."""
        return self._kept.pop() if self._kept else Pipe()

    def give_back(self, pipe: Pipe) -> None:
        """Keep a pipe for the next one; bytes that nobody took do not reach anybody else."""
        if pipe.holds or len(self._kept) >= _MOST_KEPT:
            pipe.close()
        else:
            self._kept.append(pipe)

    def close(self) -> None:
        """Close what is kept."""
        while self._kept:
            self._kept.pop().close()
