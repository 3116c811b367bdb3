"""Rotation of secrets: on demand, on schedule and when one leaks, without a query or request that is dropped."""

from bailiwick.control.rotations.client_authority import REVOCATIONS_PATH, ClientAuthority
from bailiwick.control.rotations.errors import NotRotatableError, RotationNotFoundError
from bailiwick.control.rotations.keeper import RotationKeeper
from bailiwick.control.rotations.model import Cause, Rotation, Rule, SecretView, State, Step
from bailiwick.control.rotations.service import RotationService
from bailiwick.control.rotations.sources import (
    AnySource,
    CertificateSource,
    HookSource,
    HookTarget,
    OAuthClientSource,
    PostgresSource,
    ServerTarget,
)

__all__ = [
    "REVOCATIONS_PATH",
    "AnySource",
    "Cause",
    "CertificateSource",
    "ClientAuthority",
    "HookSource",
    "HookTarget",
    "NotRotatableError",
    "OAuthClientSource",
    "PostgresSource",
    "Rotation",
    "RotationKeeper",
    "RotationNotFoundError",
    "RotationService",
    "Rule",
    "SecretView",
    "ServerTarget",
    "State",
    "Step",
]
