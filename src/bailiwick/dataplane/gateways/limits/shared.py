"""Rates that several planes have together, counted in Redis or Valkey by the same algorithm as here in memory.

All keys of a call are asked in one script, which takes from each or from none; the server's own clock is used, so that
clocks of planes may differ. When the server cannot be asked, calls are counted at this plane only, which each plane
does anyway: an outage of a cache must not stop the company, and the limits of one plane still hold.
"""

import hashlib
import logging
import time
from collections.abc import Sequence

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bailiwick.core.messages import Rate

_LOG = logging.getLogger("bailiwick.plane.limits")
_ANSWER_SECONDS = 0.25
_LEFT_ALONE_SECONDS = 5.0
_MICROSECONDS = 1_000_000
# The generic cell rate algorithm over KEYS: ARGV holds the cost, then interval and tolerance of each key (µs).
_SCRIPT = """
local told = redis.call('TIME')
local now = told[1] * 1000000 + told[2]
local wait, after = 0, {}
for place, key in ipairs(KEYS) do
  local interval, tolerance = tonumber(ARGV[place * 3 - 1]), tonumber(ARGV[place * 3])
  local cost = math.min(tonumber(ARGV[1]), tonumber(ARGV[place * 3 + 1]))
  after[place] = math.max(now, tonumber(redis.call('GET', key) or '0')) + interval * cost
  wait = math.max(wait, after[place] - now - tolerance)
end
if wait > 0 then return math.ceil(wait) end
for place, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', after[place]), 'PX', math.ceil((after[place] - now) / 1000) + 1000)
end
return 0
"""


class SharedRates:
    """Counts at a server that other planes count at, too. `tenant` keeps tenants apart there."""

    def __init__(self, url: str, tenant: str) -> None:
        self._server = Redis.from_url(
            url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS, max_connections=64
        )
        self._ask = self._server.register_script(_SCRIPT)
        self._tenant = tenant
        self._again = 0.0

    @property
    def words(self) -> str:
        """How rates are counted now."""
        away = time.monotonic() < self._again
        return "the shared counter does not answer: each plane counts alone" if away else "counted with other planes"

    async def wait_seconds(self, name: str, rates: Sequence[tuple[tuple[str, str], Rate, float]], cost: int) -> float:
        """Take calls from each rate, and return 0; or take nothing, and return how long to wait."""
        if time.monotonic() < self._again:
            return 0.0
        keys = [self._key(name, rate, *key) for key, rate, _ in rates]
        numbers: list[int] = [cost]
        for _, rate, share in rates:
            interval = rate.seconds / rate.calls * _MICROSECONDS
            most = max(1, int(rate.most_at_once * share))
            numbers += [round(interval), round(interval * most), most]
        try:
            return int(await self._ask(keys=keys, args=numbers)) / _MICROSECONDS
        except (RedisError, OSError, TimeoutError) as fault:
            self._again = time.monotonic() + _LEFT_ALONE_SECONDS
            _LOG.warning("the shared counter of rates does not answer (%s)", type(fault).__name__)
            return 0.0

    async def close(self) -> None:
        """Close the connections."""
        await self._server.aclose()

    def _key(self, name: str, rate: Rate, scope: str, who: str) -> str:
        """Return the key of a rate: who it is of does not stand there in the clear."""
        digest = hashlib.sha256(who.encode()).hexdigest()[:24] if who else "-"
        return f"bailiwick:{self._tenant}:{name}:{scope}:{rate.calls}-{rate.seconds:g}:{digest}"
