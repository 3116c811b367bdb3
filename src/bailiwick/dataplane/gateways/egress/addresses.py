"""Which addresses a declared host may resolve to: public ones, and networks that the operator names.

Sources: RFC 6890 and the IANA registries of special-purpose addresses, which Python's `ipaddress` follows; beside
those, whatever carries an IPv4 address inside an IPv6 one, because somebody else would take it out and go there:
mapped (RFC 4291 section 2.5.5.2), compatible (2.5.5.1), 6to4 (RFC 3056), Teredo (RFC 4380), NAT64 (RFC 6052 and 8215).
"""

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Everything outside of this is not handed out to anybody's hosts (RFC 4291 section 2.4, IANA).
_UNICAST = ipaddress.IPv6Network("2000::/3")
_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "2001::/23",  # Teredo, ORCHID, benchmarks: protocols' own, no hosts
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation (RFC 9637)
    )
)


class AddressPolicy:
    """Refuses private, loopback, link-local (metadata services), multicast and reserved addresses, and those that carry
    another address inside.

    `allowed` are networks such as `10.20.0.0/16` that are reachable nevertheless.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = [ipaddress.ip_network(network) for network in allowed]

    def permits(self, text: str) -> bool:
        """Return whether a resolved address may be connected to. One that names an interface (`%eth0`) never may."""
        try:
            address: Address = ipaddress.ip_address(text)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
            return False
        if any(address.version == network.version and address in network for network in self._allowed):
            return True
        if address.version == _UNICAST.version and address not in _UNICAST:
            return False
        if any(address.version == network.version and address in network for network in _REFUSED):
            return False
        return address.is_global and not address.is_multicast
