"""How bad something is that was found."""

from enum import IntEnum


class Severity(IntEnum):
    """How bad a finding is; from MEDIUM on it blocks."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The severity in lower case."""
        return self.name.lower()
