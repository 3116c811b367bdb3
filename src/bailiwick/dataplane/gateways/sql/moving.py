"""Takes an app's session over to another connection, when the account of its own was followed by another one.

What the session left in its connection goes along: settings, and prepared statements as the database has them. A
session that left anything else there, or is in the middle of something, stays where it is until it is not.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from bailiwick.dataplane.gateways.sql.gateway import Allowed
from bailiwick.dataplane.gateways.sql.messages import Message, ProtocolError, read_message, text
from bailiwick.dataplane.gateways.sql.prepared import Prepared
from bailiwick.dataplane.gateways.sql.upstream import Connection, note_parameter

_SECONDS = 5.0
_MOST_SETTINGS = 100
_SYNC = Message(b"S", b"").encode()
_LASTING, _PASSING = ("SET ", "RESET "), ("SET LOCAL ", "SET TRANSACTION ")
_FRESH = frozenset({"DISCARD ALL", "DEALLOCATE ALL"})


@dataclass
class Carried:
    """What is sent anew to another connection. `stays` says that something is left that cannot be."""

    stays: bool = False
    _settings: dict[bytes, None] = field(default_factory=dict)
    _parsed: dict[str, tuple[Allowed, bytes]] = field(default_factory=dict)

    def prepare(self, name: str, allowed: Allowed, message: bytes) -> None:
        """Remember how a statement is prepared that a name is to stand for."""
        self._parsed[name] = (allowed, message)

    def close(self, name: str) -> None:
        """Remember that a name stands for no statement any more."""
        self._parsed.pop(name, None)

    def run(self, allowed: Allowed, *, alone: bool) -> None:
        """Remember what statements leave in the session; `alone` is outside of a transaction."""
        for step in allowed.steps:
            sql = step.rewritten.sql.rstrip("; ")
            upper = sql.upper()
            if upper in _FRESH:
                self._parsed.clear()
                if upper == "DISCARD ALL":
                    self._settings.clear()
                    self.stays = False
            elif upper.startswith("DEALLOCATE "):
                self.stays = True
            elif upper.startswith(_LASTING) and not upper.startswith(_PASSING):
                self._set(Message(b"Q", text(sql)).encode(), alone=alone and len(allowed.steps) == 1)

    def _set(self, message: bytes, *, alone: bool) -> None:
        # Within a transaction it may be rolled back, and would be too much then.
        self.stays = self.stays or not alone or len(self._settings) >= _MOST_SETTINGS
        self._settings.pop(message, None)
        self._settings[message] = None

    def can_move(self, prepared: Prepared) -> bool:
        """Return whether the session can be had elsewhere as it is."""
        known = prepared.statements.confirmed
        as_sent = all(known.get(name) is allowed for name, (allowed, _) in self._parsed.items() if name in known)
        return as_sent and not self.stays and not prepared.cursors.confirmed and not prepared.is_within

    async def move(self, prepared: Prepared, upstream: Connection) -> None:
        """Make another connection the same; raise `ProtocolError` when it cannot be, or what a broken line raises."""
        async with asyncio.timeout(_SECONDS):
            for message in self._settings:
                await _answered(upstream, message)
            await _answered(upstream, b"".join([*self._messages(prepared), _SYNC]))

    def _messages(self, prepared: Prepared) -> Iterator[bytes]:
        return (message for name, (_, message) in self._parsed.items() if name in prepared.statements.confirmed)


async def _answered(upstream: Connection, sent: bytes) -> None:
    upstream.channel.write(sent)
    refused = False
    while (message := await read_message(upstream.channel)).kind != b"Z":
        refused = refused or message.kind == b"E"
        if message.kind == b"S":
            note_parameter(upstream.parameters, message.body)
    if refused or message.body != b"I":
        raise ProtocolError("the database does not take the session")
