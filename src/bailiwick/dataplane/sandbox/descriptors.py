"""File descriptors that are handed to a sandbox's start, and closed after it."""

import os


class Descriptors:
    """File descriptors of ours that are closed at the end, unless closed or released before."""

    def __init__(self) -> None:
        self._open: set[int] = set()

    def __enter__(self) -> "Descriptors":
        return self

    def __exit__(self, *_: object) -> None:
        self.close(*self._open)

    def add(self, number: int) -> int:
        """Close this one at the end, too."""
        self._open.add(number)
        return number

    def pipe(self) -> tuple[int, int]:
        """Return both ends of a new pipe."""
        read, write = os.pipe()
        return self.add(read), self.add(write)

    def release(self, number: int) -> int:
        """Leave this one open: it is somebody else's now."""
        self._open.discard(number)
        return number

    def close(self, *numbers: int) -> None:
        """Close these now."""
        for number in numbers:
            self._open.discard(number)
            os.close(number)


class DataFiles:
    """Contents that bubblewrap reads from file descriptors: the filter, and small files for the sandbox."""

    def __init__(self, ours: Descriptors) -> None:
        self._ours = ours
        self.numbers: list[int] = []

    def add(self, content: bytes) -> str:
        """Return the number of a descriptor from which the content can be read."""
        number = self._ours.add(os.memfd_create("bailiwick"))
        os.write(number, content)
        os.lseek(number, 0, os.SEEK_SET)
        self.numbers.append(number)
        return str(number)
