"""The way to servers that gateways call: addresses of the configuration only, kept connections, checked TLS."""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlsplit

from bailiwick.client_tls import client_context
from bailiwick.core.artifacts import digest
from bailiwick.core.messages import HttpConnection
from bailiwick.dataplane.channel import Channel

_IDLE_A_SERVER = 32
_CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is. `path` is what the wire's paths are put behind; `authority_pem` is a certificate to check its
    own by, besides those that everybody trusts; `certificate` names the secret that holds what is shown to it in TLS.
    """

    host: str
    port: int
    tls: bool
    path: str
    authority_pem: str = ""
    certificate: str = ""

    @classmethod
    def of(cls, url: str, authority_pem: str = "") -> "Address":
        """Read a URL of the configuration; each is read once."""
        return _read(url, authority_pem, "")

    @classmethod
    def read(cls, url: str, authority_pem: str = "") -> "Address":
        """Read a URL that is met once."""
        parts = urlsplit(url)
        tls = parts.scheme == "https"
        port = parts.port or (443 if tls else 80)
        return cls(parts.hostname or "", port, tls, parts.path.rstrip("/"), authority_pem)

    @classmethod
    def to(cls, connection: HttpConnection) -> "Address":
        """Return where a service is."""
        return _read(connection.url, connection.authority, connection.client_certificate)

    @property
    def authority(self) -> bytes:
        """The value of the Host header (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}").encode()


class Upstreams:
    """Connections to servers; idle ones are used again. `context` is what TLS is checked by, the system's by default;
    `certificate` returns what is shown to servers that want it (PEM), by the name of its secret.

    Proxies of the environment are not asked: what leaves, leaves as the settings say.
    """

    def __init__(
        self,
        context: ssl.SSLContext | None = None,
        certificate: Callable[[str], Awaitable[str]] | None = None,
    ) -> None:
        self._contexts = {("", ""): context} if context is not None else {}
        self._certificate = certificate
        self._idle: dict[Address, list[Channel]] = defaultdict(list)

    def take_idle(self, address: Address) -> Channel | None:
        """Return a connection that was used before and is still good."""
        idle = self._idle[address]
        while idle:
            channel = idle.pop()
            if not channel.is_over and not channel.waiting:
                return channel
            channel.abort()
        return None

    async def connect(self, address: Address) -> Channel:
        """Return a new connection; raise `OSError` (TLS that does not check out is one) or `TimeoutError`."""
        context = await self._context_of(address) if address.tls else None
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, channel = await loop.create_connection(Channel, address.host, address.port, ssl=context)
        return channel

    async def _context_of(self, address: Address) -> ssl.SSLContext:
        shown = ""
        if address.certificate and self._certificate is not None:
            shown = await self._certificate(address.certificate)
        return await self.context_for(address.authority_pem, shown)

    async def context_for(self, authority_pem: str, certificate_pem: str = "") -> ssl.SSLContext:
        """Return what servers are checked by, and what is shown to them.

        Raises `ssl.SSLError` for an authority that is none, `UnavailableError` for a certificate without its key.
        """
        # The key of the certificate is in the context alone.
        key = (authority_pem, digest(certificate_pem.encode()) if certificate_pem else "")
        if key not in self._contexts:
            self._contexts[key] = await asyncio.to_thread(client_context, authority_pem, certificate_pem)
        return self._contexts[key]

    def give_back(self, address: Address, channel: Channel) -> None:
        """Keep a connection for the next call."""
        idle = self._idle[address]
        if len(idle) < _IDLE_A_SERVER:
            idle.append(channel)
        else:
            channel.abort()

    def close(self) -> None:
        """Close what is idle."""
        for idle in self._idle.values():
            for channel in idle:
                channel.abort()
        self._idle.clear()


@lru_cache(maxsize=1000)
def _read(url: str, authority_pem: str, certificate: str) -> Address:
    return replace(Address.read(url, authority_pem), certificate=certificate)
