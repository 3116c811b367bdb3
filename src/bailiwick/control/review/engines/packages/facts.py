"""What the imported copy of the organisation's index says of an app's packages; each is looked up once."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bailiwick.control.review.engines.packages.model import Package
from bailiwick.control.review.engines.packages.origins import is_own_index
from bailiwick.control.review.indexes import IndexSource, KnownIndex, Listed, Release, open_index
from bailiwick.control.review.indexes.formats import same_version
from bailiwick.control.review.indexes.licences import spdx
from bailiwick.control.review.package_policy import PackagePolicy


@dataclass
class Facts:
    """The copy of the index, or nothing where none was imported."""

    policy: PackagePolicy
    index: KnownIndex | None = None
    sources: dict[str, IndexSource] = field(default_factory=dict)
    _asked: dict[tuple[str, str], Listed | None] = field(default_factory=dict)

    def listed(self, package: Package) -> Listed | None:
        """Return what the index has under a package's name; None where it has nothing, or the package is not its."""
        if self.index is None or (package.origin and not is_own_index(package.origin, self.policy)):
            return None
        key = (package.ecosystem, package.name)
        if key not in self._asked:
            self._asked[key] = self.index.about(*key)
        return self._asked[key]

    def release(self, package: Package) -> Release | None:
        """Return what the index says of a package's very version."""
        listed = self.listed(package)
        if listed is None or not package.version:
            return None
        return listed.releases.get(same_version(package.ecosystem, package.version))

    def released(self, package: Package) -> date | None:
        """Return when a version came out: by the index, else by the lock file, which its author may have written."""
        release = self.release(package)
        return release.released if release is not None and release.released else package.uploaded

    def licence(self, package: Package) -> str:
        """Return a package's licence: by the index, else by the lock file, in SPDX's words where that can be told."""
        listed, release = self.listed(package), self.release(package)
        said = (release.licence if release else "") or (listed.licence if listed else "")
        return said or spdx(package.licence) or package.licence

    def whole(self, ecosystem: str) -> bool:
        """Return whether the copy is all that the index has, so that what it lacks is nowhere."""
        source = self.sources.get(ecosystem)
        return source is not None and source.whole

    def stale(self, ecosystem: str, day: date) -> int:
        """Return how many days old the copy is where that is more than the organisation takes; else 0."""
        source = self.sources.get(ecosystem)
        days = (day - source.made.date()).days if source else 0
        return days if days > self.policy.index_stale_days else 0


@contextlib.contextmanager
def facts_of(policy: PackagePolicy) -> Iterator[Facts]:
    """Give the facts that a policy names; raise `IndexUnusableError` when they cannot be read: then nothing passes."""
    if not policy.facts:
        yield Facts(policy)
        return
    with open_index(Path(policy.facts)) as index:
        yield Facts(policy, index, {source.ecosystem: source for source in index.sources})


def once(packages: Iterable[Package]) -> Iterator[Package]:
    """Yield each version of each package the first time that a file names it."""
    seen: set[tuple[str, str, str]] = set()
    for package in packages:
        key = (package.ecosystem, package.name, package.version)
        if key not in seen:
            seen.add(key)
            yield package
