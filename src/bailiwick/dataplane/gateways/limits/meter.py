"""How fast something goes, as trials of limits measure it, too."""

from bailiwick.core.meters import Meter

__all__ = ["Meter"]
