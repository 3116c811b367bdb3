"""Replays a trace through the rules of the automatic kill switch: when would which have tripped?

A trace is JSON lines, one thing that happened in each, in the order of time. Nothing of it is kept but what the rules
themselves keep, so that it may be of any length.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.guardrails import Guardrails
from bailiwick.core.stops import StopKind, StopScope
from bailiwick.dataplane.guard.spikes import ErrorSpike
from bailiwick.dataplane.guard.trips import Trip
from bailiwick.dataplane.guard.watch import Guard, Watched

MOST_LINE_BYTES = 64 * 1024
MOST_APPS = 10_000
_ERROR = 500
_Count = Annotated[float, Field(ge=0, le=1e15)]


class TraceLine(BaseModel):
    """One line: an answered request (`status`, `duration_ms`), a `start` of the app, or amounts that it used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: datetime | Annotated[float, Field(ge=0, le=1e11)]
    app: Annotated[str, Field(min_length=1, max_length=300)]
    tenant: Annotated[str, Field(min_length=1, max_length=100)] = "default"
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    duration_ms: _Count | None = None
    start: bool = False
    integration: Annotated[str, Field(max_length=100)] = ""
    rows: _Count = 0
    tokens_in: _Count = 0
    tokens_out: _Count = 0
    bytes_out: _Count = 0
    refused_egress: Annotated[int, Field(ge=0, le=1000)] = 0
    refused_grants: Annotated[int, Field(ge=0, le=1000)] = 0

    @property
    def seconds(self) -> float:
        """The time in seconds since 1970."""
        if isinstance(self.time, datetime):
            moment = self.time if self.time.tzinfo else self.time.replace(tzinfo=UTC)
            return moment.timestamp()
        return self.time


@dataclass(frozen=True, slots=True)
class Found:
    """That a rule would have tripped at a line of the trace, and what would have been stopped."""

    line: int
    seconds: float
    app: str
    stops: StopScope
    trip: Trip


@dataclass
class Replay:
    """A trace on its way through the rules. What was stopped is watched afresh after `again_seconds`."""

    rails: Guardrails
    again_seconds: float = 300.0
    _now: float = 0.0
    _line: int = 0
    _spikes: dict[str, ErrorSpike] = field(default_factory=dict)
    _stopped: dict[StopScope, float] = field(default_factory=dict)
    _news: list[Found] = field(default_factory=list)
    _guard: Guard = field(init=False)

    def __post_init__(self) -> None:
        self._guard = Guard(self._tripped, lambda: self._now)

    def run(self, lines: Iterable[bytes]) -> Iterator[Found]:
        """Yield what trips, in order; raise `InvalidInputError`, which names the line, for one that cannot be read."""
        for number, raw in enumerate(lines, 1):
            if len(raw) > MOST_LINE_BYTES:
                raise InvalidInputError(f"line {number}: it is longer than {MOST_LINE_BYTES // 1024} KiB")
            if not raw.strip():
                continue
            self._line = number
            line = _read(number, raw)
            if line.seconds < self._now:
                raise InvalidInputError(
                    f"line {number}: the time goes back", hint="sort the trace by time, oldest first"
                )
            self._now = line.seconds
            self._take(line)
            yield from self._news
            self._news.clear()

    def _take(self, line: TraceLine) -> None:
        watched = Watched(line.app, line.tenant, (line.app, "production"))
        if self._is_stopped(watched, line.integration):
            return
        if line.app not in self._spikes:
            if len(self._spikes) >= MOST_APPS:
                raise InvalidInputError(f"line {self._line}: more than {MOST_APPS:,} apps", hint="split the trace")
            self._spikes[line.app] = ErrorSpike(self.rails.errors)
            self._guard.watch(watched, self.rails)
        if line.start:
            self._guard.observe_start(watched)
        if line.status is not None:
            self._answered(watched, failed=line.status >= _ERROR, milliseconds=line.duration_ms or 0.0)
        self._guard.observe_rows(line.app, line.integration, int(line.rows))
        self._guard.observe_model(line.app, int(line.tokens_in), int(line.tokens_out))
        self._guard.observe_egress(line.app, int(line.bytes_out))
        for _ in range(line.refused_egress):
            self._guard.observe_refused_egress(line.app)
        for _ in range(line.refused_grants):
            self._guard.observe_refusal(line.app, line.integration)

    def _answered(self, watched: Watched, *, failed: bool, milliseconds: float) -> None:
        why = self._spikes[watched.app].observe(self._now, failed=failed)
        if why:
            self._tripped(watched, None, Trip("errors", why, self._spikes[watched.app].counters()))
        else:
            self._guard.observe_answer(watched, failed=failed, milliseconds=milliseconds)

    def _tripped(self, watched: Watched, scope: StopScope | None, trip: Trip) -> None:
        stops = scope or StopScope(StopKind.APP, watched.app)
        if stops in self._stopped:
            return
        self._stopped[stops] = self._now + self.again_seconds
        self._news.append(Found(self._line, self._now, watched.app, stops, trip))
        self._spikes[watched.app] = ErrorSpike(self.rails.errors)
        self._guard.start_afresh(watched)

    def _is_stopped(self, watched: Watched, integration: str) -> bool:
        scopes = [StopScope(StopKind.APP, watched.app), StopScope(StopKind.TENANT, watched.tenant)]
        scopes += [StopScope(StopKind.INTEGRATION, integration)] if integration else []
        for scope in scopes:
            if self._stopped.get(scope, self._now) > self._now:
                return True
            self._stopped.pop(scope, None)
        return False


def _read(number: int, raw: bytes) -> TraceLine:
    try:
        return TraceLine.model_validate_json(raw)
    except ValidationError as fault:
        problem = fault.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in problem["loc"][:1])
        words = f"{where}: {problem['msg']}" if where else problem["msg"]
        columns = ", ".join(TraceLine.model_fields)
        raise InvalidInputError(f"line {number}: {words[:200]}", hint=f"a line has some of: {columns}") from None
