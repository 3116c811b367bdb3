"""Where a request came from: set once at the edge of a face, read where an audit event is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

# By what a client calls itself, first fit first. It is a claim, good for reading a log and for nothing else.
_KINDS = (
    ("git/", "git"),
    ("bailiwick", "command line"),
    ("python-httpx", "program"),
    ("curl/", "program"),
    ("mozilla/", "browser"),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """The address of the peer (of the client, where a reverse proxy on this host says so), and what kind it claims."""

    address: str = ""
    kind: str = ""


_NONE = Origin()
_CURRENT: ContextVar[Origin] = ContextVar("origin", default=_NONE)


def current_origin() -> Origin:
    """Return where the request at hand came from; empty for the platform's own work."""
    return _CURRENT.get()


@contextmanager
def arriving(origin: Origin) -> Iterator[None]:
    """Work on a request from `origin` for the length of a block, in this task and the threads that it starts."""
    before = _CURRENT.set(origin)
    try:
        yield
    finally:
        _CURRENT.reset(before)


def client_kind(user_agent: str) -> str:
    """Return the kind that a `User-Agent` claims: a word of ours, never its text."""
    folded = user_agent.casefold()
    return next((kind for start, kind in _KINDS if folded.startswith(start)), "other" if folded else "")
