"""Folders and apps, as plain values."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder: roles given here hold for everything below it."""

    path: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class App:
    """An app: `path` is its folder and name; `host` the label under which it is reached; `owner` answers for it."""

    id: str
    path: str
    folder: str
    name: str
    host: str
    created_by: str
    owner: str
    created_at: datetime

    @property
    def resource(self) -> str:
        """The written name."""
        return f"app:{self.path}"


@dataclass(frozen=True, slots=True)
class AppPage:
    """Apps by path, and the cursor of the next page (empty at the end)."""

    apps: tuple[App, ...]
    cursor: str
