"""The way of messages to a server: with its credential, within limits, and with its tools looked up on the way."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httptools

from bailiwick.core.messages import McpConnection
from bailiwick.core.policy import Decision
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.limits import Attempt, Gate
from bailiwick.dataplane.gateways.mcp.asking import SESSION, Asking
from bailiwick.dataplane.gateways.mcp.gateway import McpDoor
from bailiwick.dataplane.gateways.mcp.messages import Said
from bailiwick.dataplane.gateways.mcp.requests import Era, headers_of, own
from bailiwick.dataplane.gateways.mcp.sessions import Session, SessionOverError
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.credentials import Asker, credential_faults
from bailiwick.dataplane.gateways.services.gateway import Caller
from bailiwick.dataplane.gateways.services.showing import Shown
from bailiwick.dataplane.gateways.upstreams import Address
from bailiwick.dataplane.router.watch import Watch

_OK, _ACCEPTED, _UNAUTHORIZED, _NOT_FOUND, _FAILED = 200, 202, 401, 404, 400
_FAULTS = frozenset({502, 503, 504})
_MOST_PAGES, _MOST_TOOLS = 50, 2000
BROKEN = (OSError, EOFError, TimeoutError, ValueError, httptools.HttpParserError)
Tools = dict[str, dict[str, Any]]


@dataclass(slots=True)
class Way:
    """The way to the server for one message: where it is, whose call it is, and what is shown there."""

    connection: McpConnection
    decision: Decision
    caller: Caller
    gate: Gate
    era: Era
    session: Session | None
    shown: Shown | None


@dataclass
class Sender:
    """Sends messages by one way. `taken` hears of each connection that a call waits for, `is_over` says whether nobody
    waits any more, and `fault` what to say of something that broke.
    """

    door: McpDoor
    way: Way
    watch: Watch
    asker: Asker
    taken: Callable[[Channel], None]
    is_over: Callable[[], bool]
    fault: Callable[[Exception], CallRefusedError]

    async def send(self, said: Said, tool: dict[str, Any] | None = None, *, beside: bool = False) -> Asking:
        """Send a message, and once more with another token where the first was not taken: nothing was done then.

        `beside` is for what is sent while another call waits. Raises `CallRefusedError`, or what broke.
        """
        way, attempt = self.way, self.way.gate.attempt()
        try:
            asking = await self._sent(said, tool, beside=beside)
            if asking.status == _UNAUTHORIZED:
                asking.end()
                with credential_faults(self.asker.resource):
                    again = await self.door.gateway.credentials.renewed(way.connection, self.asker, way.shown)
                if again is not None:
                    way.shown = again
                    asking = await self._sent(said, tool, beside=beside)
        except BaseException as fault:
            self._settle(attempt, fault)
            raise
        if asking.status in _FAULTS:
            attempt.failed(f"status {asking.status}")
        else:
            attempt.answered()
        try:
            self._require_taken(asking, said)
        except CallRefusedError:
            asking.end()
            raise
        return asking

    async def tools(self) -> Tools:
        """Return the tools of the server as this person sees them now; raise `CallRefusedError`, or what broke."""
        who = str(self.way.caller.identity.principal)
        known = self.door.definitions.of(who)
        if known is not None:
            return known
        made: Tools = {}
        cursor = ""
        for page in range(_MOST_PAGES):
            listed = await self._listed(page, cursor)
            found = listed.get("tools")
            for tool in found if isinstance(found, list) else ():
                if isinstance(tool, dict) and isinstance(tool.get("name"), str):
                    # Of two of the same name nobody can say which is called.
                    made[tool["name"]] = tool if tool["name"] not in made else {"name": tool["name"]}
            cursor = str(listed.get("nextCursor") or "")
            if not cursor or len(made) > _MOST_TOOLS:
                break
        self.door.definitions.keep(who, made)
        return made

    async def _listed(self, page: int, cursor: str) -> dict[str, Any]:
        said = own("tools/list", f"bailiwick-{page}", {"cursor": cursor} if cursor else {}, self.way.era)
        asking = await self.send(said)
        try:
            async with aclosing(asking.said()) as messages:
                async for message in messages:
                    if message.id == said.id and not message.method:
                        return message.result or {}
        finally:
            asking.end()
        raise EOFError

    async def _sent(self, said: Said, tool: dict[str, Any] | None, *, beside: bool) -> Asking:
        way, gateway = self.way, self.door.gateway
        asking = Asking(way.connection, self.watch, way.shown)
        headers = headers_of(said, way.era if said.method != "initialize" else Era("", stateless=False), tool)
        if way.session is not None and way.session.server_id:
            headers.append((SESSION, way.session.server_id.encode()))
        if way.caller.trace:
            headers.append((b"x-request-id", way.caller.trace.encode()))

        async def connect(address: Address) -> Channel:
            with credential_faults(self.asker.resource):
                return await gateway.upstreams.connect(address)

        def taken(upstream: Channel) -> None:
            if not beside:
                self.taken(upstream)
            if self.is_over():
                upstream.abort()

        await asking.send(connect, "POST", headers, said.encoded, taken)
        return asking

    def _require_taken(self, asking: Asking, said: Said) -> None:
        """Return when a status says that a message was taken, or when the server says in words what is wrong."""
        status = asking.status
        if status in {401, 403}:
            self.door.gateway.credentials.refused(self.way.connection)
            raise CallRefusedError(
                502,
                f"the server does not take the platform's credential (status {status})",
                hint="whoever looks after the integration must renew it",
            )
        if status == _NOT_FOUND and self.way.session is not None:
            self.door.sessions.end(self.way.session)
            raise SessionOverError("the server ended this session")
        in_words = said.is_request and status >= _FAILED and asking.is_json
        if status not in {_OK, _ACCEPTED} and not in_words:
            raise CallRefusedError(502, f"the server answered with status {status}")

    def _settle(self, attempt: Attempt, fault: BaseException) -> None:
        """Tell the breaker of a try that failed, unless it says nothing of the server."""
        if self.is_over() or not isinstance(fault, BROKEN):
            attempt.left()
        else:
            attempt.failed(self.fault(fault).message)
