"""What can go wrong with an app's own database."""

from collections.abc import Sequence

from bailiwick.core.errors import BailiwickError, ConflictError


class DatabaseError(BailiwickError):
    """An app's own database could not be made, migrated or restored; what serves goes on as it was."""

    code = "database.not-ready"
    status = 502


class WouldLoseError(ConflictError):
    """Going back would lose data that came after; each line says what, and how many rows."""

    code = "database.would-lose"

    def __init__(self, lines: Sequence[str]) -> None:
        """Take a line for each thing that would be lost."""
        super().__init__(
            "going back would lose data: " + "; ".join(lines),
            hint="bailiwick rollback --accept-loss goes back all the same; a snapshot is taken before",
            details={"losses": list(lines)},
        )
        self.lines = tuple(lines)
