"""Watches apps at work: errors, durations, starts, amounts and rates."""

from bailiwick.core.rates import RateLimit
from bailiwick.dataplane.guard.spikes import ErrorSpike
from bailiwick.dataplane.guard.trips import Trip
from bailiwick.dataplane.guard.watch import Guard, Watched

__all__ = ["ErrorSpike", "Guard", "RateLimit", "Trip", "Watched"]
