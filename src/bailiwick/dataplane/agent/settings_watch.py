"""Tells the control plane what this plane's settings are, and what its file says otherwise since it was started."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from yaml import YAMLError

from bailiwick.core.effective import difference_lines, differences, effective, hand_of
from bailiwick.core.messages import SettingsReport
from bailiwick.core.plane_settings import PlaneSettings, sign_settings
from bailiwick.core.statements import SigningKey
from bailiwick.dataplane.settings import DataPlaneSettings
from bailiwick.version import product_version

_LOOK_SECONDS = 5.0
_MOST_LINES = 50


class SettingsWatch:
    """Tells once at the start, and again whenever the file says something else than the last time."""

    def __init__(
        self,
        settings: DataPlaneSettings,
        file: Path | None,
        *,
        key: SigningKey,
        report: Callable[[SettingsReport], None],
        clock: Callable[[], datetime],
    ) -> None:
        """Take what the plane runs with and the file that it was read from (None: from none), and how to tell."""
        self._plane = settings.plane
        self._running = effective(settings)
        self._file = file
        self._key = key
        self._report = report
        self._clock = clock
        self._told: tuple[str, ...] | None = None
        self._next = 0.0

    def look(self, seconds: float = _LOOK_SECONDS) -> None:
        """Compare the file with what runs, when that was not done for so many seconds."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + seconds
        drift = tuple(self._drift())
        if drift == self._told:
            return
        self._told = drift
        owner, changed = hand_of(self._file)
        said = PlaneSettings(
            plane=self._plane,
            time=self._clock(),
            product=product_version(),
            file=str(self._file or ""),
            owner=owner,
            changed=changed,
            settings=self._running,
            drift=drift,
        )
        self._report(
            SettingsReport(
                envelope=sign_settings(said, self._key), public_key=self._key.public_text, time=self._clock()
            )
        )

    def _drift(self) -> list[str]:
        if self._file is None:
            return []
        try:
            there = effective(DataPlaneSettings.load(self._file))
        except (OSError, ValidationError, YAMLError, TypeError) as fault:
            return [f"the file cannot be read as settings ({type(fault).__name__})"]
        return difference_lines(differences(self._running, there))[:_MOST_LINES]
