"""Migrations as files: `migrations/NNNN_name.up.sql` with `.down.sql`, numbered without gaps."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bailiwick.core.errors import InvalidInputError

FOLDER = "migrations/"
_NAME = re.compile(r"^migrations/(\d{1,6})_([\w-]{1,80})\.(up|down)\.sql$")
_MOST_BYTES = 2**20


class MigrationsError(InvalidInputError):
    """The migrations of an app cannot be run as they are: a name, a number or a way back is not what it must be."""

    code = "database.migrations-invalid"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema: its number, its name, and the SQL that takes it forward and back."""

    number: int
    name: str
    up: str
    down: str

    @property
    def digest(self) -> str:
        """The SHA-256 (64 hex digits) of both scripts, so that a changed one is seen."""
        return hashlib.sha256(f"{len(self.up)}\n{self.up}{self.down}".encode()).hexdigest()

    @property
    def title(self) -> str:
        """The migration as people write it: `0002_add_note`."""
        return f"{self.number:04}_{self.name}"


def migrations_of(files: Mapping[str, bytes]) -> tuple[Migration, ...]:
    """Return the migrations among an app's files (by path), in the order in which they run.

    Raises `MigrationsError` that names the file: for a name nobody would run, a number that is taken twice or missing,
    a script without its way back, or one that is not UTF-8 or over 1 MiB.
    """
    scripts: dict[int, dict[str, tuple[str, str]]] = {}
    for path in sorted(files):
        if not path.startswith(FOLDER) or not path.endswith(".sql"):
            continue
        match = _NAME.match(path)
        if match is None:
            raise _fault(path, "is not named NNNN_name.up.sql or NNNN_name.down.sql")
        ways = scripts.setdefault(int(match[1]), {})
        if match[3] in ways:
            raise _fault(path, f"has the number of another migration, {int(match[1])}")
        ways[match[3]] = (match[2], _text(path, files[path]))
    return tuple(_migration(number, scripts, min(scripts)) for number in sorted(scripts))


def _migration(number: int, scripts: Mapping[int, Mapping[str, tuple[str, str]]], first: int) -> Migration:
    ways = scripts[number]
    up, down = ways.get("up"), ways.get("down")
    if up is None or down is None or up[0] != down[0]:
        raise _fault(f"{FOLDER}{number:04}_*", "needs both an .up.sql and a .down.sql of one name")
    if number != first and number - 1 not in scripts:
        raise _fault(f"{FOLDER}{number:04}_{up[0]}", f"has no migration {number - 1} before it")
    return Migration(number, up[0], up[1], down[1])


def _text(path: str, content: bytes) -> str:
    if len(content) > _MOST_BYTES:
        raise _fault(path, "is larger than 1 MiB; keep data out of migrations")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _fault(path, "is not UTF-8") from None


def _fault(path: str, words: str) -> MigrationsError:
    return MigrationsError(f"{path} {words}", hint="docs/databases.md says how migrations are written")
