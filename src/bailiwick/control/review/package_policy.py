"""What an organisation says of packages: which sources, licences and ages it takes, and what it must know of them."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class PackagePolicy:
    """The organisation's word on packages.

    `advisories` is the path of the imported database, empty where there is none; with `advisories_required` apps with
    packages do not pass without one, or with one older than `stale_days`. `index` is the path of the imported list of
    names that the organisation's index has, empty where there is none. `indexes` are hosts that packages may come from
    besides the public registries. `internal` are beginnings of names that only the organisation may use. `facts` is
    the path of the imported copy of the index, with what it says of packages, empty where there is none; one older
    than `index_stale_days` is said to be. `licences_refused` are SPDX ids; with `licence_required` a package needs a
    licence that somebody knows. `least_days` is the age that a version must have. A package without a release for
    `unmaintained_months` (0: however long) counts as left alone, as does one that its makers call so;
    `unmaintained_refused` says that this blocks.
    """

    advisories: str = ""
    advisories_required: bool = False
    stale_days: int = 7
    index: str = ""
    indexes: frozenset[str] = frozenset()
    internal: tuple[str, ...] = ()
    licences_refused: tuple[str, ...] = ("AGPL-3.0", "SSPL-1.0", "BUSL-1.1", "Elastic-2.0", "CC-BY-NC-*")
    least_days: int = 0
    facts: str = ""
    index_stale_days: int = 30
    licence_required: bool = False
    unmaintained_months: int = 0
    unmaintained_refused: bool = False

    def with_data(self, advisories: str, facts: str) -> Self:
        """Return the same policy with the database and the copy of the index at paths; empty where there is none."""
        return replace(self, advisories=advisories, facts=facts)
