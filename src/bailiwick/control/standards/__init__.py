"""Coding standards of an organisation and its folders: versions, approval by another person, trials."""

from bailiwick.control.standards.model import AppTrial, StandardSet, StandardVersion, TrialFinding
from bailiwick.control.standards.register import StandardRegister
from bailiwick.control.standards.service import StandardService
from bailiwick.control.standards.trial import StandardTrial

__all__ = [
    "AppTrial",
    "StandardRegister",
    "StandardService",
    "StandardSet",
    "StandardTrial",
    "StandardVersion",
    "TrialFinding",
]
