"""What tells one kind of versioned text from another."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from bailiwick.control.versions.model import Version
from bailiwick.control.versions.tables import VersionRow

R = TypeVar("R", bound=VersionRow)
V = TypeVar("V", bound=Version)


@dataclass(frozen=True, slots=True)
class Kind(Generic[R, V]):
    """Where a kind is kept and what it is as a value; `noun` is how actions and commands begin, `a` what sentences call
    one, `fact` under which name the audit log has it.
    """

    row: type[R]
    value: type[V]
    noun: str
    a: str
    fact: str
