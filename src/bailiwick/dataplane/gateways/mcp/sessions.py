"""Sessions of clients: each is of one app and one person, and stands for a session of the server's that no app sees."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bailiwick.core.principals import Identity
from bailiwick.dataplane.gateways.mcp.messages import Id
from bailiwick.dataplane.gateways.refusals import CallRefusedError

_MOST, _IDLE_SECONDS = 1000, 3600.0
_MOST_ASKED = 100
_KNOWN_SECONDS = 60.0
_GONE, _BUSY = 404, 429


class SessionOverError(CallRefusedError):
    """A session is not there: the client begins another one (MCP specification, "Session Management")."""

    def __init__(self, message: str) -> None:
        super().__init__(_GONE, message, hint="initialize a new one")


@dataclass(eq=False)
class Session:
    """One session: whose it is, what the server calls it, and what the server asked in it and waits for."""

    id: str
    principal: str
    epoch: int
    server_id: str = field(repr=False)
    version: str
    used: float
    asked: dict[Id, str] = field(default_factory=dict)

    def ask(self, number: Id, method: str) -> None:
        """Note what the server asked; raise `CallRefusedError` when it asks too much at once."""
        if len(self.asked) >= _MOST_ASKED:
            raise CallRefusedError(_BUSY, "the server asks too much at once")
        self.asked[number] = method


@dataclass
class Sessions:
    """The sessions of one socket, which is of one app; those that nobody uses for an hour are forgotten."""

    clock: Callable[[], float] = time.monotonic
    _known: OrderedDict[str, Session] = field(default_factory=OrderedDict)

    def begin(self, identity: Identity, server_id: str, version: str) -> Session:
        """Return a new session of somebody's."""
        made = Session(
            secrets.token_urlsafe(24), str(identity.principal), identity.epoch, server_id, version, self.clock()
        )
        self._known[made.id] = made
        self._forget_idle()
        return made

    def of(self, number: str, identity: Identity) -> Session:
        """Return a session; raise `CallRefusedError` for one that is unknown, over, or somebody else's."""
        found = self._known.get(number)
        if found is None or (found.principal, found.epoch) != (str(identity.principal), identity.epoch):
            raise SessionOverError("there is no such session of this person")
        found.used = self.clock()
        self._known.move_to_end(number)
        return found

    def end(self, session: Session) -> None:
        """Forget a session."""
        self._known.pop(session.id, None)

    def _forget_idle(self) -> None:
        since = self.clock() - _IDLE_SECONDS
        while self._known:
            oldest = next(iter(self._known.values()))
            if len(self._known) <= _MOST and oldest.used >= since:
                break
            self._known.popitem(last=False)


@dataclass
class Definitions:
    """What tools a server defines, as each person sees them: looked up anew after a minute, or once it says that they
    changed.
    """

    clock: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[float, dict[str, dict[str, Any]]]] = field(default_factory=dict)

    def of(self, principal: str) -> dict[str, dict[str, Any]] | None:
        """Return tools by name, None where they must be looked up."""
        until, tools = self._known.get(principal, (0.0, {}))
        return tools if self.clock() < until else None

    def keep(self, principal: str, tools: dict[str, dict[str, Any]]) -> None:
        """Keep what a server listed."""
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[principal] = (self.clock() + _KNOWN_SECONDS, tools)

    def forget(self) -> None:
        """Look all up anew: they changed."""
        self._known.clear()
