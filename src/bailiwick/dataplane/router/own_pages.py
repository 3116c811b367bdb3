"""A page of the plane's own, at a host that no app can have: what the router asks of whoever serves it."""

from typing import NamedTuple, Protocol

from bailiwick.dataplane.router.pages import Page
from bailiwick.dataplane.router.wire import Headers, RequestHead


class OwnAnswer(NamedTuple):
    """A whole answer that is no refusal."""

    headers: Headers
    body: bytes


class OwnPages(Protocol):
    """Serves one host; whoever asks there is asked who they are by it, before anything else."""

    @property
    def host(self) -> str:
        """The whole name of the host."""

    async def answer(self, head: RequestHead, address: str) -> OwnAnswer | Page:
        """Return the answer to a request from an address."""
