"""The egress gateway: declared hosts, and nothing else, from planted sockets to the world."""

from bailiwick.dataplane.gateways.egress.addresses import AddressPolicy
from bailiwick.dataplane.gateways.egress.server import EgressListener, Opened

__all__ = ["AddressPolicy", "EgressListener", "Opened"]
