"""The router's own TLS: certificate and key from files, read again when they change; HTTP/2 for whoever can (ALPN)."""

import logging
import ssl
from pathlib import Path

_LOG = logging.getLogger("bailiwick.router.tls")
HTTP2 = "h2"
_Pair = tuple[Path, Path]
_Stamp = tuple[tuple[int, int], ...]


class Certificate:
    """A certificate and its key as they lie in files, and others for further names. `context` is for a connection."""

    def __init__(self, certificate: Path, key: Path, folder: Path | None = None) -> None:
        """Read both, and `NAME.crt` and `NAME.key` of each further name in a folder.

        Raises `OSError` or `ssl.SSLError` when the first cannot be read or do not belong together.
        """
        self._pair = (certificate, key)
        self._folder = folder
        self._named: dict[str, tuple[_Stamp, ssl.SSLContext]] = {}
        self._stamp = _stamp_of(self._pair)
        self.context = self._first()
        self._look_in_folder()

    def look(self) -> None:
        """Take what the files hold when they changed; until both are there and belong together, the old ones stay."""
        try:
            stamp = _stamp_of(self._pair)
            if stamp != self._stamp:
                self._stamp = stamp
                self.context = self._first()
        except (OSError, ssl.SSLError) as fault:
            _LOG.warning("the certificate could not be read again: %s", fault)
        self._look_in_folder()

    def _first(self) -> ssl.SSLContext:
        context = _read(self._pair)
        context.sni_callback = self._choose
        return context

    def _choose(self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        found = self._named.get((name or "").lower())
        if found is not None:
            connection.context = found[1]

    def _look_in_folder(self) -> None:
        there = (
            {file.stem: (file, file.with_suffix(".key")) for file in self._folder.glob("*.crt")} if self._folder else {}
        )
        for name in self._named.keys() - there.keys():
            del self._named[name]
        for name, pair in there.items():
            try:
                stamp = _stamp_of(pair)
                if name not in self._named or self._named[name][0] != stamp:
                    self._named[name] = (stamp, _read(pair))
            except (OSError, ssl.SSLError) as fault:
                _LOG.warning("the certificate of %s could not be read: %s", name, fault)


def spoken(transport_ssl: object) -> str:
    """Return the protocol that a client of TLS chose, empty where it chose none."""
    if isinstance(transport_ssl, ssl.SSLObject | ssl.SSLSocket):
        return transport_ssl.selected_alpn_protocol() or ""
    return ""


def _stamp_of(pair: _Pair) -> _Stamp:
    return tuple((found.st_mtime_ns, found.st_ino) for found in (file.stat() for file in pair))


def _read(pair: _Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols([HTTP2, "http/1.1"])
    context.load_cert_chain(*pair)
    return context
