"""The heads of calls and answers: only what is listed here passes, either way."""

import json
import math
from collections.abc import Iterable

from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.objects import is_among
from bailiwick.dataplane.gateways.services.showing import Outgoing, Shown
from bailiwick.dataplane.gateways.upstreams import Address
from bailiwick.dataplane.router.wire import Headers, RequestHead, render_head

_ASKED = (b"accept", b"accept-language", b"content-type", b"if-match", b"if-none-match", b"if-modified-since",
          b"prefer", b"range", b"idempotency-key")  # fmt: skip
_ANSWERED = frozenset(
    [b"content-type", b"content-length", b"content-disposition", b"content-language", b"content-range", b"etag",
     b"last-modified", b"cache-control", b"expires", b"vary", b"link", b"retry-after", b"accept-ranges",
     b"preference-applied", b"location", b"x-request-id", b"request-id", b"deprecation", b"sunset", b"x-total-count",
     b"x-amz-version-id", b"x-amz-request-id", b"x-amz-bucket-region"]
)  # fmt: skip
_BEGINNINGS = (b"ratelimit", b"x-ratelimit-", b"x-rate-limit-", b"x-amz-meta-", b"x-amz-checksum-")
_LONGEST_VALUE = 4000
# What the gateway writes itself, or what would let an app choose who it is.
_NEVER = frozenset([b"host", b"content-length", b"transfer-encoding", b"connection", b"cookie", b"authorization",
                    b"proxy-authorization", b"accept-encoding", b"user-agent", b"x-request-id", b"te", b"trailer",
                    b"upgrade", b"expect", b"forwarded", b"keep-alive"])  # fmt: skip


def request_head(
    head: RequestHead,
    address: Address,
    target: str,
    length: int | None,
    *,
    shown: Shown | None,
    along: Iterable[str],
    trace: str,
    body: bytes | None,
) -> bytes:
    """Return the head of a call as the service gets it; `along` are headers of the app that a grant lets through, and
    `body` is None where it is sent as it comes. A `length` of None is that of a body in chunks.
    """
    headers: Headers = [
        (b"host", address.authority),
        (b"accept-encoding", b"identity"),
        (b"user-agent", b"bailiwick"),
        *_framing(head.method, length),
        *([(b"x-request-id", trace.encode())] if trace else []),
    ]
    own = {name for name, _ in headers} | _NEVER | (shown.names if shown is not None else set())
    opened = tuple(along)
    kept = [name for name in head.first if name in _ASKED or is_among(name.decode(), opened)]
    headers += [(name, head.first[name][:_LONGEST_VALUE]) for name in kept if name not in own]
    target = f"{address.path}{target}"
    if shown is not None:
        target = shown.target(target)
        headers += shown.headers(Outgoing(head.method, target, tuple(headers), body))
    return render_head(f"{head.method} {target} HTTP/1.1".encode(), headers)


def answer_head(
    status: int, headers: Iterable[tuple[bytes, bytes]], *, length: int | None, bodiless: bool, keep_alive: bool
) -> bytes:
    """Return the head of an answer as the app gets it; a `length` of None is one of chunks."""
    kept = [(name, value) for name, value in headers if _passes(name.lower()) and name.lower() != b"content-length"]
    if length is not None:
        kept.append((b"content-length", b"%d" % length))
    elif not bodiless:
        kept.append((b"transfer-encoding", b"chunked"))
    kept.append((b"connection", b"keep-alive" if keep_alive else b"close"))
    return render_head(b"HTTP/1.1 %d Answered" % status, kept)


def refusal(fault: CallRefusedError, *, keep_alive: bool) -> bytes:
    """Return the answer of the gateway itself: a problem (RFC 9457) that says that it is not the service's."""
    body = json.dumps(fault.problem()).encode()
    headers: Headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-bailiwick-answer", b"own"),
        *([(b"retry-after", b"%d" % math.ceil(fault.retry_seconds))] if fault.retry_seconds else []),
        (b"connection", b"keep-alive" if keep_alive else b"close"),
    ]
    return render_head(b"HTTP/1.1 %d Refused" % fault.status, headers) + body


def _framing(method: str, length: int | None) -> Headers:
    if length is None:
        return [(b"transfer-encoding", b"chunked")]
    return [(b"content-length", b"%d" % length)] if length or method not in {"GET", "HEAD", "DELETE"} else []


def _passes(name: bytes) -> bool:
    return name in _ANSWERED or name.startswith(_BEGINNINGS)
