"""Whether this plane's network is apart from the others: what must not be reached is tried, again and again."""

from bailiwick.dataplane.networks.own import own_addresses
from bailiwick.dataplane.networks.rounds import Rounds
from bailiwick.dataplane.networks.watch import NetworkWatch

__all__ = ["NetworkWatch", "Rounds", "own_addresses"]
