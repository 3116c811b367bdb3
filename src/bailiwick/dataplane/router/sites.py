"""Sites: what the router knows of each app that it serves, by host name."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from bailiwick.core.messages import AppState, RequestTrace
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.dataplane.guard import ErrorSpike, RateLimit

Condition = Literal["starting", "running", "jobs-only", "killed", "failed", "refused", "stopped"]
_RECENT_REQUESTS = 50
_KNOWN_PASSES = 2000


class Cuttable(Protocol):
    """A request in flight that can be cut."""

    @property
    def identity(self) -> Identity:
        """Whose it is."""

    def cut(self) -> None:
        """End it now: the app was stopped."""

    def withdraw(self) -> None:
        """End it now: whoever it is of may not go on."""


@dataclass
class Site:
    """One app in one mode. `upstream` is the Unix socket on which its sandbox listens; `words` say why it is not up."""

    host: str
    state: AppState
    condition: Condition = "starting"
    words: str = ""
    upstream: Path | None = None
    rate: RateLimit = field(default_factory=lambda: RateLimit(50))
    spike: ErrorSpike = field(init=False)
    recent: deque[RequestTrace] = field(default_factory=lambda: deque(maxlen=_RECENT_REQUESTS))
    in_flight: set[Cuttable] = field(default_factory=set)
    known: dict[tuple[str, str], tuple[Identity, Decision, float]] = field(default_factory=dict)
    data_classes: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.spike = ErrorSpike(self.state.guard)

    def remember(self, key: tuple[str, str], identity: Identity, decision: Decision, expires: float) -> None:
        """Keep the decision about a pass and an address until it expires or the desired state changes."""
        if len(self.known) >= _KNOWN_PASSES:
            self.known.clear()
        self.known[key] = (identity, decision, expires)

    def end_revoked(self, epochs: Mapping[str, int]) -> None:
        """Cut what is in flight of people whose credentials ended, and forget what was decided about any pass."""
        self.known.clear()
        for request in list(self.in_flight):
            if request.identity.is_revoked(epochs):
                request.withdraw()

    def stop(self, condition: Condition, words: str) -> None:
        """Serve nothing more and cut what is in flight."""
        self.condition, self.words, self.upstream = condition, words, None
        for request in list(self.in_flight):
            request.cut()


class Sites:
    """Every site of this plane by its full host name."""

    def __init__(self) -> None:
        self._by_host: dict[str, Site] = {}

    def put(self, site: Site) -> None:
        """Serve a site under its host name."""
        self._by_host[site.host] = site

    def remove(self, host: str) -> None:
        """Serve nothing under a host name any more."""
        site = self._by_host.pop(host, None)
        if site is not None:
            site.stop("stopped", "this app is not served here any more")

    def find(self, host: str) -> Site | None:
        """Return the site of a host name, which is without port and in lower case."""
        return self._by_host.get(host)

    def of_app(self, app: str) -> list[Site]:
        """Return the sites of one app."""
        return [site for site in self._by_host.values() if site.state.app == app]

    def all(self) -> list[Site]:
        """Return every site."""
        return list(self._by_host.values())
