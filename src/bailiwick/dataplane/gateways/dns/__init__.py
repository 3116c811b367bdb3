"""The DNS gateway: answers only for names that the app declared, and reports the rest."""

from bailiwick.dataplane.gateways.dns.server import DnsGateway

__all__ = ["DnsGateway"]
