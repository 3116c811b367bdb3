"""What was said a moment ago, in a file: it outlives this process whenever that is killed, and costs one system call.

It is not flushed to the disk: a host that loses its power loses what was not in the database yet, some milliseconds.
There are two files in turn. While what is in one goes into the database, what comes goes into the other; each time has
a number, which the database keeps with what it took, so that nothing is taken twice.
"""

import errno
import logging
import os
from pathlib import Path

_LOG = logging.getLogger("bailiwick.plane.spool")


class Journal:
    """Two files beside a database. Bodies are bytes without a line's end; one thread at a time uses it. `failed` says
    whether the last body could not be written.
    """

    def __init__(self, database: Path) -> None:
        self._paths = [database.with_suffix(f".journal{number}") for number in range(2)]
        self._files = [
            os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600) for path in self._paths
        ]
        self._turn = 1
        self.failed = False

    def left(self, taken: int) -> tuple[list[bytes], int]:
        """Return what was written after the turn that the database took last, in order, and the last turn of it."""
        lines = [_lines(path.read_bytes()) for path in self._paths]
        found = sorted((turn, place, body) for file in lines for place, (turn, body) in enumerate(file) if turn > taken)
        return [body for _, _, body in found], found[-1][0] if found else taken

    def begin(self, last: int) -> None:
        """Forget what is there, all of which is in the database, and begin the turn after the last."""
        for file in self._files:
            os.ftruncate(file, 0)
        self._turn = last + 1

    def add(self, body: bytes) -> None:
        """Write a body. Where that fails it is said, once: what waits in memory is still taken."""
        if not self._files:
            return
        line, file = b"%d %b\n" % (self._turn, body), self._files[self._turn % 2]
        try:
            written = os.write(file, line)
            if written < len(line):
                # Half a line would hide the next one.
                os.ftruncate(file, os.fstat(file).st_size - written)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as fault:
            if not self.failed:
                _LOG.warning("reports wait in memory only until they are in the database: %s", fault.strerror)
            self.failed = True
        else:
            self.failed = False

    def next(self) -> int:
        """Begin the next turn; return the one that is over. The one before that must have been dropped."""
        self._turn += 1
        return self._turn - 1

    def drop(self, turn: int) -> None:
        """Forget what a turn brought: the database has it."""
        os.ftruncate(self._files[turn % 2], 0)

    def close(self) -> None:
        """Close the files; what is added after that is not kept."""
        files, self._files = self._files, []
        for file in files:
            os.close(file)


def _lines(content: bytes) -> list[tuple[int, bytes]]:
    """Return turns and bodies; a last line that was cut off was never acknowledged."""
    found = []
    for line in content.split(b"\n")[:-1]:
        turn, _, body = line.partition(b" ")
        if turn.isdigit():
            found.append((int(turn), body))
    return found
