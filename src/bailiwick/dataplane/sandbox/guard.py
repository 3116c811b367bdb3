"""The guard of a sandbox: ends it when whoever started it is gone, from the first moment on, however it went.

Bubblewrap dies with its parent once it runs, but not what leads up to it, nor its child while that is being set up. So
a process outside of the sandbox waits for the end of a pipe that only the starter holds, and then kills the sandbox's
process group. What starts the sandbox waits until its guard knows the group.
"""

import subprocess

_COMMAND = ("/bin/sh", "-c", 'read -r group && { read -r _; kill -s KILL -- "-$group"; }', "guard")


class Guard:
    """A guard that knows of nothing yet."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )

    def watch(self, group: int) -> None:
        """Take a process group into its care: written at once, and read even when we are gone by then."""
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        self._process.stdin.write(f"{group}\n".encode())
        self._process.stdin.flush()

    def dismiss(self) -> None:
        """End the guard, and nothing else: what it watched has ended. It may be dismissed again."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
