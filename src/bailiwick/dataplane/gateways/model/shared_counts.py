"""Counters of what models were used for that several planes have together, in Redis or Valkey.

A counter is a hash with what each plane has used or set aside, and the sum is what all have: a plane writes its own
part whole each time, so that what was lost on either side is right again with its next call. Whether a call fits all of
its counters is asked, and its part written, in one script: two planes never spend the same last of a budget. Messages
may overtake each other, so that a part that is older than the one that is there changes nothing. While the server
cannot be asked, each plane counts alone.
"""

import hashlib
import logging
import time
from collections.abc import Collection, Iterable, Sequence

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bailiwick.dataplane.gateways.model.counts import Charge, Counted

_LOG = logging.getLogger("bailiwick.plane.models")
# A model's own answer takes longer: rather wait than count alone.
_ANSWER_SECONDS = 1.0
_LEFT_ALONE_SECONDS = 5.0
# A counter outlives its day or month by far enough for clocks of planes that differ.
_DAY_SECONDS, _MONTH_SECONDS = 2 * 86_400, 33 * 86_400
_FAULTS = (RedisError, OSError, TimeoutError)
# ARGV holds the plane and the message's number, then of each key the plane's own part, a limit and seconds to live.
_TOTAL = """
local plane, number = ARGV[1], tonumber(ARGV[2])
local function look(place, key)
  local own, newer = tonumber(ARGV[place * 3]), number > tonumber(redis.call('HGET', key .. ':n', plane) or '0')
  local total = 0
  for _, part in ipairs(redis.call('HVALS', key)) do total = total + tonumber(part) end
  if newer then total = total + own - tonumber(redis.call('HGET', key, plane) or '0') end
  return total, newer
end
local function write(place, key)
  local seconds = ARGV[place * 3 + 2]
  redis.call('HSET', key, plane, ARGV[place * 3])
  redis.call('HSET', key .. ':n', plane, ARGV[2])
  redis.call('EXPIRE', key, seconds)
  redis.call('EXPIRE', key .. ':n', seconds)
end
"""
# Returns the place of the first key whose limit is passed, or 0 and writes.
_HOLD = f"""{_TOTAL}
local newer = {{}}
for place, key in ipairs(KEYS) do
  local total
  total, newer[place] = look(place, key)
  if total > tonumber(ARGV[place * 3 + 1]) then return place end
end
for place, key in ipairs(KEYS) do
  if newer[place] then write(place, key) end
end
return 0
"""
# Returns of each key what all have used, and 1 for the first time that this is no less than the limit.
_TELL = f"""{_TOTAL}
local told = {{}}
for place, key in ipairs(KEYS) do
  local total, newer = look(place, key)
  if newer then write(place, key) end
  local first = 0
  if total >= tonumber(ARGV[place * 3 + 1]) then
    if redis.call('SET', key .. ':warned', '1', 'NX', 'EX', ARGV[place * 3 + 2]) then first = 1 end
  end
  told[place * 2 - 1], told[place * 2] = total, first
end
return told
"""


class SharedCounts:
    """Counts at a server that other planes count at, too. `tenant` keeps tenants apart there."""

    def __init__(self, url: str, tenant: str) -> None:
        self._server = Redis.from_url(
            url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS, max_connections=64
        )
        self._hold = self._server.register_script(_HOLD)
        self._tell = self._server.register_script(_TELL)
        self._tenant = tenant
        self._again = 0.0
        self._number = 0
        self.totals: dict[Counted, int] = {}

    @property
    def is_away(self) -> bool:
        """Whether the server is not asked just now."""
        return time.monotonic() < self._again

    async def hold(self, plane: str, charges: Sequence[Charge], own: Iterable[int]) -> Charge | None:
        """Write what a plane has used and set aside, a call that it wants to make among that.

        Returns the charge that there is no room for, and then nothing is written; None where there is for all, and
        while the server does not answer.
        """
        if self.is_away or not charges:
            return None
        numbers = self._numbers(plane, zip(charges, own, (item.limit for item in charges), strict=True))
        try:
            full = int(await self._hold(keys=[self._key(item.counted) for item in charges], args=numbers))
        except _FAULTS as fault:
            self._leave_alone(fault)
            return None
        return charges[full - 1] if full else None

    async def tell(self, plane: str, charges: Sequence[Charge], own: Iterable[int]) -> list[Charge] | None:
        """Write what a plane has used and set aside; return the charges whose owners are to be warned.

        None while the server does not answer.
        """
        if self.is_away or not charges:
            return None
        numbers = self._numbers(plane, zip(charges, own, (item.warn_at for item in charges), strict=True))
        try:
            told = list(map(int, await self._tell(keys=[self._key(item.counted) for item in charges], args=numbers)))
        except _FAULTS as fault:
            self._leave_alone(fault)
            return None
        self.totals.update(zip((item.counted for item in charges), told[::2], strict=True))
        return [item for item, first in zip(charges, told[1::2], strict=True) if first]

    def keep(self, periods: Collection[str]) -> None:
        """Forget what is known of all but these periods."""
        self.totals = {item: used for item, used in self.totals.items() if item.period in periods}

    async def close(self) -> None:
        """Close the connections."""
        await self._server.aclose()

    def _numbers(self, plane: str, parts: Iterable[tuple[Charge, int, int]]) -> list[str | int]:
        # By the clock, so that a plane that was started again is not older than before; Lua counts exactly up to 2^53.
        self._number = max(self._number + 1, time.time_ns() // 1000)
        flat = [number for item, own, limit in parts for number in (own, limit, _seconds(item.counted))]
        return [plane, self._number, *flat]

    def _leave_alone(self, fault: Exception) -> None:
        self._again = time.monotonic() + _LEFT_ALONE_SECONDS
        _LOG.warning("the shared counter of budgets does not answer (%s)", type(fault).__name__)

    def _key(self, counted: Counted) -> str:
        """Return the key of a counter: who it is of does not stand there in the clear."""
        of = hashlib.sha256(counted.of.encode()).hexdigest()[:24]
        return f"bailiwick:{self._tenant}:model-budget:{counted.budget}:{counted.period}:{counted.unit}:{of}"


def _seconds(counted: Counted) -> int:
    """Return how long a counter is kept; months are named by seven letters."""
    return _MONTH_SECONDS if len(counted.period) == len("2026-05") else _DAY_SECONDS
