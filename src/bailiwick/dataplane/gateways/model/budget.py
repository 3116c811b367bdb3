"""What may be sent to models in a day, and how much of it is spent: by model, and by who calls.

Counts lie on disk and outlive the plane. What a call may cost at most is set aside before it is sent, so that calls
side by side cannot spend the same last tokens; what it did cost is counted at its end.
"""

import sqlite3
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bailiwick.core.clock import Clock
from bailiwick.core.messages import ModelState
from bailiwick.dataplane.gateways.refusals import CallRefusedError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spent (day TEXT, model TEXT, account TEXT, tokens INTEGER, calls INTEGER,
PRIMARY KEY (day, model, account)) WITHOUT ROWID;
"""
_ADD = """
INSERT INTO spent VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens,
calls = calls + excluded.calls
"""
_HINT = "wait until tomorrow (UTC), or ask whoever runs the platform to raise it"


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one call may cost at most, set aside."""

    day: date
    model: str
    account: str
    tokens: int


class Budget:
    """Counts of this plane, in a file of its own."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A crash of the plane loses nothing so; only one of the whole host may lose the last seconds.
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.executescript(_SCHEMA)
        self._day = self._today()
        self._spent: dict[tuple[str, str], tuple[int, int]] = {}
        self._reserved: dict[tuple[str, str], int] = {}
        self._load()

    def reserve(self, model: ModelState, account: str, tokens: int) -> Reservation:
        """Set tokens aside and count the call; raise `CallRefusedError` (429) when a budget does not hold them."""
        self._turn_day()
        own_tokens, own_calls = self._spent.get((model.name, account), (0, 0))
        if own_calls >= model.caller_calls_per_day:
            raise _spent(f"{account} may call {model.name} {model.caller_calls_per_day:,} times a day, and did")
        own_tokens += self._reserved.get((model.name, account), 0)
        if own_tokens + tokens > model.caller_tokens_per_day:
            raise _spent(f"{account} may use {model.caller_tokens_per_day:,} tokens of {model.name} a day; {tokens:,}"
                         f" more than the {own_tokens:,} spent or set aside is too much")  # fmt: skip
        if self._of_all(model.name) + tokens > model.tokens_per_day:
            raise _spent(f"{model.name} may use {model.tokens_per_day:,} tokens a day, and they are spent")
        self._set_aside(model.name, account, tokens)
        self._count(model.name, account, 0, 1)
        return Reservation(self._day, model.name, account, tokens)

    def settle(self, reservation: Reservation, tokens: int) -> None:
        """Let go what was set aside, and count what the call did cost."""
        if reservation.day == self._day:
            self._set_aside(reservation.model, reservation.account, -reservation.tokens)
        self._turn_day()
        self._count(reservation.model, reservation.account, tokens, 0)

    def spent(self, model: str, account: str) -> tuple[int, int]:
        """Return tokens and calls of today."""
        self._turn_day()
        return self._spent.get((model, account), (0, 0))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _of_all(self, model: str) -> int:
        spent = sum(tokens for (name, _), (tokens, _) in self._spent.items() if name == model)
        return spent + sum(tokens for (name, _), tokens in self._reserved.items() if name == model)

    def _set_aside(self, model: str, account: str, tokens: int) -> None:
        left = self._reserved.pop((model, account), 0) + tokens
        if left > 0:
            self._reserved[model, account] = left

    def _count(self, model: str, account: str, tokens: int, calls: int) -> None:
        before = self._spent.get((model, account), (0, 0))
        self._spent[model, account] = (before[0] + tokens, before[1] + calls)
        self._database.execute(_ADD, [self._day.isoformat(), model, account, tokens, calls])

    def _turn_day(self) -> None:
        today = self._today()
        if today != self._day:
            self._day = today
            self._reserved.clear()
            self._load()

    def _load(self) -> None:
        self._database.execute("DELETE FROM spent WHERE day <> ?", [self._day.isoformat()])
        rows = self._database.execute("SELECT model, account, tokens, calls FROM spent")
        self._spent = {(model, account): (tokens, calls) for model, account, tokens, calls in rows}

    def _today(self) -> date:
        return self._clock().date()


def _spent(words: str) -> CallRefusedError:
    return CallRefusedError(429, words, hint=_HINT, deciders=("model-budget",))
