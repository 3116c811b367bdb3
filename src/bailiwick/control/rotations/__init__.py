"""Rotation of secrets: on demand, on schedule and when one leaks, without a query or request that is dropped."""

from bailiwick.control.rotations.errors import NotRotatableError, RotationNotFoundError
from bailiwick.control.rotations.keeper import RotationKeeper
from bailiwick.control.rotations.model import Cause, Rotation, Rule, SecretView, State, Step
from bailiwick.control.rotations.service import RotationService
from bailiwick.control.rotations.sources import AnySource, HookSource, HookTarget, PostgresSource

__all__ = [
    "AnySource",
    "Cause",
    "HookSource",
    "HookTarget",
    "NotRotatableError",
    "PostgresSource",
    "Rotation",
    "RotationKeeper",
    "RotationNotFoundError",
    "RotationService",
    "Rule",
    "SecretView",
    "State",
    "Step",
]
