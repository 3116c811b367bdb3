"""The two doors of the gateway: an app's own socket, and the one for whoever shows a token."""

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError, UnavailableError
from bailiwick.core.messages import Environment
from bailiwick.core.passes import MODELS_APP, MODELS_MODE, read_pass
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.gateways.model.model import Caller
from bailiwick.dataplane.gateways.refusals import CallRefusedError, call_behind
from bailiwick.dataplane.guard import RateLimit
from bailiwick.dataplane.router.wire import RequestHead

# What is asked of the control plane holds so long; whoever is revoked is refused at once all the same.
_KNOWN_SECONDS = 5.0
_MOST_KNOWN = 5000
# Whoever sends guesses keeps the control plane no busier than this.
_ASKS_A_SECOND = 50.0
_LONGEST_TOKEN, _LONGEST_OPAQUE_TOKEN = 8000, 200
_HINT = "send a token for models as the API key: bailiwick model token"


# Counts a call of a model under a trace; says why it may not be made, or nothing.
Step = Callable[[str], str]


class Door(Protocol):
    """Where calls come in."""

    async def caller(self, head: RequestHead, address: str) -> Caller:
        """Return who calls; raise `CallRefusedError` when nobody does who may be known."""


@dataclass(frozen=True, slots=True)
class PlantedDoor:
    """An app's own socket: whatever comes in there is that app's, and, under the trace of a request, a person's.

    `environment` is that in which it runs; `resolve` turns a trace id into the request in flight. `step` counts a call
    under a trace and says why it may not be made, where calls are counted.
    """

    app: str
    release: str
    tenant: str
    declared: Mapping[str, str]
    environment: Environment
    resolve: Callable[[str], Call | None]
    step: Step | None = None
    data_classes: frozenset[str] = frozenset()

    async def caller(self, head: RequestHead, address: str) -> Caller:  # noqa: ARG002 - it is the sandbox's
        """Return the app, or the person whom it serves under the trace that the call carries."""
        identity, trace = Identity.of_service(Principal("app", self.app)), ""
        call = call_behind(head.get(b"traceparent"), self.app, self.resolve)
        if call is not None:
            identity, trace = call.identity, call.trace
        refused = self.step(trace) if self.step is not None else ""
        if refused:
            raise CallRefusedError(403, refused, hint="more are declared as steps of the worker", deciders=("steps",))
        whose = (identity, self.app, self.release, trace, self.tenant)
        return Caller(*whose, self.declared, self.environment, self.data_classes)


class TokenDoor:
    """The door for people, agents and services.

    A token is a pass for models, which is checked here, or an access token, behind which the control plane knows the
    pass: `ask` asks it. `key` returns what passes are signed with, `epochs` who was revoked, and `state` what answers
    depend on besides the token.
    """

    def __init__(
        self,
        ask: Callable[[str], Awaitable[str]],
        key: Callable[[], str],
        epochs: Callable[[], Mapping[str, int]],
        state: Callable[[], object],
        clock: Clock,
    ) -> None:
        self._ask = ask
        self._key = key
        self._epochs = epochs
        self._state = state
        self._clock = clock
        self._asks = RateLimit(_ASKS_A_SECOND)
        self._under: object = None
        self._known: dict[bytes, tuple[Identity, float]] = {}

    async def caller(self, head: RequestHead, address: str) -> Caller:
        """Return whose token the call shows, where each wire has it: `authorization`, or `x-api-key`."""
        scheme, _, token = head.get(b"authorization").partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else head.get(b"x-api-key") or head.get(b"api-key")
        if not token or len(token) > _LONGEST_TOKEN:
            raise CallRefusedError(401, "no token was sent", hint=_HINT)
        identity = await self._owner(token)
        if identity.is_revoked(self._epochs()):
            raise CallRefusedError(401, "this credential was revoked", hint=_HINT)
        return Caller(replace(identity, address=address))

    async def _owner(self, token: str) -> Identity:
        state, now = self._state(), time.monotonic()
        if state is not self._under or len(self._known) >= _MOST_KNOWN:
            self._known.clear()
            self._under = state
        name = hashlib.sha256(token.encode()).digest()
        identity, until = self._known.get(name, (None, 0.0))
        if identity is not None and now < until:
            return identity
        self._known.pop(name, None)
        identity = await self._read(token)
        if state is self._under:
            self._known[name] = (identity, now + _KNOWN_SECONDS)
        return identity

    async def _read(self, token: str) -> Identity:
        if "." not in token and len(token) > _LONGEST_OPAQUE_TOKEN:
            raise CallRefusedError(401, "this token is not valid here", hint=_HINT)
        try:
            # A JWT has dots, an access token of ours has none.
            if "." not in token and self._asks.wait_seconds(time.monotonic()) > 0:
                raise UnavailableError("too many tokens are asked about")
            signed = token if "." in token else await self._ask(token)
            return read_pass(signed, self._key(), app=MODELS_APP, mode=MODELS_MODE, now=self._clock()).identity
        except BailiwickError as fault:
            if fault.status in {401, 403}:
                raise CallRefusedError(401, "this token is not valid here", hint=_HINT) from None
            raise CallRefusedError(503, "whose token this is cannot be asked now", hint="try again") from None
