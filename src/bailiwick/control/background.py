"""Work that the control plane does by itself, again and again, for as long as it runs."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import ParamSpec

_LOG = logging.getLogger("bailiwick.control")
_LONGEST_WAIT_SECONDS = 60.0
_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True)
class Periodic:
    """A piece of work, its name for logs, and how many seconds lie between its end and its next beginning.

    `work` runs in a thread, is safe to repeat, and leaves what it could not do for the next time.
    """

    name: str
    seconds: float
    work: Callable[[], object]


async def keep_doing(periodic: Periodic) -> None:
    """Do the work until cancelled. What fails is logged and done again, later and later while it goes on failing."""
    wait = periodic.seconds
    while True:
        try:
            await asyncio.to_thread(periodic.work)
            wait = periodic.seconds
        except Exception:
            wait = min(max(wait, 1.0) * 2, max(periodic.seconds, _LONGEST_WAIT_SECONDS))
            _LOG.exception("%s failed; it is tried again in %.0f s", periodic.name, wait)
        await asyncio.sleep(wait)


def in_thread(name: str, work: Callable[_P, None], *arguments: _P.args, **named: _P.kwargs) -> Future[None]:
    """Do something in a thread of its own that the process's end does not wait for: it must be safe to be cut off."""
    done: Future[None] = Future()

    def run() -> None:
        try:
            work(*arguments, **named)
        except BaseException as fault:
            done.set_exception(fault)
        else:
            done.set_result(None)

    threading.Thread(target=run, name=name, daemon=True).start()
    return done
