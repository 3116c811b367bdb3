"""Limits of integrations: how much goes through each, whose calls go first, and when a system is left alone."""

from bailiwick.dataplane.gateways.limits.errors import LimitedError
from bailiwick.dataplane.gateways.limits.gate import Attempt, Gate, Place
from bailiwick.dataplane.gateways.limits.gates import Gated, Gates
from bailiwick.dataplane.gateways.limits.pauses import hold_seconds
from bailiwick.dataplane.gateways.limits.places import Who
from bailiwick.dataplane.gateways.limits.shared import SharedCounter

__all__ = ["Attempt", "Gate", "Gated", "Gates", "LimitedError", "Place", "SharedCounter", "Who", "hold_seconds"]
