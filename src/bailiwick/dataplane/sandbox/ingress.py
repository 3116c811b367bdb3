"""The socket that a sandbox serves, at a path that its starter chose: made outside or, by its own kernel, inside."""

import os
import secrets
import socket
from pathlib import Path

_BACKLOG = 256
# Where the command sees the folder of a socket that is made inside.
INNER_FOLDER = "/run"


def listen(path: Path) -> socket.socket:
    """Return a new socket that listens at a path, for this process's own uid to connect to."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(_BACKLOG)
    return listener


def new_name() -> str:
    """Return what a socket inside is called: no other sandbox's is called so, whatever folder a path leads to."""
    return f"{secrets.token_hex(8)}.sock"


class InnerIngress:
    """A way from a path outside to a socket that is made in a folder of a sandbox, once that is mounted.

    The folder is held open: the number of the first process may be another's once it has ended.
    """

    def __init__(self, path: Path, pid: int, root: str, name: str) -> None:
        self._path = path
        self._folder = os.open(f"/proc/{pid}/root{root}{INNER_FOLDER}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        path.symlink_to(f"/proc/self/fd/{self._folder}/{name}")

    def close(self) -> None:
        """Take the path away, then let go of the folder; it may be closed again."""
        if self._folder >= 0:
            self._path.unlink(missing_ok=True)
            os.close(self._folder)
            self._folder = -1
