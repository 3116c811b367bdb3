"""Files of ours that engines read besides a change: which they are now, so that nobody goes by an older one."""

from dataclasses import dataclass
from pathlib import Path

from bailiwick.control.review.model import Surroundings
from bailiwick.core.errors import UnavailableError


class DataFileError(UnavailableError):
    """A file that reviews go by is not there."""

    code = "review.data-missing"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file as it is at one moment; another one under its name, or one that was written to, is not equal."""

    path: str
    device: int
    inode: int
    size: int
    changed_ns: int


def data_files(surroundings: Surroundings) -> tuple[DataFile, ...]:
    """Return the files that surroundings name; raise `DataFileError` when one is not there."""
    named = (surroundings.packages.advisories, surroundings.packages.index, surroundings.packages.facts)
    return tuple(_as_it_is(path) for path in named if path)


def _as_it_is(path: str) -> DataFile:
    try:
        facts = Path(path).stat()
    except OSError as fault:
        raise DataFileError(
            f"reviews go by {path}, which cannot be read: {fault.strerror}", hint="put it back, or correct the settings"
        ) from fault
    return DataFile(path, facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
