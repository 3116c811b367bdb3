"""Admission: which requests of those who may use an app it takes now; under pressure, people come first.

A class of callers has a share of the app's rate and of its places. While there is enough for all, everybody is let
in; the more others use, the fewer classes still are: first visitors wait, then agents, then services.
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bailiwick.core.guardrails import RequestRails
from bailiwick.core.manifest import LimitSection, size_bytes
from bailiwick.core.principals import Identity
from bailiwick.dataplane.guard import RateLimit
from bailiwick.dataplane.router.pages import LimitReached, Page
from bailiwick.dataplane.router.wire import RequestHead, TooLargeError, size_words

# The share of each class. Whoever is none of these is no person who waits at a screen.
_SHARES: Mapping[str, float] = {"user": 1.0, "service": 0.8, "agent": 0.6}
_SHARE_OF_VISITORS = 0.4
_MOST_CALLERS = 10_000
_AGAIN_SECONDS = 2
_IPV6_SITE_BITS = 64


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What an app takes of requests, as its manifest declares it; sizes in bytes."""

    per_second: float = 50.0
    at_once: int = 200
    head_bytes: int = 64 * 2**10
    body_bytes: int = 100 * 2**20
    seconds: float = 60.0

    @classmethod
    def of(cls, declared: LimitSection) -> "RequestLimits":
        """Return what a manifest declares."""
        return cls(
            per_second=float(declared.requests_per_second),
            at_once=declared.requests_at_once,
            head_bytes=size_bytes(declared.request_head),
            body_bytes=size_bytes(declared.request_body),
            seconds=float(declared.request_seconds),
        )

    def within(self, rails: RequestRails) -> "RequestLimits":
        """Return these limits where guardrails do not say less."""
        body, at_once = rails.body_megabytes * 2**20, rails.at_once
        return replace(self, at_once=min(self.at_once, at_once), body_bytes=min(self.body_bytes, body))


class Admission:
    """What one release takes of requests, and how many it took lately: of each caller, and of all."""

    def __init__(self, limits: RequestLimits = RequestLimits()) -> None:
        """Take what the manifest declares."""
        self._declared = limits
        self._within: tuple[RequestRails, RequestLimits] | None = None
        self._rate = RateLimit(limits.per_second)
        self._callers: OrderedDict[str, RateLimit] = OrderedDict()

    def limits(self, rails: RequestRails) -> RequestLimits:
        """Return what is taken of each request where guardrails do not say less."""
        if self._within is None or self._within[0] is not rails:
            self._within = (rails, self._declared.within(rails))
        return self._within[1]

    def refusal(self, head: RequestHead, who: Identity, rails: RequestRails, in_flight: int) -> Page | None:
        """Return the page for a request that is too large, or of which there are too many; None lets it in."""
        limits = self.limits(rails)
        too_large = _too_large(head, limits)
        if too_large is not None:
            return too_large
        share, now = share_of(who), time.monotonic()
        if in_flight >= limits.at_once * share:
            return _no_place(limits.at_once)
        own = rails.visitor_per_second if who.is_anonymous else rails.person_per_second
        wait = self._rate_of(who, own).wait_seconds(now)
        if wait > 0:
            whose = "of one address" if who.is_anonymous else "of one caller"
            return _too_fast(wait, "You make more requests than are taken.", "caller-rate", f"{own:g}", whose)
        wait = self._rate.wait_seconds(now, share)
        if wait > 0:
            words = "This app gets more requests than it declared."
            return _too_fast(wait, words, "request-rate", f"{limits.per_second:g}", "of all")
        return None

    def _rate_of(self, who: Identity, per_second: float) -> RateLimit:
        key = _network(who.address) if who.is_anonymous else str(who.principal)
        rate = self._callers.get(key)
        if rate is None:
            while len(self._callers) >= _MOST_CALLERS:
                self._callers.popitem(last=False)
            rate = self._callers[key] = RateLimit(per_second)
        self._callers.move_to_end(key)
        rate.per_second = per_second
        return rate


def share_of(who: Identity) -> float:
    """Return the share that the class of a caller has of an app's rate and places."""
    return _SHARES.get(who.principal.kind, _SHARE_OF_VISITORS)


def too_large_body(most_bytes: int) -> Page:
    """Return the page for a body that is larger than its app takes."""
    limit = LimitReached("request-body", f"{size_words(most_bytes)} of a request's body")
    return Page(TooLargeError.status, f"This app takes bodies of {size_words(most_bytes)} at most.", limit=limit)


def _too_large(head: RequestHead, limits: RequestLimits) -> Page | None:
    if head.size > limits.head_bytes:
        most = size_words(limits.head_bytes)
        limit = LimitReached("request-head", f"{most} of a request's head")
        return Page(431, f"This app takes requests with a head of {most} at most.", limit=limit)
    return too_large_body(limits.body_bytes) if (head.length or 0) > limits.body_bytes else None


def _too_fast(wait: float, words: str, name: str, per_second: str, whose: str) -> Page:
    again = ((b"retry-after", str(int(wait) + 1).encode()),)
    limit = LimitReached(name, f"{per_second} requests a second {whose}")
    return Page(429, words, "Try again in a moment.", headers=again, limit=limit)


def _no_place(at_once: int) -> Page:
    again = ((b"retry-after", str(_AGAIN_SECONDS).encode()),)
    words = "This app answers as many requests as it can just now."
    limit = LimitReached("requests-at-once", f"{at_once} requests at once")
    return Page(503, words, "Try again in a moment.", headers=again, limit=limit)


def _network(address: str) -> str:
    """Return what counts as one address: whoever has an IPv6 address has a network of them."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, _IPV6_SITE_BITS), strict=False))
