"""Freezes: one switch that keeps everything, or whatever contains something, from going to production."""

from bailiwick.control.freeze.errors import FreezeNotStandingError
from bailiwick.control.freeze.facts import FactFinder
from bailiwick.control.freeze.model import Affected, Freeze, FreezeKind, FreezeView, Scope
from bailiwick.control.freeze.register import FreezeRegister
from bailiwick.control.freeze.scopes import scope_of
from bailiwick.control.freeze.service import FreezeService

__all__ = [
    "Affected",
    "FactFinder",
    "Freeze",
    "FreezeKind",
    "FreezeNotStandingError",
    "FreezeRegister",
    "FreezeService",
    "FreezeView",
    "Scope",
    "scope_of",
]
