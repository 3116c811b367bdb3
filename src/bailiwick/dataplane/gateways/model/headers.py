"""The heads of calls and answers: only what is listed here passes, either way."""

import math
from collections.abc import Iterable

from bailiwick.core.messages import Surface
from bailiwick.core.redacting import Redact
from bailiwick.dataplane.gateways.services.showing import Outgoing, Shown
from bailiwick.dataplane.gateways.upstreams import Address
from bailiwick.dataplane.router.wire import Headers, RequestHead, render_head

_ASKED = (b"accept", b"anthropic-version", b"anthropic-beta", b"openai-beta", b"idempotency-key")
_ANSWERED = frozenset(
    [b"content-type", b"content-length", b"retry-after", b"retry-after-ms", b"x-should-retry", b"request-id",
     b"x-request-id", b"x-amzn-requestid", b"openai-processing-ms", b"openai-version"]
)  # fmt: skip
# The version of Anthropic's API where the caller states none; it must be stated.
_ANTHROPIC_VERSION = b"2023-06-01"
_LONGEST_VALUE = 1000
# Says which model answered: another one than the caller named, where that was not reached.
_MODEL = b"x-bailiwick-model"
# Says whether an answer is given again, where a model's settings let that be.
_CACHE = b"x-bailiwick-cache"
# The only query that a wire has: Anthropic's libraries ask for what is in beta with it.
_QUERY = "beta=true"


def request_head(
    head: RequestHead,
    address: Address,
    path: str,
    body: bytes,
    *,
    surface: Surface,
    shown: Shown | None,
    redact: Redact,
) -> bytes:
    """Return the head of a call as the model's server gets it, with its credential. `path` is behind the address."""
    headers: Headers = [
        (b"host", address.authority),
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"accept-encoding", b"identity"),
        (b"user-agent", b"bailiwick"),
    ]
    headers += [(name, redact(head.get(name)[:_LONGEST_VALUE]).encode("ascii", "replace"))
                for name in _ASKED if name in head.first]  # fmt: skip
    if surface == "anthropic" and b"anthropic-version" not in head.first:
        headers.append((b"anthropic-version", _ANTHROPIC_VERSION))
    query = f"?{_QUERY}" if head.target.partition("?")[2] == _QUERY and "?" not in path else ""
    target = f"{address.path}{path}{query}"
    if shown is not None:
        target = shown.target(target)
        headers += shown.headers(Outgoing("POST", target, headers, body))
    return render_head(f"POST {target} HTTP/1.1".encode(), headers)


def answer_head(
    status: int,
    headers: Iterable[tuple[bytes, bytes]],
    *,
    framed: bool,
    keep_alive: bool,
    model: str,
    age_seconds: int | None = None,
    may_be_kept: bool = False,
) -> bytes:
    """Return the head of an answer as the caller gets it; `model` is which one answers, and `age_seconds` how old an
    answer is that is given again.
    """
    kept = [(name, value) for name, value in headers if name.lower() in _ANSWERED]
    kept.append((_MODEL, model.encode()))
    if age_seconds is not None:
        # RFC 9111 section 5.1; anything behind this must not keep it for longer.
        kept += [(_CACHE, b"hit"), (b"age", b"%d" % age_seconds), (b"cache-control", b"private, no-store")]
    elif may_be_kept:
        kept.append((_CACHE, b"miss"))
    return _answer_head(status, kept, framed=framed, keep_alive=keep_alive)


def _answer_head(status: int, kept: Headers, *, framed: bool, keep_alive: bool) -> bytes:
    if not framed:
        kept.append((b"transfer-encoding", b"chunked"))
    kept.append((b"connection", b"keep-alive" if keep_alive else b"close"))
    return render_head(b"HTTP/1.1 %d Answered" % status, kept)


def own_answer(status: int, body: bytes, *, keep_alive: bool, retry_seconds: float = 0) -> bytes:
    """Return an answer of the gateway itself, which says that it is. What was refused is to be tried again only where
    it says when (RFC 9110 section 10.2.3).
    """
    headers: Headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if status >= 400:  # noqa: PLR2004 - RFC 9110 section 15.5
        headers.append((b"x-bailiwick-answer", b"own"))
    if retry_seconds > 0:
        headers.append((b"retry-after", b"%d" % math.ceil(retry_seconds)))
    elif 400 <= status < 500:  # noqa: PLR2004 - RFC 9110 section 15.5
        headers.append((b"x-should-retry", b"false"))
    return _answer_head(status, headers, framed=True, keep_alive=keep_alive) + body
