"""The gate: decides from a request's head who is asking, whether they may, and whether the app takes it now."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bailiwick.core.branches import instance_name
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotAuthenticatedError
from bailiwick.core.messages import DesiredState
from bailiwick.core.passes import read_pass
from bailiwick.core.policy import DEFAULT_DENY, Decision, PoliciesInForce, PolicyEngine, Resource, StepUp
from bailiwick.core.principals import Identity, visitor_from
from bailiwick.dataplane.router.pages import Page
from bailiwick.dataplane.router.sign_in import PASS_COOKIE
from bailiwick.dataplane.router.sites import Site
from bailiwick.dataplane.router.wire import RequestHead, cookies

# Policies may ask for the time and the age of a sign-in: an answer holds no longer than this.
_KNOWN_SECONDS = 1.0
_WORDS = {
    "starting": "The app is starting. This takes a few seconds.",
    "failed": "The app could not be started.",
    "refused": "This release is not what was approved, so it was not started.",
    "frozen": "Nothing new is started here for now, and this app did not run before.",
    "stopped": "The app is not running.",
}


@dataclass(frozen=True, slots=True)
class SignInNeeded:
    """Nobody is signed in, or not as policy wants it; then `refused` is what whoever cannot sign in anew is told."""

    wanted: StepUp = field(default_factory=StepUp)
    refused: Page | None = None


class Gate:
    """Asks in this order: is the app up, who is it, may they. Nothing else lets a request through."""

    def __init__(
        self,
        *,
        engine: PolicyEngine | PoliciesInForce,
        pass_key: Callable[[], str],
        state: Callable[[], DesiredState | None],
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._pass_key = pass_key
        self._state = state
        self._clock = clock

    def check(self, site: Site, head: RequestHead, address: str = "") -> Identity | SignInNeeded | Page:
        """Return who may pass, that they must sign in, or the page that says why not; `address` is the client's."""
        # What sleeps is woken by whoever may pass.
        closed = None if site.wakes else closed_page(site)
        if closed is not None:
            return closed
        token, shown = self._token(head)
        try:
            identity, decision = self._decide(site, token, address)
        except NotAuthenticatedError:
            # A cookie that ended was brought along; whoever shows a pass as a bearer token wants to be known.
            return SignInNeeded() if shown else self._visitor(site, address)
        if not decision.allowed:
            refused = Page(403, decision.reason, _hint(decision), deciders=decision.deciders)
            return refused if decision.step_up is None else SignInNeeded(decision.step_up, refused)
        return identity

    def _visitor(self, site: Site, address: str) -> Identity | SignInNeeded | Page:
        """Let somebody pass whom nobody knows, where an administrator opened the app to everybody."""
        if not site.is_public:
            return SignInNeeded()
        now = self._clock().timestamp()
        known = site.known.get(("", address))
        if known is None or known[2] <= now:
            who = visitor_from(address)
            known = (who, self._ask(site, who), now + _KNOWN_SECONDS)
            site.remember(("", address), *known)
        return known[0] if known[1].allowed else SignInNeeded()

    def _decide(self, site: Site, token: str, address: str) -> tuple[Identity, Decision]:
        if not token:
            raise NotAuthenticatedError("nobody is signed in")
        now = self._clock()
        known = site.known.get((token, address))
        if known is not None and known[2] > now.timestamp():
            return known[0], known[1]
        app = instance_name(site.state.app, site.state.branch)
        content = read_pass(token, self._pass_key(), app=app, mode=site.state.mode, now=now)
        state = self._state()
        if state is None or content.identity.is_revoked(state.epochs):
            raise NotAuthenticatedError("this sign-in was revoked")
        identity = replace(content.identity, address=address)
        decision = self._ask(site, identity)
        until = min(content.expires.timestamp(), now.timestamp() + _KNOWN_SECONDS)
        site.remember((token, address), identity, decision, until)
        return identity, decision

    def _ask(self, site: Site, identity: Identity) -> Decision:
        resource = Resource("App", f"app:{site.state.app}", site.state.roles, site.data_classes)
        return self._engine.decide(identity, "app.use", resource, {"mode": site.state.mode, "public": site.is_public})

    def end_forbidden(self, site: Site) -> None:
        """Cut what is in flight of people who may not use the app any more."""
        for request in list(site.in_flight):
            if not self._ask(site, request.identity).allowed:
                request.withdraw()

    @staticmethod
    def _token(head: RequestHead) -> tuple[str, bool]:
        """Return the pass, empty where there is none, and whether it was shown as a bearer token."""
        scheme, _, bearer = head.get(b"authorization").partition(" ")
        if scheme.lower() == "bearer":
            return bearer, True
        return cookies(head.get(b"cookie")).get(PASS_COOKIE, ""), False


def _hint(decision: Decision) -> str:
    if decision.step_up is not None:
        return "Open the app in a browser to sign in again as it asks."
    if decision.deciders == (DEFAULT_DENY,):
        return "Ask whoever looks after the app for the role app-user on it."
    return ""


def held_back(site: Site, head: RequestHead, who: Identity) -> Page | None:
    """Return the page for whoever may pass, but not now: the app is on trial, or does not take as much or as many."""
    if not site.lets_through():
        words = f"{site.state.app} was stopped by itself and is tried again: few requests are let through."
        return Page(503, words, "Try again in a moment.", headers=((b"retry-after", b"5"),))
    return site.admission.refusal(head, who, site.state.guardrails.requests, len(site.in_flight))


def closed_page(site: Site) -> Page | None:
    """Return the page of an app that takes no requests now, or None when it does."""
    if site.condition == "killed":
        return Page(
            503,
            f"{site.state.app} was stopped: {site.words}",
            "An administrator can bring it back once it is known why. Nothing was lost that was saved before.",
        )
    if site.condition == "jobs-only":
        return Page(404, f"{site.state.app} {site.words}: there is nothing to open.", "The console shows what it does.")
    if site.condition != "running" or (site.upstream is None and site.files is None):
        # What an app printed when it failed is for its builders, on the console, not for whoever comes by.
        hint = (
            "Try again in a moment." if site.condition == "starting" else "Its builders see the reason in the console."
        )
        return Page(503, _WORDS.get(site.condition, _WORDS["stopped"]), hint)
    return None
