"""The egress gateway: declared hosts, and nothing else, from planted sockets to the world."""

from bailiwick.dataplane.gateways.egress.addresses import AddressPolicy
from bailiwick.dataplane.gateways.egress.asked import Answered
from bailiwick.dataplane.gateways.egress.authority import Opener, opener_of
from bailiwick.dataplane.gateways.egress.connection import Opened
from bailiwick.dataplane.gateways.egress.dialing import Dialer, dialer_of
from bailiwick.dataplane.gateways.egress.metering import Meter
from bailiwick.dataplane.gateways.egress.pipes import Pipes
from bailiwick.dataplane.gateways.egress.refusals import Refusals
from bailiwick.dataplane.gateways.egress.server import EgressListener

__all__ = [
    "AddressPolicy",
    "Answered",
    "Dialer",
    "EgressListener",
    "Meter",
    "Opened",
    "Opener",
    "Pipes",
    "Refusals",
    "dialer_of",
    "opener_of",
]
