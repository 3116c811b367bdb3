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
    only the organisation uses. `licences_refused` are SPDX ids, `*` for any ending. `least_days` is the age in days
    that a version must have, 0 for any.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    advisories: Literal["required", "advise"] = "advise"
    stale_days: int = Field(default=_USUAL.stale_days, ge=1)
    index: Path | None = None
    indexes: frozenset[_Host] = frozenset()
    internal: tuple[Annotated[str, StringConstraints(min_length=3, to_lower=True)], ...] = ()
    licences_refused: tuple[str, ...] = _USUAL.licences_refused
    least_days: int = Field(default=0, ge=0)

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
            least_days=self.least_days,
        )
