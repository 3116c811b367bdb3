"""Addresses of a service in its answers: what leads back to it is written so that the app can follow it.

A redirect or a link is never followed here: the app asks again, through its own socket, and is judged again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from bailiwick.core.grants import RequestGrant
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.matching import Wanted, match, read_target
from bailiwick.dataplane.gateways.upstreams import Address

_LINK = re.compile(rb"<([^<>]{1,2000})>")
_BECOMES_GET = frozenset({301, 302, 303})
_KEEPS_METHOD = frozenset({307, 308})
REDIRECTS = _BECOMES_GET | _KEEPS_METHOD


@dataclass(frozen=True, slots=True)
class Addresses:
    """Turns addresses below `url`, seen in an answer to `wanted`, into those of the app's socket, called `name`."""

    url: str
    name: str
    wanted: Wanted

    def target(self, written: str) -> str | None:
        """Return path and query below the service's address, None for what leads anywhere else (RFC 3986)."""
        if not written:
            return None
        try:
            whole = urljoin(f"{self.url.rstrip('/')}{self.wanted.target}", written)
            parts, there, here = urlsplit(whole), Address.read(whole), Address.of(self.url)
        except ValueError:
            return None
        if parts.scheme not in {"http", "https"} or parts.username is not None or not whole.isprintable():
            return None
        if (there.host, there.port, there.tls) != (here.host, here.port, here.tls):
            return None
        if not parts.path.startswith(f"{here.path}/"):
            return None
        path = parts.path[len(here.path) :]
        return f"{path}?{parts.query}" if parts.query else path

    def own(self, written: str) -> str | None:
        """Return an address of the service as the app can follow it, None for what leads anywhere else."""
        target = self.target(written)
        return f"http://{self.name}.internal{target}" if target is not None and self.name else None

    def links(self, value: bytes) -> bytes:
        """Return the value of a Link header (RFC 8288) with addresses of the service as the app can follow them."""

        def written(found: re.Match[bytes]) -> bytes:
            own = self.own(found[1].decode("latin-1"))
            return b"<%b>" % own.encode("latin-1", "replace") if own is not None else found[0]

        return _LINK.sub(written, value)

    def redirect(self, status: int, location: str, grants: tuple[RequestGrant, ...]) -> bytes:
        """Return where an app is sent that is redirected (RFC 9110 section 15.4).

        Raises `CallRefusedError` for what leads elsewhere, and for what no access opens.
        """
        target = self.target(location)
        if target is None or not self.name:
            raise CallRefusedError(502, "the service sends calls elsewhere, where they do not go")
        method = self.wanted.method
        if status in _BECOMES_GET and method != "HEAD":
            method = "GET"
        try:
            again = read_target(method, target)
            match(again, grants)
        except CallRefusedError:
            raise CallRefusedError(
                502, "the service sends this call on to what no access opens", deciders=("data-grant",)
            ) from None
        return f"http://{self.name}.internal{again.target}".encode()


def rewriter(addresses: Addresses) -> Callable[[str], str]:
    """Return what writes one address as the app can follow it, and leaves others as they are."""
    return lambda written: addresses.own(written) or written
