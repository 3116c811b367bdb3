"""Coding standards: rules that an organisation writes for its apps, with tests of their own."""

from bailiwick.control.review.standards.check import broken
from bailiwick.control.review.standards.model import Fault, Kind, Standard, StandardRule
from bailiwick.control.review.standards.reading import StandardNotValidError, faults_in, read_standard

__all__ = [
    "Fault",
    "Kind",
    "Standard",
    "StandardNotValidError",
    "StandardRule",
    "broken",
    "faults_in",
    "read_standard",
]
