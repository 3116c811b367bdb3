"""Tokens that the gateway holds: in memory, no longer than they are good, each got by one while others wait."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

from bailiwick.core.messages import Credential
from bailiwick.core.principals import Identity

# A token is renewed before it ends.
_RENEW_BEFORE_SECONDS, _LEAST_SECONDS = 30.0, 1.0
# More people than that at once are asked for anew: memory is bounded.
_MOST_HELD = 10_000
_BETWEEN_RENEWALS_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class TokenKey:
    """Whose token it is: of which integration by which credential, and of which person, None for the platform's."""

    resource: str
    credential: Credential = field(hash=False)
    person: str = ""
    epoch: int = 0
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Got:
    """A token, for how many seconds it is good, and the consent that it comes of, empty where it is of none; `key` is
    the one that it is bound to, or that signs with it, and `account` who that is of; empty for none.
    """

    token: str = field(repr=False)
    seconds: float
    consent: str = ""
    key: str = field(default="", repr=False)
    account: str = ""


Get = Callable[[str], Awaitable[Got]]


class TokenBook:
    """Holds tokens by whose they are."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[TokenKey, tuple[Got, float]] = {}
        self._turns: dict[TokenKey, asyncio.Lock] = {}
        self._refused: dict[TokenKey, str] = {}
        self._renewals: dict[TokenKey, float] = {}
        self._ended: frozenset[str] = frozenset()

    @property
    def tokens(self) -> frozenset[str]:
        """The tokens that are held now, and keys of accounts, for whoever masks."""
        held = [got for got, _ in self._held.values()]
        return frozenset({got.token for got in held} | {got.key for got in held if got.account})

    async def get(self, key: TokenKey, get: Get) -> Got:
        """Return a token, got by `get` when none is held: it is told the SHA-256 (hex) of one that was refused."""
        held = self._good(key)
        if held:
            return held
        async with self._turns.setdefault(key, asyncio.Lock()):
            held = self._good(key)
            if held:
                return held
            got = await get(self._refused.get(key, ""))
            if len(self._held) >= _MOST_HELD:
                self._held.clear()
            # A consent may have ended while its token was on the way here: it serves nobody after this call.
            if got.consent not in self._ended:
                seconds = max(got.seconds - _RENEW_BEFORE_SECONDS, min(got.seconds, _LEAST_SECONDS))
                self._held[key] = (got, self._clock() + seconds)
            self._refused.pop(key, None)
            return got

    def refuse(self, key: TokenKey, token: str) -> bool:
        """Note that the service did not take a token; return whether another may be shown.

        One that was got meanwhile is, or that somebody is getting now. Otherwise another is got once in a while: a
        service may refuse for a reason that no token mends, and an app must not make us renew without end.
        """
        held, now = self._held.get(key), self._clock()
        if held is None or held[0].token != token:
            return True
        if now < self._renewals.get(key, -_BETWEEN_RENEWALS_SECONDS) + _BETWEEN_RENEWALS_SECONDS:
            return False
        self._renewals[key] = now
        self._held.pop(key, None)
        self._refused[key] = hashlib.sha256(token.encode()).hexdigest()
        return True

    def keep(self, epochs: Mapping[str, int], open_here: Collection[str], ended: frozenset[str]) -> None:
        """Drop what may not be shown any more: of people whose access ended, of consents that ended, and of
        integrations that are not in `open_here`.
        """
        self._ended = ended
        for key, (got, _) in list(self._held.items()):
            gone = bool(key.person) and key.epoch < epochs.get(f"user:{key.person}", 0)
            if gone or got.consent in ended or key.resource not in open_here:
                del self._held[key]
        since = self._clock() - _BETWEEN_RENEWALS_SECONDS
        self._renewals = {key: time for key, time in self._renewals.items() if time > since}
        self._turns = {key: turn for key, turn in self._turns.items() if turn.locked() or key in self._held}
        self._refused = {key: mark for key, mark in self._refused.items() if key in self._turns}

    def _good(self, key: TokenKey) -> Got | None:
        got, until = self._held.get(key, (None, 0.0))
        return got if self._clock() < until else None


def person_of(identity: Identity) -> Identity | None:
    """Return the person that a call is made for, None for an app's own or a visitor's."""
    if identity.behalf is not None:
        return identity.behalf
    return identity if identity.is_person else None
