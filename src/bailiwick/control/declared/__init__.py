"""Declared settings: what they come to, in versions that are signed, and what drifted from them."""

from bailiwick.control.declared.planes import PlaneSettingsBook
from bailiwick.control.declared.service import DeclaredSettings, Drift
from bailiwick.control.declared.versions import History, SettingsVersion, planes_recorded, read_history
from bailiwick.core.effective import Difference, differences, effective

__all__ = [
    "DeclaredSettings",
    "Difference",
    "Drift",
    "History",
    "PlaneSettingsBook",
    "SettingsVersion",
    "differences",
    "effective",
    "planes_recorded",
    "read_history",
]
