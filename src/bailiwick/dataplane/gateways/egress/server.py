"""Serves a planted socket that stands for one declared host: asks policy, then passes on what its protocol allows.

The gateway resolves the name itself, after policy has said yes, and checks each address that comes back: what an app
may open is a host, never an address that a name happens to point to.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Mapping

from bailiwick.core.manifest import EgressHost, EgressProtocol
from bailiwick.core.policy import Decision
from bailiwick.dataplane.gateways.egress.asked import Answered, Asked, untold
from bailiwick.dataplane.gateways.egress.authority import Opener
from bailiwick.dataplane.gateways.egress.connection import Connection, Opened, RefusedError, nobody, unheard
from bailiwick.dataplane.gateways.egress.dialing import Dialer, UnreachableError
from bailiwick.dataplane.gateways.egress.http import pass_http
from bailiwick.dataplane.gateways.egress.metering import WITHIN_LIMITS, Meter
from bailiwick.dataplane.gateways.egress.pipes import Pipes
from bailiwick.dataplane.gateways.egress.smtp import pass_mail
from bailiwick.dataplane.gateways.egress.tls import pass_tls

_AT_ONCE = 32
# When the plane has no more descriptors, this is how long it waits for some to be free.
_AGAIN_SECONDS = 0.2
_PROTOCOLS: Mapping[EgressProtocol, Callable[[Connection], Awaitable[None]]] = {
    "tls": pass_tls,
    "http": pass_http,
    "smtp": pass_mail,
}


class EgressListener:
    """One declared host of one app.

    `authorize` is asked about every connection before its name is looked up, then the `meter` takes it; `report` hears
    of every one, once, at its end. `whose` says for whom a request in flight is, by its trace; TLS is opened with the
    `opener` where guardrails say so, `sending` hears of bytes to the host as they pass, and `told` of requests that are
    made for somebody's.
    """

    def __init__(
        self,
        target: EgressHost,
        authorize: Callable[[], Decision],
        report: Callable[[Opened], None],
        dialer: Dialer,
        pipes: Pipes,
        meter: Meter,
        whose: Callable[[str], str] = nobody,
        opener: Opener | None = None,
        sending: Callable[[int], None] = unheard,
        told: Callable[[Answered], None] = untold,
    ) -> None:
        self._target = target
        self._authorize = authorize
        self._report = report
        self._dialer = dialer
        self._pipes = pipes
        self._meter = meter
        self._whose = whose
        self._opener = opener
        self._sending = sending
        self._told = told
        self._listener: socket.socket | None = None
        self._again: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, listener: socket.socket) -> None:
        """Begin to serve."""
        listener.setblocking(False)
        self._listener = listener
        self._listen()

    def close(self) -> None:
        """Stop serving and cut every connection."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener.fileno())
            self._listener.close()
            self._listener = None
        if self._again is not None:
            self._again.cancel()
        for task in list(self._tasks):
            task.cancel()

    def _listen(self) -> None:
        self._again = None
        if self._listener is not None:
            asyncio.get_running_loop().add_reader(self._listener.fileno(), self._accept)

    def _accept(self) -> None:
        listener = self._listener
        for _ in range(_AT_ONCE):
            if listener is None:
                return
            try:
                near, _ = listener.accept()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                return
            except OSError:
                loop = asyncio.get_running_loop()
                loop.remove_reader(listener.fileno())
                self._again = loop.call_later(_AGAIN_SECONDS, self._listen)
                return
            near.setblocking(False)
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = asyncio.create_task(self._serve(near))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, near: socket.socket) -> None:
        meter = self._meter
        connection = Connection(
            target=self._target,
            near=near,
            dialer=self._dialer,
            pipes=self._pipes,
            rails=meter.rails,
            paced=meter.paced,
            whose=self._whose,
            opener=self._opener,
            sending=self._sending,
            asked=Asked(self._told),
        )
        meter.open += 1
        refused = ""
        deciders: tuple[str, ...] = ()
        try:
            decision = self._authorize()
            deciders = decision.deciders
            if not decision.allowed:
                raise RefusedError(decision.reason, decision.deciders)
            over = meter.refuses()
            if over:
                raise RefusedError(over, WITHIN_LIMITS)
            await _PROTOCOLS[self._target.protocol](connection)
        except (RefusedError, UnreachableError) as fault:
            refused, deciders = str(fault), fault.deciders
        except (OSError, EOFError):
            # One side broke off: what passed has passed.
            refused = "" if connection.sent or connection.received else "the connection broke off"
        except asyncio.CancelledError:
            connection.because = "the app or this plane was stopped"
            raise
        finally:
            meter.open -= 1
            with contextlib.suppress(OSError):
                connection.close()
            outcome = _opened(connection, refused, deciders)
            meter.ended(outcome)
            self._report(outcome)


def _opened(connection: Connection, refused: str, deciders: tuple[str, ...]) -> Opened:
    return Opened(
        target=connection.target,
        refused=refused,
        sent=connection.sent,
        received=connection.received,
        requests=connection.requests,
        deciders=deciders,
        because=connection.because,
        people=dict(connection.people),
        masked=dict(connection.masked),
    )
