"""What the shared counter does in one step each: takes a place and counts a call, and tells of places that are held.

Of each scope of a call (everybody, its app, its person) there are a sorted set of the places that are taken, by when
each ends unless it is told of again; one of the calls that wait, by their order; one by when each of those is forgotten
unless it asks again; and the time at which the next call of its rate is due. The server's clock counts in all of them.
"""

# KEYS, of each scope: places that are taken, calls that wait, until when they do, and the rate. ARGV: the call, its
# cost, 0 where a person waits for it and else 1, when it first asked (0 the first time), for how long a place and a
# waiting call are kept (µs; 0: it does not wait), and of each scope: places, interval, tolerance, most cost.
# It takes of every scope or of none. Who waits in front is counted as if it were in already: people first, then
# whoever asked first. Returns 0 and how many places are taken of each scope; or 1 (places) or 2 (rate), which scope,
# how long to wait, how many wait in front there, and when it first asked.
TAKE = """
local told = redis.call('TIME')
local now = told[1] * 1000000 + told[2]
local id, cost, rank = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local arrived, lease, patience = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local first = arrived == 0
if first then arrived = now end
local order = string.format('%.0f', rank * 4000000000000000 + arrived)
local scopes, kind, which, wait, front, after, places = #KEYS / 4, 0, 0, 0, 0, {}, {}
for scope = 1, scopes do
  local taken, queue, alive, rate = unpack(KEYS, scope * 4 - 3, scope * 4)
  local most, interval, tolerance, dearest = unpack(ARGV, scope * 4 + 3, scope * 4 + 6)
  interval = tonumber(interval)
  redis.call('ZREMRANGEBYSCORE', taken, '-inf', now)
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', alive, '-inf', now)) do
    redis.call('ZREM', queue, gone)
    redis.call('ZREM', alive, gone)
  end
  local ahead = redis.call('ZCOUNT', queue, '-inf', '(' .. order)
  places[scope] = redis.call('ZCARD', taken) + 1
  if kind ~= 1 and places[scope] + ahead > tonumber(most) then
    kind, which, wait, front = 1, scope, 0, ahead
  end
  if interval > 0 then
    local fits = math.min(cost, tonumber(dearest))
    after[scope] = math.max(now, tonumber(redis.call('GET', rate) or '0')) + interval * fits
    local early = after[scope] + interval * ahead - now - tonumber(tolerance)
    if kind ~= 1 and early > wait then kind, which, wait, front = 2, scope, early, ahead end
  end
end
if kind > 0 then
  for scope = 1, scopes do
    local queue, alive = KEYS[scope * 4 - 2], KEYS[scope * 4 - 1]
    if scope == which and patience > 0 then
      redis.call('ZADD', queue, order, id)
      redis.call('ZADD', alive, string.format('%.0f', now + patience), id)
      redis.call('PEXPIRE', queue, math.ceil(patience / 1000) + 1000)
      redis.call('PEXPIRE', alive, math.ceil(patience / 1000) + 1000)
    elseif not first then
      redis.call('ZREM', queue, id)
      redis.call('ZREM', alive, id)
    end
  end
  return {kind, which, math.ceil(wait), front, string.format('%.0f', arrived)}
end
local answer = {0}
for scope = 1, scopes do
  local taken, queue, alive, rate = unpack(KEYS, scope * 4 - 3, scope * 4)
  if not first then
    redis.call('ZREM', queue, id)
    redis.call('ZREM', alive, id)
  end
  redis.call('ZADD', taken, string.format('%.0f', now + lease), id)
  redis.call('PEXPIRE', taken, math.ceil(lease / 1000) + 1000)
  if after[scope] then
    local lives = math.ceil((after[scope] - now) / 1000) + 1000
    redis.call('SET', rate, string.format('%.0f', after[scope]), 'PX', lives)
  end
  answer[scope + 1] = places[scope]
end
return answer
"""
# ARGV: for how long a place is kept (µs), then the places of one scope that their plane still holds.
RENEW = """
local told = redis.call('TIME')
local ends = string.format('%.0f', told[1] * 1000000 + told[2] + ARGV[1])
for place = 2, #ARGV do redis.call('ZADD', KEYS[1], ends, ARGV[place]) end
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[1] / 1000) + 1000)
return 0
"""
