"""What leaves for models: measured in each call by place and class of data, held to what is switched off, and counted.

Only sizes, places and kinds are kept; no word of a call.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bailiwick.core.clock import Clock
from bailiwick.core.masking import MASK
from bailiwick.core.messages import OTHERS, ModelState, OutflowSeen, OutflowSwitch, Place
from bailiwick.core.outflows import switch_for, switch_words
from bailiwick.core.redaction import Redacted
from bailiwick.dataplane.gateways.model.model import Caller
from bailiwick.dataplane.gateways.model.places import Placed
from bailiwick.dataplane.gateways.model.search import Look
from bailiwick.dataplane.gateways.refusals import CallRefusedError

# How much is told apart between two reports: beyond that, people count together.
_MOST_APART = 2000
_SECRET = "secret"  # noqa: S105 - a class of data
_Found = tuple[Place, str]


@dataclass(frozen=True, slots=True)
class Flow:
    """What of a call leaves: bytes by place, values of each class found there, and those of them that do not leave."""

    size: Mapping[Place, int] = field(default_factory=dict)
    found: Mapping[_Found, int] = field(default_factory=dict)
    redacted: Mapping[_Found, int] = field(default_factory=dict)

    @property
    def classes(self) -> frozenset[str]:
        """The classes of data in it, also of what is let through."""
        return frozenset(kind for _, kind in self.found)


class Measured:
    """Looks through the strings of one call as `look` does, and measures what leaves of them.

    `personal` finds what `look` leaves alone, so that it is known what is let through, too.
    """

    def __init__(self, document: Mapping[str, Any], path: str, look: Look, personal: Look | None) -> None:
        self._document = document
        self._path = path
        self._look = look
        self._personal = personal
        self.flow = Flow()

    def __call__(self, strings: Sequence[str]) -> Redacted:
        """Return what `look` makes of the strings."""
        seen = self._look(strings)
        places = Placed(self._document, self._path).of(list(strings))
        redacted = _found(places, strings, seen)
        found = redacted
        if self._personal is not None:
            let_through = _found(places, strings, self._personal(strings))
            found = redacted + Counter({key: count for key, count in let_through.items() if key[1] != _SECRET})
        self.flow = Flow(_sizes(places, seen.strings), found, redacted)
        return seen


def _sizes(places: Sequence[Place], strings: Sequence[str]) -> dict[Place, int]:
    """Return how many bytes stand in each place where anything does."""
    sizes: dict[Place, int] = {}
    plain = all(map(str.isascii, strings))
    for place, text in zip(places, strings, strict=True):
        size = len(text) if plain else len(text.encode(errors="surrogatepass"))
        if size:
            sizes[place] = sizes.get(place, 0) + size
    return sizes


def _found(places: Sequence[Place], strings: Sequence[str], seen: Redacted) -> Counter[_Found]:
    """Return how many values of each kind were replaced in each place."""
    found = Counter[_Found]()
    for place, before, after in zip(places, strings, seen.strings, strict=True):
        if before == after:
            continue
        for kind in seen.names.kinds_in(after):
            found[place, kind] += 1
        masked = after.count(MASK) - before.count(MASK)
        if masked > 0:
            found[place, _SECRET] += masked
    return found


@dataclass(slots=True)
class _Count:
    """What came together under one line since the last report."""

    first: datetime
    last: datetime
    calls: int = 0
    bytes: int = 0
    found: int = 0
    redacted: int = 0
    refused: int = 0


_Key = tuple[str, str, str, Place, str]


class Outflows:
    """Counts what leaves through one plane, in memory until it is told. `switches` returns what is switched off now."""

    def __init__(
        self, switches: Callable[[], Sequence[OutflowSwitch]], clock: Clock, most_apart: int = _MOST_APART
    ) -> None:
        self._switches = switches
        self._clock = clock
        self._most = most_apart
        self._counts: dict[_Key, _Count] = {}

    def require(self, caller: Caller, model: ModelState, flow: Flow) -> None:
        """Raise `CallRefusedError` when something of a call is switched off; that is counted."""
        switch = switch_for(
            self._switches(),
            model=model.name,
            app=caller.app,
            people=_people(caller),
            places=flow.size.keys(),
            found=flow.found.keys(),
        )
        if switch is None:
            return
        self._add(caller, model, flow, refused=True)
        words = f"{switch_words(switch)}: switched off by {switch.by} on {switch.time:%Y-%m-%d} ({switch.reason})"
        hint = "leave it out, or ask them; bailiwick model switches lists what is off"
        raise CallRefusedError(403, words, hint=hint, deciders=(f"model-switch:{switch.id}",))

    def add(self, caller: Caller, model: ModelState, flow: Flow) -> None:
        """Count a call that was sent."""
        self._add(caller, model, flow, refused=False)

    def take(self) -> list[OutflowSeen]:
        """Return what was counted since the last time."""
        counts, self._counts = self._counts, {}
        return [
            OutflowSeen(
                model=model,
                app=app,
                person=person,
                place=place,
                data_class=data_class,
                calls=count.calls,
                bytes=count.bytes,
                found=count.found,
                redacted=count.redacted,
                refused=count.refused,
                first=count.first,
                last=count.last,
            )
            for (model, app, person, place, data_class), count in counts.items()
        ]

    def _add(self, caller: Caller, model: ModelState, flow: Flow, *, refused: bool) -> None:
        now = self._clock()
        person = "" if caller.identity.is_app else str(caller.identity.principal)
        for place, size in flow.size.items():
            count = self._count((model.name, caller.app, person, place, ""), now)
            if not _refused(count, refused=refused):
                count.bytes += size
        for (place, data_class), found in flow.found.items():
            count = self._count((model.name, caller.app, person, place, data_class), now)
            if not _refused(count, refused=refused):
                count.found += found
                count.redacted += flow.redacted.get((place, data_class), 0)

    def _count(self, key: _Key, now: datetime) -> _Count:
        """Return what counts under a key; whoever comes when there are too many counts with all others."""
        if key not in self._counts and len(self._counts) >= self._most:
            model, app, _, place, data_class = key
            key = (model, app, OTHERS, place, data_class)
            if key not in self._counts and len(self._counts) >= 2 * self._most:
                key = (model, OTHERS, OTHERS, place, data_class)
        count = self._counts.setdefault(key, _Count(now, now))
        count.last = now
        return count


def _refused(count: _Count, *, refused: bool) -> bool:
    """Count a call, as one that was refused or one that went out; return which."""
    if refused:
        count.refused += 1
    else:
        count.calls += 1
    return refused


def _people(caller: Caller) -> frozenset[str]:
    principal = caller.identity.principal
    return frozenset({str(principal), principal.own, principal.answerable})
