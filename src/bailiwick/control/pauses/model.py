"""A pause as a plain value."""

from dataclasses import dataclass
from datetime import datetime

from bailiwick.core.modes import Mode


@dataclass(frozen=True, slots=True)
class Pause:
    """A worker of an app in a mode that is held: by whom, since when, and why."""

    app: str
    mode: Mode
    worker: str
    paused_by: str
    paused_at: datetime
    reason: str

    @property
    def words(self) -> str:
        """What is said of the worker while it is held."""
        return f"paused by {self.paused_by}: {self.reason}"
