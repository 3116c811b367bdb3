"""What packages an app's files bring: what lock files pin, and of an ecosystem without one what manifests ask for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bailiwick.control.review.engines.packages.inventory import Inventory, take
from bailiwick.control.review.engines.packages.model import NPM, PYPI, Package
from bailiwick.core.artifacts import TreeFile

# What says that a file which names packages could not be read to its end.
_UNREADABLE = frozenset({"syntax-error", "file-too-large"})


@dataclass(frozen=True, slots=True)
class Contained:
    """A package in an app; `version` is empty where no exact one is named, `path` the file that names it."""

    ecosystem: str
    name: str
    version: str
    path: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The packages in an app; `unreadable` is a file that names some and cannot be read, or empty."""

    packages: tuple[Contained, ...]
    unreadable: str = ""


def contents_of(files: Iterable[TreeFile]) -> Contents:
    """Return the packages in an app's files, each version of each once."""
    inventory = take(files)
    found = {(item.ecosystem, item.name, item.version): item for item in listed(inventory) if item.name}
    packages = tuple(Contained(item.ecosystem, item.name, item.version, item.path) for item in found.values())
    unreadable = next((item.path for item in inventory.problems if item.rule in _UNREADABLE), "")
    return Contents(packages, unreadable)


def listed(inventory: Inventory) -> Iterator[Package]:
    """Yield the packages that lock files pin; of an ecosystem without one, what its manifests ask for."""
    for ecosystem in (PYPI, NPM):
        yield from inventory.of(ecosystem, "lock") or inventory.of(ecosystem, "manifest")
