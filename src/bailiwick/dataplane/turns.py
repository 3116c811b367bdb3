"""Turns: whoever has much to do in this process does a little of it each time that the event loop comes round.

All apps of a plane share one loop. What one of them sends on a hundred connections would else be done before the next
one is looked at; so each app begins a few pieces of work a round, and the rest of its work waits in its own line.
"""

import asyncio
from collections import deque
from collections.abc import Hashable

# A round costs about as much as a small request: with one piece of work in each, half of the time would go there.
_A_ROUND = 4


class Turns:
    """Gives everybody a few turns in each round of the event loop; nobody waits for somebody else's line."""

    def __init__(self) -> None:
        self._begun: dict[Hashable, int] = {}
        self._lines: dict[Hashable, deque[asyncio.Future[None]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def take(self, who: Hashable) -> None:
        """Return when it is somebody's turn: at once for the first of a round, unless others of theirs wait already."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        begun = self._begun.get(who, 0)
        if begun < _A_ROUND and who not in self._lines:
            if not self._begun and not self._lines:
                self._loop.call_soon(self._next_round, self._loop)
            self._begun[who] = begun + 1
            return
        turn = self._loop.create_future()
        self._lines.setdefault(who, deque()).append(turn)
        await turn

    def _next_round(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give each line its next turns, one of each line after the other. What was cancelled while it waited takes
        none.
        """
        self._begun = {}
        for _ in range(_A_ROUND):
            for who, line in self._lines.items():
                if _call_next(line):
                    self._begun[who] = self._begun.get(who, 0) + 1
        self._lines = {who: line for who, line in self._lines.items() if line}
        if self._begun or self._lines:
            loop.call_soon(self._next_round, loop)


def _call_next(line: deque[asyncio.Future[None]]) -> bool:
    while line:
        turn = line.popleft()
        if not turn.done():
            turn.set_result(None)
            return True
    return False
