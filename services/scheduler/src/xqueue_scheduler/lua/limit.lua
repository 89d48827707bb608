--[[
Limit: what an operator has set for a scope, and how many more attempts the scope may have.

Rates are GCRA, in whole us so that no token is lost to rounding: `tat` is the time at which a scope would have used
up nothing; a scope has tokens while it is not too far ahead. One without any is blocked until an exact time, and listed in `refills`: the first call from then on
brings it back. That frees no slot, so no record of the log is needed for it.

Keys:
  limits    hash    scope -> msgpack: most attempts, us between two, burst, weight, paused,
                    slots that are a queue's share, ms after which a task in the queue
                    has risen by one; false: not set
  rates     hash    scope -> tat in us
  refills   zset    scopes without a token, by when they have one
]]
local REFILLS_MOST = 200

local function parse(f)
  return { most = f[1] or nil, interval = f[2] or nil, burst = f[3] or nil, weight = f[4] or nil, paused = f[5],
    workers = f[6] or nil, aging = f[7] or nil }
end

-- What is set for a scope, or false.
function Limit.of(scope)
  if C.head.pins == 0 then return false end
  local limit = C.limits[scope]
  if limit == nil then
    local value = redis.call('HGET', C.base .. KEY.limits, scope)
    limit = value and parse(cmsgpack.unpack(value))
    C.limits[scope] = limit
  end
  return limit
end

local function tat_of(scope)
  local tat = C.tats[scope]
  if not tat then
    tat = tonumber(redis.call('HGET', C.base .. KEY.rates, scope)) or 0
    C.tats[scope] = tat
  end
  return tat
end

local function now_us()
  return C.head.now * 1000
end

local function tokens(scope, limit)
  local now = now_us()
  return math.floor((now - math.max(tat_of(scope), now)) / limit.interval) + limit.burst
end

local function room(scope, wanted)
  local limit, most = Limit.of(scope), wanted
  if limit then
    if limit.paused then return 0 end
    most = limit.most or wanted
  end
  local left = most and most - Scope.count(scope) or math.huge
  if limit and limit.interval then left = math.min(left, tokens(scope, limit)) end
  return left
end

-- How many more attempts a scope may have; `wanted` is its limit if the operator has set none. Asked many times for each
-- attempt that is granted, so known until it changes.
function Limit.room(scope, wanted)
  local left = C.rooms[scope]
  if not left then
    left = room(scope, wanted)
    C.rooms[scope] = left
  end
  return left
end

-- One of its slots is taken; its token is spent by Limit.spend.
function Limit.taken(scope)
  local left = C.rooms[scope]
  if left then C.rooms[scope] = left - 1 end
end

-- Its room is to be looked up again.
function Limit.changed(scope)
  C.rooms[scope] = nil
end

-- When a scope without tokens has one again, in whole ms.
local function refill(scope, limit)
  if tokens(scope, limit) > 0 then return nil end
  return math.ceil((tat_of(scope) - (limit.burst - 1) * limit.interval) / 1000)
end

-- When a scope that has no token has one again, or nil.
function Limit.refill_of(scope)
  local limit = Limit.of(scope)
  return limit and limit.interval and refill(scope, limit) or nil
end

local function watch(scope, limit)
  local due = limit and limit.interval and refill(scope, limit)
  if due then
    redis.call('ZADD', C.base .. KEY.refills, due, scope)
  else
    redis.call('ZREM', C.base .. KEY.refills, scope)
  end
end

local function set_tat(scope, tat)
  C.tats[scope] = tat
  Limit.changed(scope)
  redis.call('HSET', C.base .. KEY.rates, scope, tat)
end

-- Attempts of this scope begin.
function Limit.spend(scope, count)
  local limit = Limit.of(scope)
  if not limit or not limit.interval then return end
  set_tat(scope, math.max(tat_of(scope), now_us()) + count * limit.interval)
  watch(scope, limit)
end

-- Empty a scope's bucket: after a rebuild nobody knows what was taken from it.
function Limit.drain(scope)
  local limit = Limit.of(scope)
  if not limit or not limit.interval then return end
  set_tat(scope, now_us() + limit.burst * limit.interval)
  watch(scope, limit)
end

local function forget_tat(scope)
  redis.call('HDEL', C.base .. KEY.rates, scope)
  C.tats[scope] = nil
end

-- Set what holds for a scope: fields as in the hash, or nil.
function Limit.set(scope, fields)
  local hash, before = C.base .. KEY.limits, Limit.of(scope)
  C.head.shares = C.head.shares - (before and before.workers and 1 or 0) + (fields and fields[6] and 1 or 0)
  C.head.rated = C.head.rated - (before and before.interval and 1 or 0) + (fields and fields[2] and 1 or 0)
  C.allocations = {}
  Limit.changed(scope)
  if fields then
    C.head.pins = C.head.pins + redis.call('HSET', hash, scope, cmsgpack.pack(fields))
    C.limits[scope] = parse(fields)
    if not fields[2] then forget_tat(scope) end
  else
    C.head.pins = C.head.pins - redis.call('HDEL', hash, scope)
    C.limits[scope] = false
    forget_tat(scope)
  end
  watch(scope, C.limits[scope])
end

-- The scopes that have a token again; they are listed no longer.
function Limit.refilled()
  local key = C.base .. KEY.refills
  local scopes = redis.call('ZRANGEBYSCORE', key, '-inf', C.head.now, 'LIMIT', 0, REFILLS_MOST)
  Cell.many('ZREM', key, scopes)
  return scopes
end

-- When the next scope has a token again, or nil.
function Limit.next_refill()
  return tonumber(redis.call('ZRANGE', C.base .. KEY.refills, 0, 0, 'WITHSCORES')[2])
end
