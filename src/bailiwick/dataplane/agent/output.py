"""What apps write: the newest lines of each, masked as they come, in memory and within bounds of their own.

An app that writes without end waits in its own pipe, and pushes out its own lines, nobody else's. Launchers put the
trace of a request before what is written for it; an app could claim another one, and would mislead its own builder.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bailiwick.core.masking import Masks
from bailiwick.core.messages import LOG_SEVERITIES, LogWanted
from bailiwick.core.otlp import LogSeen
from bailiwick.dataplane.agent.stopped import Key
from bailiwick.dataplane.guard import RateLimit

# Of an instance: what is told of one that fails.
_LINES_OF_INSTANCE = 200
_LINE_BYTES = 4000
# What comes faster waits in the app's own pipe, and the app with it: reading it is work for what all apps share.
_LINES_A_SECOND = 2000
_MOST_LINES = 5000
_MOST_CHARACTERS = 2**20
_TRACED = re.compile(rb"^\x1e([0-9a-f]{32})\x1e")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that an app wrote, as `LogLine` tells it."""

    number: int
    time: datetime
    release: str
    part: str
    text: str
    trace: str
    severity: str = ""


@dataclass
class Output:
    """The newest lines of one app in one mode, or of a branch of it."""

    lines: deque[Line] = field(default_factory=deque)
    characters: int = 0
    written: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, line: Line) -> None:
        """Keep a line, and as many before it as there is room for."""
        self.lines.append(line)
        self.characters += len(line.text)
        while len(self.lines) > _MOST_LINES or self.characters > _MOST_CHARACTERS:
            self.characters -= len(self.lines.popleft().text)
        self.written.set()
        self.written = asyncio.Event()

    def next_number(self) -> int:
        """Return the number of the next line, higher than any before, also of a plane that started anew."""
        last = self.lines[-1].number if self.lines else 0
        return max(last + 1, time.time_ns() // 1000)

    def fitting(self, wanted: LogWanted) -> list[Line]:
        """Return the newest lines that fit, oldest first, and one more where there are more."""
        return list(_newest(reversed(self.lines), wanted))[::-1]


class Outputs:
    """What all apps of a plane wrote, by app and mode."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._kept: dict[Key, Output] = {}

    def of(self, key: Key) -> Output:
        """Return what is kept of an app in a mode."""
        return self._kept.setdefault(key, Output())

    def keep(self, keys: frozenset[Key]) -> None:
        """Forget what apps wrote that are not these."""
        self._kept = {key: output for key, output in self._kept.items() if key in keys}

    async def read(
        self, source: asyncio.StreamReader, lines: deque[str], masker: Callable[[], Masks], writer: "Writer"
    ) -> None:
        """Take what an instance writes until it ends; its newest lines are `lines`, too."""
        rate = RateLimit(_LINES_A_SECOND)
        while True:
            await asyncio.sleep(rate.spend(time.monotonic(), 1))
            try:
                raw = await source.readline()
            except ValueError:
                continue  # longer than we keep: what was read is dropped, the rest follows
            if not raw:
                return
            trace, text = _parted(raw)
            # A mask may be longer than what it stands for: there is an end to the line all the same.
            said = masker().mask(text.decode(errors="replace").rstrip())[: 2 * _LINE_BYTES]
            lines.append(said)
            output = self.of(writer.key)
            output.add(Line(output.next_number(), self._clock(), writer.release, writer.part, said, trace))

    def take(self, record: LogSeen, masks: Masks, writer: "Writer") -> None:
        """Take a record that an app sent by itself."""
        output, said = self.of(writer.key), masks.mask(record.text)[: 2 * _LINE_BYTES]
        now, number = self._clock(), output.next_number()
        output.add(Line(number, now, writer.release, writer.part, said, record.trace, record.severity))


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: which app in which mode, its release, and what of it (empty for the web server)."""

    key: Key
    release: str
    part: str = ""


def newest_lines() -> deque[str]:
    """Return what keeps the newest lines of an instance."""
    return deque(maxlen=_LINES_OF_INSTANCE)


def _parted(raw: bytes) -> tuple[str, bytes]:
    """Return the trace of a line, empty where none is known, and the line."""
    found = _TRACED.match(raw)
    trace, rest = (found[1].decode(), raw[found.end() :]) if found is not None else ("", raw)
    return trace, rest[:_LINE_BYTES]


def _newest(lines: Iterator[Line], wanted: LogWanted) -> Iterator[Line]:
    found, text = 0, wanted.text.casefold()
    severe = LOG_SEVERITIES[LOG_SEVERITIES.index(wanted.severity) :] if wanted.severity else ()
    for line in lines:
        if line.number <= wanted.after or (wanted.since is not None and line.time < wanted.since):
            return
        if (text and text not in line.text.casefold()) or (wanted.trace and wanted.trace != line.trace):
            continue
        if wanted.severity and line.severity not in severe:
            continue
        yield line
        found += 1
        if found > wanted.last:
            return
