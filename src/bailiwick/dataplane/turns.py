"""Turns: whoever has much to do in this process does a little of it each time that the event loop comes round.

All apps of a plane share one loop. What one of them sends on a hundred connections would else be done before the next
one is looked at; so each app begins one piece of work a round, and the rest of its work waits in its own line.
"""

import asyncio
from collections import deque
from collections.abc import Hashable


class Turns:
    """Gives everybody one turn in each round of the event loop; nobody waits for somebody else's line."""

    def __init__(self) -> None:
        self._begun: set[Hashable] = set()
        self._lines: dict[Hashable, deque[asyncio.Future[None]]] = {}

    async def take(self, who: Hashable) -> None:
        """Return when it is somebody's turn: at once for the first of a round, unless others of theirs wait already."""
        loop = asyncio.get_running_loop()
        if who not in self._begun and who not in self._lines:
            if not self._begun and not self._lines:
                loop.call_soon(self._next_round, loop)
            self._begun.add(who)
            return
        turn = loop.create_future()
        self._lines.setdefault(who, deque()).append(turn)
        await turn

    def _next_round(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give each line its next turn. What was cancelled while it waited takes none."""
        self._begun = {who for who, line in self._lines.items() if _call_next(line)}
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
