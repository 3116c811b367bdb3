"""One connection of an app to a declared host: what it may use, what passed so far, and why it ended."""

import asyncio
import math
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ssl import SSLContext

from bailiwick.core.guardrails import EgressRails
from bailiwick.core.manifest import EgressHost
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.egress.asked import Asked
from bailiwick.dataplane.gateways.egress.authority import Opener
from bailiwick.dataplane.gateways.egress.dialing import Dialer
from bailiwick.dataplane.gateways.egress.pipes import Pipes

SPENT = "the app has had what it may pass in a day"


class RefusedError(Exception):
    """The gateway does not let something through; `deciders` are the policies and checks that decided."""

    def __init__(self, words: str, deciders: tuple[str, ...] = ()) -> None:
        super().__init__(words)
        self.deciders = deciders


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of one connection: refused with a reason, or closed after so many bytes each way.

    `deciders` are the policies and checks that decided; `because` says which limit ended it, where one did; `requests`
    counts those of protocols that the gateway reads, `people` whose they were, as far as they said so; `masked`
    how many values were masked in what was sent and received, by kind.
    """

    target: EgressHost
    refused: str = ""
    sent: int = 0
    received: int = 0
    requests: int = 0
    deciders: tuple[str, ...] = ()
    because: str = ""
    people: Mapping[str, int] = field(default_factory=dict)
    masked: Mapping[str, int] = field(default_factory=dict)


def shown(text: str) -> str:
    """Return what somebody else wrote as it may stand in a reason: short, and nothing that a terminal obeys."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text[:100])


def no_pace(_: int) -> float:
    """Let bytes pass as they come."""
    return 0.0


def unheard(_: int) -> None:
    """Tell nobody."""


def nobody(_: str) -> str:
    """Know of no request."""
    return ""


@dataclass
class Connection:
    """A connection while it is there. `paced` says after so many bytes how long to wait before more are taken, `whose`
    for whom a request in flight is, by its trace; `sending` hears of bytes to the host as they pass, `asked` of
    requests that are made for somebody's.
    """

    target: EgressHost
    near: socket.socket
    dialer: Dialer
    pipes: Pipes
    rails: EgressRails
    paced: Callable[[int], float] = no_pace
    whose: Callable[[str], str] = nobody
    opener: Opener | None = None
    sending: Callable[[int], None] = unheard
    asked: Asked = field(default_factory=Asked)
    sent: int = 0
    received: int = 0
    requests: int = 0
    because: str = ""
    people: Counter[str] = field(default_factory=Counter)
    masked: Counter[str] = field(default_factory=Counter)
    _far: socket.socket | None = None
    _channels: list[Channel] = field(default_factory=list)
    _near_is_ours: bool = True

    async def dial(self) -> socket.socket:
        """Return a connection to the host, which is closed with this one; raise `UnreachableError`."""
        self._far = await self.dialer.connect(self.target.host, self.target.port)
        return self._far

    async def near_channel(self, ssl: SSLContext | None = None) -> Channel:
        """Return the app's side as a channel, in TLS of ours where a context for it is given."""
        self._near_is_ours = False
        # What loops say that the protocol is is not always ours.
        channel = Channel()
        await asyncio.get_running_loop().connect_accepted_socket(lambda: channel, self.near, ssl=ssl)
        self._channels.append(channel)
        return channel

    async def far_channel(self, ssl: SSLContext | None = None, server_hostname: str | None = None) -> Channel:
        """Return a connection to the host as a channel, in TLS where a context is given; raise `UnreachableError`."""
        far = await self.dialer.connect(self.target.host, self.target.port)
        loop = asyncio.get_running_loop()
        channel = Channel()
        await loop.create_connection(lambda: channel, sock=far, ssl=ssl, server_hostname=server_hostname)
        self._channels.append(channel)
        return channel

    def cut(self, because: str) -> None:
        """End what goes through channels now."""
        self.because = self.because or because
        for channel in self._channels:
            channel.abort()

    async def passed_out(self, data: bytes, far: Channel) -> None:
        """Write bytes to the host, counted, at the pace that is allowed."""
        far.write(data)
        self.sent += len(data)
        await self._pace(self.paced_out(len(data)), far)

    async def passed_back(self, data: bytes, near: Channel) -> None:
        """Write bytes to the app, counted, at the pace that is allowed."""
        near.write(data)
        self.received += len(data)
        await self._pace(self.paced(len(data)), near)

    def paced_out(self, count: int) -> float:
        """Tell of bytes that passed to the host; return how long to wait before more do."""
        self.sending(count)
        return self.paced(count)

    async def _pace(self, seconds: float, channel: Channel) -> None:
        await channel.drain()
        if math.isinf(seconds):
            self.cut(SPENT)
        elif seconds > 0:
            await asyncio.sleep(seconds)

    def close(self) -> None:
        """Close both sides; what was written is still sent."""
        self.asked.close()
        for channel in self._channels:
            channel.close()
        if self._far is not None:
            self._far.close()
        if self._near_is_ours:
            self.near.close()
