"""Connections to databases that are used again: for the same app by the same account, and only once reset.

To sign in takes a process of the database and thousands of rounds of a hash; an app that connects for each request
would pay that each time. `DISCARD ALL` gives up everything that a session holds (settings, prepared statements,
cursors, temporary tables, locks, what it listens to; PostgreSQL documentation, "DISCARD"). A connection that does not
say that it did, or was left within a transaction or an answer, is closed.
"""

import asyncio
from dataclasses import dataclass, field

from bailiwick.dataplane.gateways.sql.messages import Message, ProtocolError, read_message, text
from bailiwick.dataplane.gateways.sql.upstream import STATEMENT_SECONDS, Connection, Database, connect, note_parameter

_MOST_IDLE = 4
_IDLE_SECONDS = 60.0
_RESET_SECONDS = 5.0
_RESET = Message(b"Q", text("DISCARD ALL")).encode()
_Key = tuple[Database, str, float]


@dataclass
class Pool:
    """Idle connections, by where they go, as whom, and for which app. A rotated credential finds none of the old."""

    idle_seconds: float = _IDLE_SECONDS
    _idle: dict[_Key, list[Connection]] = field(default_factory=dict)
    _resetting: set[asyncio.Task[None]] = field(default_factory=set)

    async def connect(
        self, target: Database, application: str, statement_seconds: float = STATEMENT_SECONDS
    ) -> Connection:
        """Return a connection that nobody uses; raise `UnavailableError` when none can be had."""
        key = (target, application, statement_seconds)
        while (connection := self._any_idle(key)) is not None:
            if not connection.channel.is_over and not connection.channel.waiting:
                return connection
            connection.close()
        connection = await connect(target, application, statement_seconds)
        connection.give_back = lambda: self._take_back(key, connection)
        return connection

    def close(self) -> None:
        """End what is idle."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _take_back(self, key: _Key, connection: Connection) -> None:
        if len(self._idle.get(key, ())) >= _MOST_IDLE:
            connection.close()
            return
        task = asyncio.create_task(self._keep(key, connection))
        self._resetting.add(task)
        task.add_done_callback(self._resetting.discard)

    async def _keep(self, key: _Key, connection: Connection) -> None:
        try:
            await asyncio.wait_for(_reset(connection), _RESET_SECONDS)
        except (OSError, EOFError, TimeoutError, ProtocolError):
            connection.close()
            return
        except asyncio.CancelledError:
            connection.close()
            raise
        self._idle.setdefault(key, []).append(connection)
        asyncio.get_running_loop().call_later(self.idle_seconds, self._drop, key, connection, connection.uses)

    def _drop(self, key: _Key, connection: Connection, uses: int) -> None:
        """Close a connection that nobody has taken since."""
        idle = self._idle.get(key, [])
        if connection.uses == uses and connection in idle:
            idle.remove(connection)
            connection.close()
        self._forget_empty(key)

    def _any_idle(self, key: _Key) -> Connection | None:
        found = self._idle.get(key)
        connection = found.pop() if found else None
        self._forget_empty(key)
        return connection

    def _forget_empty(self, key: _Key) -> None:
        """Keep no credential of which no connection is left."""
        if key in self._idle and not self._idle[key]:
            del self._idle[key]


async def _reset(connection: Connection) -> None:
    """Have the database give up all that the session holds; raise `ProtocolError` when it does not say so."""
    channel = connection.channel
    if channel.is_over or channel.waiting:
        raise ProtocolError("something was left of the last answer")
    connection.uses += 1
    channel.write(_RESET)
    done = False
    while True:
        message = await read_message(channel)
        if message.kind == b"C":
            done = message.body == b"DISCARD ALL\0"
        elif message.kind == b"S":
            note_parameter(connection.parameters, message.body)
        elif message.kind == b"Z" and done and message.body == b"I" and not channel.waiting:
            return
        elif message.kind != b"N":
            raise ProtocolError("the database did not reset the session")
