"""What the router notes of a request that it let through: for the audit log, for figures, and as evidence."""

import time
from datetime import UTC, datetime

from bailiwick.core.messages import RequestTrace
from bailiwick.core.principals import Identity
from bailiwick.dataplane.router.wire import RequestHead

_PATH_SHOWN = 200
# nginx's code for a browser that went away: it is no failure of the app, and must not count as one.
GONE = 499


def what_of(head: RequestHead) -> str:
    """Return what a request asks for, such as `GET /export`."""
    return f"{head.method} {head.path[:_PATH_SHOWN]}"


def seen_of(trace: str, head: RequestHead, who: Identity, status: int, began: float, limit: str = "") -> RequestTrace:
    """Return the note of a request that is answered; `began` is of the monotonic clock."""
    return RequestTrace(
        trace=trace,
        time=datetime.now(UTC),
        method=head.method,
        path=head.path[:_PATH_SHOWN],
        status=status,
        milliseconds=round((time.monotonic() - began) * 1000, 2),
        principal=str(who.principal),
        limit=limit,
    )
