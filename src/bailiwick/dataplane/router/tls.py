"""The router's own TLS: certificate and key from files, read again when they change; HTTP/2 for whoever can (ALPN)."""

import logging
import ssl
from pathlib import Path

_LOG = logging.getLogger("bailiwick.router.tls")
HTTP2 = "h2"
_Stamp = tuple[tuple[int, int], ...]


class Certificate:
    """A certificate and its key as they lie in files. `context` is for the next connection."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Read both; raise `OSError` or `ssl.SSLError` when they cannot be or do not belong together."""
        self._files = (certificate, key)
        self._stamp = self._stamp_of()
        self.context = self._read()

    def look(self) -> None:
        """Take what the files hold when they changed; until both are there and belong together, the old ones stay."""
        try:
            stamp = self._stamp_of()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            self.context = self._read()
        except (OSError, ssl.SSLError) as fault:
            _LOG.warning("the certificate could not be read again: %s", fault)

    def _stamp_of(self) -> _Stamp:
        return tuple((found.st_mtime_ns, found.st_ino) for found in (file.stat() for file in self._files))

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols([HTTP2, "http/1.1"])
        context.load_cert_chain(*self._files)
        return context


def spoken(transport_ssl: object) -> str:
    """Return the protocol that a client of TLS chose, empty where it chose none."""
    if isinstance(transport_ssl, ssl.SSLObject | ssl.SSLSocket):
        return transport_ssl.selected_alpn_protocol() or ""
    return ""
