"""Packages as an index has them: their versions, when those came out, licences, and what their makers say of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from bailiwick.core.errors import BailiwickError

# What a whole package is said to be (PEP 792); in the order of how much that weighs.
Status = Literal["active", "archived", "deprecated", "quarantined"]
STATUSES: tuple[Status, ...] = ("active", "archived", "deprecated", "quarantined")


class IndexUnusableError(BailiwickError):
    """A copy of an index, or what should become one, cannot be used."""

    code = "index.unusable"


class NoDumpError(IndexUnusableError):
    """What somebody gave to be imported is no dump of an index; nothing was done."""

    code = "index.no-dump"
    status = 400


@dataclass(frozen=True, slots=True)
class Release:
    """A version. `withdrawn` and `deprecated` hold why, or a plain word where nobody said why; empty where it is not.

    `licence` is an SPDX expression, empty where it is not known.
    """

    released: date | None = None
    licence: str = ""
    withdrawn: str = ""
    deprecated: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A package of an index; without `releases` its versions are not known. `licence` is that of its newest release."""

    ecosystem: str
    name: str
    releases: Mapping[str, Release] = field(default_factory=dict)
    licence: str = ""
    status: Status = "active"
    reason: str = ""

    @property
    def last_release(self) -> date | None:
        """When its newest version came out, where the index says so."""
        return max((item.released for item in self.releases.values() if item.released), default=None)


@dataclass(frozen=True, slots=True)
class IndexSource:
    """An ecosystem of the copy: how much there is, of when it is, and whether it is all that the index has."""

    ecosystem: str
    packages: int
    versions: int
    made: datetime
    imported: datetime
    file: str
    sha256: str
    whole: bool
