"""What a plane stopped by itself: kept on disk until the control plane has said that it knows."""

import json
from pathlib import Path

Key = tuple[str, str]


class StoppedHere:
    """Apps by name and mode, with why they were stopped. A file that cannot be read stops the plane, not the memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._why: dict[Key, str] = {}
        if path.exists():
            self._why = {(app, mode): why for app, mode, why in json.loads(path.read_text())}

    def why(self, key: Key) -> str | None:
        """Return why an app was stopped in a mode, or None when it was not."""
        return self._why.get(key)

    def put(self, key: Key, why: str) -> None:
        """Remember a stop."""
        self._why[key] = why
        self._write()

    def known(self, key: Key) -> None:
        """Forget a stop: the control plane knows of it, and from now on its word counts again."""
        if self._why.pop(key, None) is not None:
            self._write()

    def _write(self) -> None:
        unfinished = self._path.with_suffix(".new")
        unfinished.write_text(json.dumps([[app, mode, why] for (app, mode), why in self._why.items()]))
        unfinished.replace(self._path)
