"""Watches apps at work: error spikes and rates."""

from bailiwick.dataplane.guard.rates import RateLimit
from bailiwick.dataplane.guard.spikes import ErrorSpike

__all__ = ["ErrorSpike", "RateLimit"]
