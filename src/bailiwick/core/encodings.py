"""Compressed copies of static files: only those that are the same as what they stand for, to whoever takes them."""

import zlib
from collections.abc import Callable, Mapping

import brotli

# Wide window, and a header of gzip (zlib's manual, inflateInit2).
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
ENDS: Mapping[str, str] = {"br": ".br", "gzip": ".gz"}


def is_copy(encoding: str, copy: bytes, original: bytes) -> bool:
    """Return whether a compressed copy is that of a file, whole and with nothing behind it.

    A reviewer reads the file, and a browser would get the copy: what differs must not be served. It is unpacked no
    further than the file is long.
    """
    try:
        return _UNPACK[encoding](copy, len(original)) == original
    except (zlib.error, brotli.error):
        return False


def _of_gzip(copy: bytes, most: int) -> bytes:
    unpacking = zlib.decompressobj(_GZIP_WINDOW)
    found = unpacking.decompress(copy, most + 1)
    if not unpacking.eof or unpacking.unused_data:
        raise zlib.error("the copy is cut off, longer, or more than one")
    return found


def _of_brotli(copy: bytes, most: int) -> bytes:
    unpacking = brotli.Decompressor()
    found = bytes(unpacking.process(copy, output_buffer_limit=most + 1))
    while not unpacking.is_finished() and len(found) <= most and not unpacking.can_accept_more_data():
        found += unpacking.process(b"", output_buffer_limit=most + 1)
    if not unpacking.is_finished():
        raise brotli.error("the copy is cut off or longer")
    return found


_UNPACK: Mapping[str, Callable[[bytes, int], bytes]] = {"gzip": _of_gzip, "br": _of_brotli}


def taken_by(accept: str) -> frozenset[str]:
    """Return which of the encodings that we know an `Accept-Encoding` takes (RFC 9110 section 12.5.3)."""
    taken: set[str] = set()
    refused: set[str] = set()
    others = False
    for item in accept.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        no = any(part.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for part in parameters)
        (refused if no else taken).add(name)
        others |= name == "*" and not no
    return frozenset(name for name in ENDS if name not in refused and (others or name in taken))
