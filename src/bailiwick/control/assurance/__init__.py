"""Assurance: what came of attacking the planes' sandboxes, and asking for it."""

from bailiwick.control.assurance.service import AssuranceService, ModeAttacked, PlaneAttacked

__all__ = ["AssuranceService", "ModeAttacked", "PlaneAttacked"]
