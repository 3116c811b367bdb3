"""Calls over HTTP that a gateway does not pass on, and whose they are."""

import re
from collections.abc import Callable, Sequence

from bailiwick.core.errors import BailiwickError
from bailiwick.core.principals import Call

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


class CallRefusedError(BailiwickError):
    """A call is not passed on, or its answer is not; the words hold nothing of either."""

    code = "call.refused"

    def __init__(
        self,
        status: int,
        message: str,
        *,
        hint: str = "",
        deciders: Sequence[str] = (),
        retry_seconds: float = 0,
        of_person: bool = False,
    ) -> None:
        """Take the HTTP status, what is wrong, what to do, who decided, when to come again, and whether others may."""
        super().__init__(message, hint=hint, deciders=deciders)
        self.status = status
        self.retry_seconds = retry_seconds
        self.of_person = of_person


def span_behind(traceparent: str) -> tuple[str, str]:
    """Return the ids of the trace and of the span that a call names (W3C Trace Context), empty where it names none."""
    told = _TRACEPARENT.fullmatch(traceparent)
    return (told[1], told[2]) if told is not None and int(told[1], 16) and int(told[2], 16) else ("", "")


def call_behind(traceparent: str, app: str, resolve: Callable[[str], Call | None]) -> Call | None:
    """Return the request of an app that a call is made for (W3C Trace Context), None for a call that names none.

    Raises `CallRefusedError` when the trace is not that of a request of this app which is in flight.
    """
    told = _TRACEPARENT.fullmatch(traceparent)
    if told is None:
        return None
    call = resolve(told[1])
    if call is None or call.app != app:
        words = "is of another app" if call is not None else "belongs to no request in flight"
        raise CallRefusedError(
            403,
            f"the trace {told[1]} {words}",
            hint="make calls while serving the request, on its own trace",
            deciders=("trace-of-this-app",),
        )
    return call
