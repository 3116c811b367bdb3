"""The headers of a request as the app gets them: the browser's, without what only the router may say, and that."""

from collections.abc import Iterator
from functools import lru_cache

from bailiwick.core.principals import Identity
from bailiwick.core.traces import root_span
from bailiwick.dataplane.router.sign_in import ATTEMPT_COOKIE, PASS_COOKIE
from bailiwick.dataplane.router.wire import HOP_BY_HOP, Headers, RequestHead, without_cookies

_OWN_COOKIES = frozenset({PASS_COOKIE, ATTEMPT_COOKIE})
# What only the router may say to an app: whose request it is, and under which trace. It has also answered `expect`.
_RESERVED = frozenset(
    [b"traceparent", b"tracestate", b"baggage", b"forwarded", b"x-forwarded-for", b"authorization", b"expect"]
)


def headers_for_app(head: RequestHead, who: Identity, proof: bytes, trace: str) -> Headers:
    """Return what the app is told of a request, of whose it is (with signed `proof`) and under which trace it runs."""
    headers = [header for header in head.headers if not _is_ours(header[0])]
    if b"cookie" in head.first:
        headers = list(_without_our_cookies(headers))
    if head.length is None:
        headers.append((b"transfer-encoding", b"chunked"))
    if head.websocket:
        headers += [(b"connection", b"Upgrade"), (b"upgrade", b"websocket")]
    headers.append((b"traceparent", f"00-{trace}-{root_span(trace)}-01".encode()))
    # No person's name looks like this one: theirs are addresses.
    name = "anonymous" if who.is_anonymous else who.principal.name
    headers.append((b"x-bailiwick-user", name.encode("ascii", "replace")))
    headers.append((b"x-bailiwick-identity", proof))
    return headers


def headers_for_browser(headers: Headers) -> Headers:
    """Return an app's headers as a browser gets them: cookies stay at the host that they came from.

    With a `Domain` (RFC 6265, section 5.2.3) they would be sent to the previews of branches, which lie below the app's.
    """
    return [(name, _host_only(value) if name == b"set-cookie" else value) for name, value in headers]


def _host_only(cookie: bytes) -> bytes:
    parts = cookie.split(b";")
    kept = [part for part in parts[1:] if part.partition(b"=")[0].strip().lower() != b"domain"]
    return b";".join([parts[0], *kept])


@lru_cache(maxsize=2048)
def _is_ours(name: bytes) -> bool:
    """Tell whether a header is the router's to set. WSGI makes `_` and `-` the same, so they are here too."""
    plain = name.replace(b"_", b"-")
    return plain in _RESERVED or plain in HOP_BY_HOP or plain.startswith(b"x-bailiwick-")


def _without_our_cookies(headers: Headers) -> Iterator[tuple[bytes, bytes]]:
    for name, value in headers:
        kept = without_cookies(value, _OWN_COOKIES) if name == b"cookie" else value
        if kept or name != b"cookie":
            yield name, kept
