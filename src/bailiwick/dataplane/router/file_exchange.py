"""One request that is answered with a static file of its app: nothing runs for it, all else is as for any request."""

import time

from bailiwick.core.ids import new_trace_id
from bailiwick.core.principals import Identity
from bailiwick.dataplane.router.client import AnswerHead, Client
from bailiwick.dataplane.router.exchange import Observer
from bailiwick.dataplane.router.files import FileAnswer
from bailiwick.dataplane.router.pages import Page
from bailiwick.dataplane.router.seen import GONE, seen_of, what_of
from bailiwick.dataplane.router.sites import Site
from bailiwick.dataplane.router.wire import RequestHead

_PIECE_BYTES = 64 * 1024
_STOPPED = 503


class FileExchange:
    """A request and its answer, which can be cut like any other while it is sent."""

    def __init__(self, client: Client, site: Site, head: RequestHead, who: Identity) -> None:
        self._client = client
        self._site = site
        self._head = head
        self._who = who
        self._cut = False

    @property
    def identity(self) -> Identity:
        """Whose request this is."""
        return self._who

    @property
    def what(self) -> str:
        """What is asked for."""
        return what_of(self._head)

    def cut(self) -> None:
        """End this request now: the app was stopped."""
        self._cut = True
        self._client.abort()

    def withdraw(self) -> None:
        """End this request now: whoever it is of has lost their access."""
        self.cut()

    async def run(self, answer: FileAnswer | Page, observe: Observer) -> bool | Page:
        """Send an answer and tell of it; return whether another request may follow, or the page that is to be sent."""
        began, status = time.monotonic(), answer.status
        self._site.in_flight.add(self)
        try:
            if isinstance(answer, Page):
                return answer
            await self._send(answer)
        except (ConnectionError, EOFError):
            status = _STOPPED if self._cut else GONE
            self._client.abort()
            return False
        finally:
            self._site.in_flight.discard(self)
            observe(self._site, seen_of(new_trace_id(), self._head, self._who, status, began))
        return self._head.keep_alive

    async def _send(self, answer: FileAnswer) -> None:
        head: AnswerHead | None = AnswerHead(answer.status, answer.reason, answer.headers, framed=True)
        body = memoryview(b"") if self._head.method == "HEAD" else answer.body
        for start in range(0, max(1, len(body)), _PIECE_BYTES):
            ends = start + _PIECE_BYTES >= len(body)
            self._client.send(head, bytes(body[start : start + _PIECE_BYTES]), ends=ends)
            head = None
            await self._client.drain()
