"""How full an app's storage is, as its page shows it."""

from dataclasses import dataclass

from bailiwick.control.observe import StorageSeen
from bailiwick.core.reach_words import size_words
from bailiwick.faces.console.words import State

_NEARLY, _FULL = 0.9, 0.999


@dataclass(frozen=True, slots=True)
class StorageRow:
    """A folder of an app: whether there is room, and how much is used in words."""

    seen: StorageSeen
    state: State
    used: str
    size: str


def storage_view(seen: StorageSeen) -> StorageRow:
    """Return what is shown of the storage of an app."""
    share = max(seen.used_bytes / seen.size_bytes, seen.files / seen.most_files)
    state = State("full", "bad") if share >= _FULL else State("nearly full", "warn")
    state = state if share >= _NEARLY else State("has room", "good")
    return StorageRow(seen, state, size_words(seen.used_bytes), size_words(seen.size_bytes))
