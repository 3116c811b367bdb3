"""The audit log as it grows, as server-sent events: for the API and the console."""

# https://html.spec.whatwg.org/multipage/server-sent-events.html

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import AuditQuery, LoggedEvent, log_size, search_after
from bailiwick.control.identity import ORGANIZATION
from bailiwick.core.errors import BailiwickError, InvalidInputError, UnavailableError
from bailiwick.core.events import event_document
from bailiwick.core.principals import Identity
from bailiwick.faces.links import links_of

Followed = tuple[Sequence[LoggedEvent], int]
_POLL_SECONDS = 0.5
_SIGN_OF_LIFE_SECONDS = 15.0
_MOST_AT_ONCE = 100
_MOST_SECONDS = 3600.0
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class LiveLog:
    """Hands out streams; one is a task that asks again and again, and holds no thread or connection meanwhile."""

    def __init__(self, control: ControlPlane) -> None:
        self._control = control
        self._open = 0

    def stream(self, request: Request, query: AuditQuery, who: Callable[[], Identity]) -> StreamingResponse:
        """Return events that match, from the newest on or from behind `Last-Event-ID`.

        `who` returns whose stream it is as long as they are signed in. It is asked before each look, and policy with
        it: a stream ends when its reader may read no more. Raises `UnavailableError` when too many are open.
        """
        if self._open >= _MOST_AT_ONCE:
            raise UnavailableError("too many follow the log at once", hint="try again later, or search")
        after = self._start(request.headers.get("last-event-id", ""))

        def look(place: int) -> Followed:
            with self._control.store.transaction() as session:
                self._control.authorizer.require(session, who(), "audit.read", ORGANIZATION)
                return search_after(session, query, place)

        return StreamingResponse(self._follow(look, after), media_type="text/event-stream", headers=_HEADERS)

    def _start(self, last: str) -> int:
        if last:
            if not (last.isdecimal() and len(last) < 19):  # noqa: PLR2004 - digits of a bigint
                raise InvalidInputError("this Last-Event-ID is not one of ours", hint="leave it out to start now")
            return int(last)
        with self._control.store.transaction() as session:
            return log_size(session) - 1

    async def _follow(self, look: Callable[[int], Followed], place: int) -> AsyncIterator[bytes]:
        self._open += 1
        clock = asyncio.get_running_loop().time
        begun = said = clock()
        try:
            yield f"retry: 2000\nid: {max(place, 0)}\n\n".encode() if place >= 0 else b"retry: 2000\n\n"
            while clock() - begun < _MOST_SECONDS:
                events, place = await asyncio.to_thread(look, place)
                for item in events:
                    yield _message("audit", logged_document(item), item.sequence)
                if events:
                    said = clock()
                elif clock() - said > _SIGN_OF_LIFE_SECONDS:
                    said = clock()
                    yield b": still here\n\n"
                else:
                    await asyncio.sleep(_POLL_SECONDS)
        except BailiwickError as fault:
            yield _message("refused", fault.problem())
        finally:
            self._open -= 1


def logged_document(item: LoggedEvent) -> dict[str, Any]:
    """Return an event with its place and the pages of what it is about."""
    return {"sequence": item.sequence, **event_document(item.event), "links": links_of(item.event)}


def _message(kind: str, content: Mapping[str, Any], place: int | None = None) -> bytes:
    # JSON has no line break of its own in this form, so one data line holds it.
    number = f"id: {place}\n" if place is not None else ""
    return f"event: {kind}\n{number}data: {json.dumps(content)}\n\n".encode()
