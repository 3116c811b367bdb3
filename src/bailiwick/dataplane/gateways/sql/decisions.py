"""Policy's answers about who may query, kept for a second, and no longer than the state under which they were given."""

import time
from collections.abc import Callable

from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.dataplane.gateways.sql.gateway import Binding

_MOST_KNOWN = 5000
# Policies may ask for the time: an answer holds no longer than this.
_KNOWN_SECONDS = 1.0


class KnownDecisions:
    """Asks `ask` once for each identity and binding. `state` returns what the answers depend on besides these two.

    States are told apart as objects: a desired state is frozen and replaced whole, so that any change of a grant, a
    role or a switch ends every answer at once.
    """

    def __init__(self, ask: Callable[[Identity, Binding], Decision], state: Callable[[], object]) -> None:
        self._ask = ask
        self._state = state
        self._until = 0.0
        self._under: object = None
        self._known: dict[tuple[object, ...], Decision] = {}

    def authorize(self, identity: Identity, binding: Binding) -> Decision:
        """Return what policy says about an identity's use of a binding."""
        state = self._state()
        now = time.monotonic()
        if state is not self._under or len(self._known) >= _MOST_KNOWN or now >= self._until:
            self._known.clear()
            self._under, self._until = state, now + _KNOWN_SECONDS
        facts = tuple(sorted(identity.attributes.items()))
        person = (identity.principal, identity.names, facts, identity.epoch, identity.sign_in, identity.address)
        key = (binding, *person)
        if key not in self._known:
            self._known[key] = self._ask(identity, binding)
        return self._known[key]
