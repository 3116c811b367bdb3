"""Settings of what the organisation takes of packages: sources, licences, ages, and what it must know of them."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bailiwick.control.review import PackagePolicy

_Host = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[a-z0-9.-]+$")]
_USUAL = PackagePolicy()


class PackageOptions(BaseModel):
    """What reviews say of packages.

    `advisories` is `required` where apps with packages may not pass without a database of advisories, or with one older
    than `stale_days`; with `advise` that is said and blocks nothing. `index` is a file with the names that the
    organisation's index has, one a line; `indexes` are hosts of its own. `internal` are beginnings of names that
    only the organisation uses. `licences_refused` are SPDX ids, `*` for any ending; `licences_unknown` says whether a
    package passes of which nobody says a licence. `least_days` is the age in days that a version must have, 0 for any.
    An imported copy of the index that is older than `index_stale_days` is said to be. `unmaintained` says whether
    packages that their makers left alone block; without a release for `unmaintained_months` they count as such, too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    advisories: Literal["required", "advise"] = "advise"
    stale_days: int = Field(default=_USUAL.stale_days, ge=1)
    index: Path | None = None
    indexes: frozenset[_Host] = frozenset()
    internal: tuple[Annotated[str, StringConstraints(min_length=3, to_lower=True)], ...] = ()
    licences_refused: tuple[str, ...] = _USUAL.licences_refused
    licences_unknown: Literal["accept", "refuse"] = "accept"
    least_days: int = Field(default=0, ge=0)
    index_stale_days: int = Field(default=_USUAL.index_stale_days, ge=1)
    unmaintained: Literal["refuse", "advise"] = "advise"
    unmaintained_months: int = Field(default=0, ge=0)

    @property
    def policy(self) -> PackagePolicy:
        """The same as reviews read it."""
        return PackagePolicy(
            advisories_required=self.advisories == "required",
            stale_days=self.stale_days,
            index=str(self.index) if self.index else "",
            indexes=self.indexes,
            internal=self.internal,
            licences_refused=self.licences_refused,
            licence_required=self.licences_unknown == "refuse",
            least_days=self.least_days,
            index_stale_days=self.index_stale_days,
            unmaintained_refused=self.unmaintained == "refuse",
            unmaintained_months=self.unmaintained_months,
        )
