"""Bodies that were compressed, made plain again piece by piece (RFC 9110 section 8.4.1)."""

import zlib
from collections.abc import Iterator

from bailiwick.dataplane.gateways.egress.connection import RefusedError, shown

READ_PAYLOADS = ("payloads-that-are-read",)
_PIECE_BYTES = 64 * 1024
# What zlib is told: gzip's frame, or that of zlib, which HTTP calls deflate.
_FRAMES = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class Decoder:
    """Makes one body plain; `what` is what it is called in a refusal. It keeps no more than it was given last."""

    def __init__(self, encoding: str, what: str, most_bytes: int | None = None) -> None:
        """Begin; raise `RefusedError` for an encoding that is not read."""
        if encoding not in _FRAMES:
            raise RefusedError(f"{what} is compressed in a way that is not read ({shown(encoding)})", READ_PAYLOADS)
        self._bits = _FRAMES[encoding]
        self._what = what
        self._left = most_bytes
        self._zlib = zlib.decompressobj(self._bits)
        self._is_within = False

    def plain(self, data: bytes) -> Iterator[bytes]:
        """Yield what a piece says; raise `RefusedError` when it is broken, or says more than may pass."""
        while data:
            self._is_within = True
            try:
                piece = self._zlib.decompress(data, _PIECE_BYTES)
            except zlib.error:
                raise RefusedError(f"{self._what} is not compressed as it says", READ_PAYLOADS) from None
            if piece:
                self._take(len(piece))
                yield piece
            data = self._zlib.unconsumed_tail
            if self._zlib.eof:
                # Another member may follow (RFC 1952 section 2.2).
                data = self._zlib.unused_data
                self._zlib = zlib.decompressobj(self._bits)
                self._is_within = False

    def end(self) -> None:
        """Take note that nothing follows; raise `RefusedError` when something had to."""
        if self._is_within:
            raise RefusedError(f"{self._what} is not compressed as it says", READ_PAYLOADS)

    def _take(self, count: int) -> None:
        if self._left is None:
            return
        self._left -= count
        if self._left < 0:
            raise RefusedError(f"{self._what} is larger than may pass once it is plain", READ_PAYLOADS)


def encoding_of(value: str) -> str:
    """Return the coding of a Content-Encoding header, empty where the body is plain."""
    named = value.strip().lower()
    return "" if named == "identity" else named
