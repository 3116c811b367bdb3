"""Sites: what the router knows of each app that it serves, by host name."""

import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from bailiwick.core.manifest import Manifest
from bailiwick.core.messages import AppState, EndedPreview, RequestTrace
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.rollouts import RolloutStep
from bailiwick.dataplane.guard import ErrorSpike
from bailiwick.dataplane.router.admission import Admission, RequestLimits
from bailiwick.dataplane.router.files import StaticFiles

Condition = Literal["starting", "running", "asleep", "jobs-only", "killed", "failed", "refused", "frozen", "stopped"]
_RECENT_REQUESTS = 50
_KNOWN_PASSES = 2000


class Cuttable(Protocol):
    """A request in flight that can be cut."""

    @property
    def identity(self) -> Identity:
        """Whose it is."""

    @property
    def what(self) -> str:
        """What is asked for, such as `GET /export`."""

    def cut(self) -> None:
        """End it now: the app was stopped."""

    def withdraw(self) -> None:
        """End it now: whoever it is of may not go on."""


@dataclass
class Site:
    """One app in one mode. `upstream` is the Unix socket on which its sandbox listens, where it has one; `files` are
    what is answered without it; `words` say why it is not up.

    `used` is when it was used last, by the monotonic clock. `wake` is awaited to wake it while it sleeps; `woken` says
    that it is started because somebody wants it.
    """

    host: str
    state: AppState
    condition: Condition = "starting"
    words: str = ""
    upstream: Path | None = None
    admission: Admission = field(default_factory=Admission)
    spike: ErrorSpike = field(init=False)
    recent: deque[RequestTrace] = field(default_factory=lambda: deque(maxlen=_RECENT_REQUESTS))
    in_flight: set[Cuttable] = field(default_factory=set)
    known: dict[tuple[str, str], tuple[Identity, Decision, float]] = field(default_factory=dict)
    data_classes: frozenset[str] = frozenset()
    used: float = field(default_factory=time.monotonic)
    wake: Callable[[], Awaitable[None]] | None = None
    woken: bool = False
    files: StaticFiles | None = None
    # On trial, the first request passes.
    _due: float = 1.0

    def __post_init__(self) -> None:
        self.spike = ErrorSpike(self.state.guardrails.errors)

    @property
    def is_public(self) -> bool:
        """Whether an administrator opened it to everybody, also without sign-in."""
        return self.state.mode == "production" and self.state.guardrails.access.public

    @property
    def limits(self) -> RequestLimits:
        """What it takes of requests, by its manifest and by guardrails."""
        return self.admission.limits(self.state.guardrails.requests)

    def declare(self, manifest: Manifest) -> None:
        """Take what the release that is served declares of data and of requests."""
        self.data_classes = frozenset(manifest.app.data_classes)
        self.admission = Admission(RequestLimits.of(manifest.limits))

    def lets_through(self) -> bool:
        """Return whether one more request may pass: all but on trial, where every so many'th is."""
        if self.state.trial in (0, 1):
            return True
        passes = self._due >= 1
        self._due += self.state.trial - passes
        return passes

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

    def keep_to(self, wanted: AppState) -> None:
        """Let those in who may use the app from now on, whichever release it is that serves."""
        self.state = self.state.model_copy(update={"roles": wanted.roles, "guardrails": wanted.guardrails})

    def serve(self, state: AppState, upstream: Path | None, files: StaticFiles | None = None) -> None:
        """Serve a release that answers on a socket, by its files, or both, whatever was here before."""
        self.state, self.words, self.woken, self.files = state, "", False, files
        self.go_on(upstream)
        self.spike = ErrorSpike(state.guardrails.errors)
        self.known.clear()

    @property
    def wakes(self) -> bool:
        """Whether a request is to wait for it: it sleeps, or is started for another request."""
        return self.condition == "asleep" or (self.condition == "starting" and self.woken)

    def doze(self, wake: Callable[[], Awaitable[None]]) -> None:
        """Sleep until a request comes that may pass, which waits for `wake`."""
        self.close("asleep", "")
        self.wake = wake

    def go_on(self, upstream: Path | None) -> None:
        """Serve again what only slept."""
        self.condition, self.upstream, self.wake = "running", upstream, None
        self.used = time.monotonic()

    def start_again(self) -> None:
        """Be started for requests, which wait."""
        self.close("starting", "")
        self.woken = True

    def stop(self, condition: Condition, words: str) -> None:
        """Serve nothing more and cut what is in flight."""
        self.close(condition, words)
        self.cut()

    def close(self, condition: Condition, words: str) -> None:
        """Serve nothing more; what is in flight goes on."""
        self.condition, self.words, self.upstream, self.wake = condition, words, None, None

    def cut(self) -> None:
        """Cut what is in flight."""
        for request in list(self.in_flight):
            request.cut()


class Sites:
    """Every site of this plane by its full host name, and the candidates that take a part of the requests of some."""

    def __init__(self) -> None:
        self._by_host: dict[str, Site] = {}
        self._candidates: dict[str, tuple[Site, RolloutStep]] = {}
        self._ended: Mapping[str, EndedPreview] = {}
        self._domains: Mapping[str, str] = {}

    def tell_domains(self, domains: Mapping[str, str]) -> None:
        """Serve sites under further host names, each with the host of its site, and under no others from before."""
        self._domains = domains

    def tell_ended(self, ended: Mapping[str, EndedPreview]) -> None:
        """Say at these hosts that a preview ended, wherever none is served."""
        self._ended = ended

    def ended(self, host: str) -> EndedPreview | None:
        """Return what is said of a preview that ended at a host."""
        return self._ended.get(host)

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
        return self._by_host.get(self._domains.get(host, host))

    def put_candidate(self, site: Site, step: RolloutStep) -> None:
        """Let a candidate have the requests of those whom a step gives it, under the host name of its app."""
        self._candidates[site.host] = (site, step)

    def drop_candidate(self, site: Site) -> None:
        """Let everybody have what is served under the host name; what the candidate answers just now goes on."""
        if self._candidates.get(site.host, (None,))[0] is site:
            del self._candidates[site.host]

    def side_of(self, site: Site, who: Identity) -> Site:
        """Return the site that somebody's request goes to: this one, or the candidate beside it while that is up."""
        beside = self._candidates.get(site.host)
        if beside is None or beside[0].condition != "running" or not beside[1].gives(who):
            return site
        return beside[0]

    def all(self) -> list[Site]:
        """Return every site, candidates too."""
        return [*self._by_host.values(), *(site for site, _ in self._candidates.values())]
