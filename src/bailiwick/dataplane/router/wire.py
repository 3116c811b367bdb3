"""HTTP/1.1 on the wire: strict heads in, rebuilt heads out, and bodies that pass through (RFC 9112).

What two servers could read in two ways is refused: both Content-Length and Transfer-Encoding, several lengths, folded
lines, bare line feeds. That is how request smuggling begins.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 100 * 2**20
_LENGTH_DIGITS = 12
HOP_BY_HOP = frozenset(
    [b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer",
     b"transfer-encoding", b"upgrade", b"proxy-connection"]
)  # fmt: skip
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FOR_PROXIES = frozenset([b"TRACE", b"TRACK", b"CONNECT"])
_TARGET = re.compile(rb"/[!-~]*")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
# Headers that say what a request is: given twice, two servers could follow one each.
_SINGLE = frozenset([b"host", b"content-length", b"transfer-encoding"])

Headers = list[tuple[bytes, bytes]]


class BadRequestError(Exception):
    """The bytes are not a request that means one thing only."""

    status = 400


class MethodError(BadRequestError):
    """The method is for whoever stands between a client and an app: TRACE would show what the router adds."""

    status = 405


class TooLargeError(BadRequestError):
    """The body is larger than is taken."""

    status = 413

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"the body is larger than {size_words(most_bytes)}")


class RequestHead(NamedTuple):
    """A request's head; `path` is without the query, `length` that of the body in bytes, None when chunked, `size` its
    own.

    `websocket` says that the connection should become one: no other upgrade is known here, because what another
    protocol carries (h2c: whole requests) would go past everything that is checked.
    """

    method: str
    target: str
    path: str
    host: str
    headers: Headers
    first: dict[bytes, bytes]
    length: int | None
    keep_alive: bool
    websocket: bool
    size: int

    def get(self, name: bytes) -> str:
        """Return a header's first value, empty when it is not there."""
        return self.first.get(name, b"").decode("latin-1")


def parse_request(head: bytes) -> RequestHead:
    """Read a request head that ends with an empty line; raise `BadRequestError` for anything doubtful."""
    lines = head[:-4].split(b"\r\n")
    return request_of(lines[0], lines[1:], len(head))


def request_of(first_line: bytes, lines: list[bytes], size: int) -> RequestHead:
    """Read a request line and header lines, `size` bytes together; raise `BadRequestError` for anything doubtful."""
    method, target, version = _request_line(first_line)
    headers, first = _headers(lines)
    length = _body_length(first)
    tokens = _connection_tokens(headers) if b"connection" in first else frozenset()
    return RequestHead(
        method=method,
        target=target,
        path=unquote(target.partition("?")[0]),
        host=_host(first.get(b"host", b"").decode("latin-1").lower()),
        headers=headers,
        first=first,
        length=length,
        keep_alive=b"close" not in tokens and version == b"HTTP/1.1",
        websocket=method == "GET"
        and length == 0
        and b"upgrade" in tokens
        and first.get(b"upgrade", b"").lower() == b"websocket",
        size=size,
    )


def _headers(lines: list[bytes]) -> tuple[Headers, dict[bytes, bytes]]:
    headers: Headers = []
    first: dict[bytes, bytes] = {}
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise BadRequestError("a header line is malformed")
        name, value = match[1].lower(), match[2].rstrip(b" \t")
        if name not in first:
            first[name] = value
        elif name in _SINGLE:
            raise BadRequestError(f"the header {name.decode()} is given twice")
        headers.append((name, value))
    return headers, first


def _connection_tokens(headers: Headers) -> frozenset[bytes]:
    values = (value for name, value in headers if name == b"connection")
    return frozenset(item.strip().lower() for value in values for item in value.split(b","))


def _host(value: str) -> str:
    host = value.rpartition(":")[0] or value
    if not _HOST.fullmatch(host):
        raise BadRequestError("exactly one Host header is needed, and it must name a host")
    return host


def _request_line(line: bytes) -> tuple[str, str, bytes]:
    parts = line.split(b" ")
    wanted = 3
    if len(parts) != wanted or parts[2] not in {b"HTTP/1.1", b"HTTP/1.0"}:
        raise BadRequestError("the request line is not HTTP/1.1")
    if not _TOKEN.fullmatch(parts[0]) or not _TARGET.fullmatch(parts[1]):
        raise BadRequestError("the request line names no path of this server")
    if parts[0] in _FOR_PROXIES:
        raise MethodError(f"{parts[0].decode()} is not taken")
    return parts[0].decode(), parts[1].decode(), parts[2]


def _body_length(first: dict[bytes, bytes]) -> int | None:
    length, coding = first.get(b"content-length"), first.get(b"transfer-encoding")
    if coding is not None:
        if length is not None or coding.lower() != b"chunked":
            raise BadRequestError("the length of the body can be read in two ways")
        return None
    if length is None:
        return 0
    if not length.isdigit():
        raise BadRequestError("the length of the body can be read in two ways")
    if len(length) > _LENGTH_DIGITS or int(length) > MAX_BODY_BYTES:
        raise TooLargeError(MAX_BODY_BYTES)
    return int(length)


def size_words(count: int) -> str:
    """Return a size in words, such as `10 MiB` or `512 bytes`."""
    for unit, name in ((2**20, "MiB"), (2**10, "KiB")):
        if count >= unit and not count % unit:
            return f"{count // unit} {name}"
    return f"{count} bytes"


def render_head(first_line: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the bytes of a head."""
    return b"\r\n".join([first_line, *(name + b": " + value for name, value in headers), b"", b""])


def cookies(value: str) -> dict[str, str]:
    """Return the cookies of a Cookie header (RFC 6265 section 4.2)."""
    pairs = (item.strip().partition("=") for item in value.split(";"))
    return {name: content for name, equals, content in pairs if equals}


def without_cookies(value: bytes, names: frozenset[str]) -> bytes:
    """Return a Cookie header without the named cookies."""
    kept = [item for item in value.split(b";") if item.strip().partition(b"=")[0].decode("latin-1") not in names]
    return b";".join(kept).strip()
