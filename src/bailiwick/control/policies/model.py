"""Sets of policies in versions, as plain values."""

from dataclasses import dataclass
from typing import TypeAlias

from bailiwick.control.versions import Version, VersionSet


@dataclass(frozen=True, slots=True)
class PolicyVersion(Version):
    """One version of a set; `tests` are its test cases in TOML."""

    tests: str = ""


PolicySet: TypeAlias = VersionSet[PolicyVersion]
