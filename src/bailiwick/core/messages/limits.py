"""How much may go through an integration: limits of everybody, each app and each person, repeats, and the breaker."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from bailiwick.core.messages.base import Message

_SECONDS = {"s": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400}
_WRITTEN = re.compile(rf"([1-9][0-9]{{0,6}})\s*/\s*({'|'.join(_SECONDS)})")
_AT_ONCE_SHARE = 4
BreakerState = Literal["closed", "open", "half-open"]


class Rate(Message):
    """So many calls in so many seconds, and at most `burst` of them at once; written `600/min`, too."""

    calls: int = Field(ge=1, le=10_000_000)
    seconds: float = Field(default=60.0, gt=0, le=86_400)
    burst: int = Field(default=0, ge=0, le=10_000_000)

    @model_validator(mode="before")
    @classmethod
    def _written(cls, value: Any) -> Any:
        """Take `600/min` for an object."""
        if not isinstance(value, str):
            return value
        told = _WRITTEN.fullmatch(value.strip())
        if told is None:
            raise ValueError("a rate is written as 600/min, 10/s, 5000/hour or 100000/day")
        return {"calls": int(told[1]), "seconds": _SECONDS[told[2]]}

    @property
    def most_at_once(self) -> int:
        """How many calls may come one right after the other: a quarter of the calls where nothing is said."""
        return self.burst or max(1, self.calls // _AT_ONCE_SHARE)

    @property
    def words(self) -> str:
        """The rate as people write it."""
        unit = next((name for name, seconds in _SECONDS.items() if seconds == self.seconds), f"{self.seconds:g} s")
        return f"{self.calls}/{unit}"


class Limit(Message):
    """How much one of something may do: calls in a time, none where nothing is said, and calls at once."""

    rate: Rate | None = None
    at_once: int = Field(default=100, ge=1, le=100_000)


class Repeats(Message):
    """How often a call that can do nothing twice is made again: `most` times, of all calls no more than a `share`."""

    most: int = Field(default=2, ge=0, le=5)
    share: float = Field(default=0.1, ge=0, le=1)


class Breaker(Message):
    """When calls end before they begin: after so many `failures` in a row, or a `share` of at least `calls` in 30
    seconds. After `open_seconds` one is let through to try.
    """

    failures: int = Field(default=8, ge=1, le=10_000)
    share: float = Field(default=0.5, gt=0, le=1)
    calls: int = Field(default=20, ge=1, le=100_000)
    open_seconds: float = Field(default=10.0, gt=0, le=3600)


class IntegrationLimits(Message):
    """What holds at each plane for one integration.

    What does not fit waits `wait_seconds` at most, people's calls first; `reserve` is the share of everybody's limit
    that only they may use. `statement_seconds` and `most_rows_bytes` are of a database's statements and their answers.
    """

    everybody: Limit = Limit(at_once=100)
    app: Limit = Limit(at_once=50)
    person: Limit = Limit(at_once=20)
    wait_seconds: float = Field(default=5.0, ge=0, le=60)
    reserve: float = Field(default=0.2, ge=0, lt=1)
    repeats: Repeats = Repeats()
    breaker: Breaker = Breaker()
    statement_seconds: float = Field(default=30.0, gt=0, le=3600)
    most_rows_bytes: int = Field(default=2**34, ge=1024, le=2**50)


Scope = Literal["everybody", "app", "person"]
LimitKind = Literal["rate", "at-once"]


class LimitSeen(Message):
    """How near something came to a limit over a period: `share` is 1 when there was no more; `who` came nearest."""

    scope: Scope
    kind: LimitKind
    limit: str = Field(max_length=40)
    share: float = Field(ge=0)
    who: str = Field(default="", max_length=300)


class LimitsReport(Message):
    """What went through an integration at a plane over a period, what was refused and why, and how its breaker stands.

    `held_until` is set while the system itself asked to be left alone. `shared` says whether rates are counted with
    other planes.
    """

    kind: Literal["limits"] = "limits"
    integration: str = Field(max_length=80)
    seconds: float = Field(ge=0)
    calls: int = Field(ge=0)
    waited: int = Field(ge=0)
    repeated: int = Field(ge=0)
    refused: Mapping[str, int] = Field(max_length=20)
    nearest: tuple[LimitSeen, ...] = Field(max_length=10)
    breaker: BreakerState
    breaker_words: str = Field(default="", max_length=300)
    held_until: datetime | None = None
    shared: Annotated[str, Field(max_length=200)] = ""
    time: datetime
