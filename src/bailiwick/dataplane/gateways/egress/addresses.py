"""Which addresses a declared host may resolve to: public ones, and networks that the operator names."""

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressPolicy:
    """Refuses private, loopback, link-local (metadata services), multicast and reserved addresses, mapped ones too.

    `allowed` are networks such as `10.20.0.0/16` that are reachable nevertheless. Source: RFC 6890.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = [ipaddress.ip_network(network) for network in allowed]

    def permits(self, text: str) -> bool:
        """Return whether a resolved address may be connected to."""
        try:
            address: Address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address.version == network.version and address in network for network in self._allowed):
            return True
        return address.is_global and not address.is_multicast
