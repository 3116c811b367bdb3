"""Policy's answers about who may use what, kept for a second, and no longer than the state they were given under."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity

_MOST_KNOWN = 5000
# Policies may ask for the time: an answer holds no longer than this.
_KNOWN_SECONDS = 1.0


What = TypeVar("What", bound=Hashable)


class KnownDecisions(Generic[What]):
    """Asks `ask` once for each identity and use. `state` returns what the answers depend on besides these two.

    States are told apart as objects: a desired state is frozen and replaced whole, so that any change of a grant, a
    role or a switch ends every answer at once.
    """

    def __init__(self, ask: Callable[[Identity, What], Decision], state: Callable[[], object]) -> None:
        self._ask = ask
        self._state = state
        self._until = 0.0
        self._under: object = None
        self._known: dict[tuple[object, ...], Decision] = {}

    def authorize(self, identity: Identity, what: What) -> Decision:
        """Return what policy says about an identity's use of something."""
        state = self._state()
        now = time.monotonic()
        if state is not self._under or len(self._known) >= _MOST_KNOWN or now >= self._until:
            self._known.clear()
            self._under, self._until = state, now + _KNOWN_SECONDS
        key = (what, *_facts(identity))
        if key not in self._known:
            self._known[key] = self._ask(identity, what)
        return self._known[key]


def _facts(identity: Identity) -> tuple[object, ...]:
    """Return everything of an identity that an answer may depend on, of whoever it works for too."""
    said = tuple(sorted(identity.attributes.items()))
    behind = _facts(identity.behalf) if identity.behalf is not None else ()
    return (identity.principal, identity.names, said, identity.epoch, identity.sign_in, identity.address, behind)
