"""A conversation as it goes on, as server-sent events: new steps, what the model says now, and how the turn ends."""

# https://html.spec.whatwg.org/multipage/server-sent-events.html

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse

from bailiwick.control.app import ControlPlane
from bailiwick.control.studio import Conversation, State, Step
from bailiwick.core.errors import BailiwickError, UnavailableError
from bailiwick.core.principals import Identity
from bailiwick.faces.studio.documents import conversation_document, stands, step_document

_POLL_SECONDS = 0.4
_SIGN_OF_LIFE_SECONDS = 15.0
_MOST_SECONDS = 1800.0
_MOST_AT_ONCE = 200
_LONGEST_NUMBER = 9
Seen = tuple[Conversation, list[Step], bool]
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Following:
    """Hands out streams of conversations, so many at once."""

    def __init__(self, control: ControlPlane) -> None:
        self._control = control
        self._open = 0

    def stream(self, request: Request, conversation: str, after: int, who: Callable[[], Identity]) -> StreamingResponse:
        """Return what happens in a conversation behind a step, or behind `Last-Event-ID`, until the turn is over.

        `who` returns whose stream it is as long as they are signed in, and is asked before each look. Raises
        `UnavailableError` when too many are open.
        """
        if self._open >= _MOST_AT_ONCE:
            raise UnavailableError("too many follow conversations at once", hint="load the page again in a while")
        last = request.headers.get("last-event-id", "")
        number = int(last) if last.isdecimal() and len(last) < _LONGEST_NUMBER else after
        control = self._control

        def look(number: int) -> Seen:
            with control.store.transaction() as session:
                identity = who()
                found = control.studio.conversation(session, identity, conversation)
                steps = control.studio.steps(session, conversation, number)
                return found, steps, found.person == str(identity.principal)

        look(number)
        return StreamingResponse(self._counted(look, number), media_type="text/event-stream", headers=_HEADERS)

    async def _counted(self, look: Callable[[int], Seen], number: int) -> AsyncIterator[bytes]:
        self._open += 1
        try:
            async for message in _events(self._control, look, number):
                yield message
        finally:
            self._open -= 1


async def _events(control: ControlPlane, look: Callable[[int], Seen], number: int) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    begun = said = clock()
    live = ""
    try:
        yield b"retry: 2000\n\n"
        while clock() - begun < _MOST_SECONDS:
            found, steps, own = await asyncio.to_thread(look, number)
            for step in steps:
                number = step.number
                yield _message("step", step_document(step, own=own), number)
            if found.live != live:
                live = found.live
                yield _message("live", {"text": live})
            if stands(control, found)[0] is not State.WORKING:
                yield _message("over", await asyncio.to_thread(conversation_document, control, found))
                return
            if steps:
                said = clock()
            elif clock() - said > _SIGN_OF_LIFE_SECONDS:
                said = clock()
                yield b": still here\n\n"
            await asyncio.sleep(_POLL_SECONDS)
    except BailiwickError as fault:
        yield _message("refused", fault.problem())


def _message(kind: str, content: Mapping[str, Any], number: int | None = None) -> bytes:
    place = f"id: {number}\n" if number is not None else ""
    return f"event: {kind}\n{place}data: {json.dumps(content)}\n\n".encode()
