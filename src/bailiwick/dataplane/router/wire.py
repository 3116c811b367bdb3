"""HTTP/1.1 on the wire: strict heads in, rebuilt heads out, and bodies that pass through (RFC 9112).

What two servers could read in two ways is refused: both Content-Length and Transfer-Encoding, several lengths, folded
lines, bare line feeds. That is how request smuggling begins.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 100 * 2**20
HOP_BY_HOP = frozenset(
    [b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer",
     b"transfer-encoding", b"upgrade", b"proxy-connection"]
)  # fmt: skip
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(rb"/[!-~]*")
_VALUE = re.compile(rb"[\t -~\x80-\xff]*")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")

Headers = list[tuple[bytes, bytes]]


class BadRequestError(Exception):
    """The bytes are not a request that means one thing only."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request's head. `length` is that of the body in bytes, None when chunked; `upgrade` names a protocol."""

    method: str
    target: str
    host: str
    headers: Headers
    length: int | None
    keep_alive: bool
    upgrade: str

    @property
    def path(self) -> str:
        """The path without its query."""
        return unquote(self.target.partition("?")[0])

    def get(self, name: bytes) -> str:
        """Return a header's value, empty when it is not there."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), "")


def parse_request(head: bytes) -> RequestHead:
    """Read a request head that ends with an empty line; raise `BadRequestError` for anything doubtful."""
    lines = head[:-4].split(b"\r\n")
    method, target, version = _request_line(lines[0])
    headers = [_header(line) for line in lines[1:]]
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1:
        raise BadRequestError("exactly one Host header is needed")
    host = hosts[0].decode("latin-1").rpartition(":")[0] or hosts[0].decode("latin-1")
    if not _HOST.fullmatch(host.lower()):
        raise BadRequestError("the Host header does not name a host")
    tokens = {item.strip().lower() for name, value in headers if name == b"connection" for item in value.split(b",")}
    upgrade = next((value.decode("latin-1").lower() for name, value in headers if name == b"upgrade"), "")
    return RequestHead(
        method=method,
        target=target,
        host=host.lower(),
        headers=headers,
        length=_body_length(headers),
        keep_alive=b"close" not in tokens and version == b"HTTP/1.1",
        upgrade=upgrade if b"upgrade" in tokens else "",
    )


def _request_line(line: bytes) -> tuple[str, str, bytes]:
    parts = line.split(b" ")
    wanted = 3
    if len(parts) != wanted or parts[2] not in {b"HTTP/1.1", b"HTTP/1.0"}:
        raise BadRequestError("the request line is not HTTP/1.1")
    if not _TOKEN.fullmatch(parts[0]) or not _TARGET.fullmatch(parts[1]):
        raise BadRequestError("the request line names no path of this server")
    return parts[0].decode(), parts[1].decode(), parts[2]


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
        raise BadRequestError("a header line is malformed")
    return name.lower(), value.strip(b" \t")


def _body_length(headers: Headers) -> int | None:
    lengths = [value for name, value in headers if name == b"content-length"]
    codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
    if codings:
        if lengths or codings != [b"chunked"]:
            raise BadRequestError("the length of the body can be read in two ways")
        return None
    if not lengths:
        return 0
    if len(lengths) > 1 or not lengths[0].isdigit():
        raise BadRequestError("the length of the body can be read in two ways")
    length = int(lengths[0])
    if length > MAX_BODY_BYTES:
        raise BadRequestError(f"the body is larger than {MAX_BODY_BYTES // 2**20} MiB")
    return length


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
