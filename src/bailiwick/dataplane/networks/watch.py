"""Keeps a plane from starting anything until its network was shown to be apart, and goes on looking after that."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from bailiwick.core.messages import NetworkRules, NetworksReport
from bailiwick.core.networks import Parted, Parting, judge
from bailiwick.dataplane.networks.rounds import Rounds

_LOG = logging.getLogger("bailiwick.plane.networks")
_NOT_YET = Parted(Parting.UNPROVED, ("what must not be reached from here was not tried yet",))
HELD = "this data plane is not ready: that its network is apart from the others is not shown"


@dataclass
class NetworkWatch:
    """Judges this plane: when its rules change, `seconds` after the last round, and `again_seconds` while not ready.

    A plane that is not ready starts nothing. What runs goes on when a way is found later: whoever can open a port
    could else switch off production.
    """

    rounds: Rounds
    report: Callable[[NetworksReport], None]
    seconds: float = 300.0
    again_seconds: float = 5.0
    rules: NetworkRules | None = None
    last: NetworksReport | None = None
    parted: Parted = _NOT_YET
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def why(self) -> str:
        """Why nothing may be started, in words for everybody; empty when it may."""
        return "" if self._ready.is_set() else HELD

    async def until_ready(self) -> None:
        """Return once things may be started."""
        await self._ready.wait()

    def hear(self, rules: NetworkRules) -> None:
        """Hold this plane to rules from now on; where networks are to be separate it is ready once that is shown."""
        if rules == self.rules:
            return
        if rules.separate and (self.rules is None or not self.rules.separate):
            self._take(_NOT_YET)
        elif not rules.separate and self.last is None:
            self._take(Parted(Parting.SHARED))
        self.rules = rules
        self._changed.set()

    async def look(self) -> Parted:
        """Make a round by the rules that were heard, report it, and judge by it."""
        rules = self.rules or NetworkRules()
        report = await self.rounds.make(rules)
        if rules == (self.rules or rules):
            self.last = report
            self._take(judge(report))
            self.report(report)
        return self.parted

    async def run(self) -> None:
        """Look for as long as the plane runs. A round that fails proves nothing: where it must, the plane waits."""
        while True:
            wait = self.seconds if self._ready.is_set() else self.again_seconds
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait if self.rules is not None else None)
            self._changed.clear()
            try:
                await self.look()
            except Exception as fault:
                _LOG.exception("what must not be reached could not be tried")
                if self.rules is not None and self.rules.separate and self.last is None:
                    self._take(Parted(Parting.UNPROVED, (f"trying failed: {type(fault).__name__}",)))

    def _take(self, parted: Parted) -> None:
        if parted != self.parted and parted.faults:
            _LOG.warning("%s: %s", parted.parting, "; ".join(parted.faults))
        self.parted = parted
        if parted.ready:
            self._ready.set()
        else:
            self._ready.clear()
