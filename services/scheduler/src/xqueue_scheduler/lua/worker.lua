--[[
Worker: the offers of the live workers. Soft state: heartbeats write it, its loss costs a second.

Workers that serve the same queues and types share a profile. A worker's free slots are what it offers less the
members of its scope, 'w/' and the incarnation.

Invariant: the free index of a profile holds exactly its live workers with a free slot, by their number.

Keys:
  workers   hash    incarnation -> msgpack: see Worker.OFFER
  beats     zset    incarnation by the time of its last heartbeat, in ms
  profiles  hash    profile -> msgpack: queues ('*', a name, or a prefix and '*'), types
  free      zset    incarnations of a profile that have free slots, by their number
  lanes     zset    see lane.lua
  best      zset    see lane.lua
  claims    hash    see attempt.lua
  timers    zset    see task.lua
  scope     set     see scope.lua
]]

Worker.OFFER = { 'instance', 'inbox', 'seq', 'slots', 'profile', 'info' }
local LOOK = 16

local function parse(incarnation, value)
  local fields, offer = cmsgpack.unpack(value), { incarnation = incarnation }
  for i, name in ipairs(Worker.OFFER) do offer[name] = fields[i] end
  return offer
end

function Worker.load(incarnation)
  local offer = C.workers[incarnation]
  if offer == nil then
    local value = redis.call('HGET', C.base .. KEY.workers, incarnation)
    offer = value and parse(incarnation, value)
    C.workers[incarnation] = offer
  end
  return offer
end

function Worker.save(offer)
  local fields = {}
  for i, name in ipairs(Worker.OFFER) do fields[i] = offer[name] end
  redis.call('HSET', C.base .. KEY.workers, offer.incarnation, cmsgpack.pack(fields))
  C.workers[offer.incarnation] = offer
end

-- This worker's free slots have changed.
function Worker.touch(incarnation)
  C.touched[incarnation] = true
end

-- Bring the free index up to date.
function Worker.settle()
  for incarnation in pairs(C.touched) do
    local offer = Worker.load(incarnation)
    if offer then
      local free = offer.slots - Scope.count('w/' .. incarnation)
      local key = Cell.key(KEY.free, offer.profile)
      if free > 0 then
        redis.call('ZADD', key, free, incarnation)
      else
        redis.call('ZREM', key, incarnation)
      end
    end
  end
  C.touched = {}
end

-- The profiles of all workers: { name, queues, types }.
function Worker.profiles()
  if not C.profiles then
    C.profiles = {}
    local all = redis.call('HGETALL', C.base .. KEY.profiles)
    for i = 1, #all, 2 do
      local fields = cmsgpack.unpack(all[i + 1])
      local types = {}
      for _, type in ipairs(fields[2]) do types[type] = true end
      C.profiles[#C.profiles + 1] = { name = all[i], queues = fields[1], types = types, lanes = {} }
    end
  end
  return C.profiles
end

local function matches(pattern, queue)
  if pattern:sub(-1) == '*' then return queue:sub(1, #pattern - 1) == pattern:sub(1, -2) end
  return pattern == queue
end

local function serves(profile, lane)
  local queue, type = lane:match('^([^/]*)/(.*)$')
  if not profile.types[type] then return false end
  for _, pattern in ipairs(profile.queues) do
    if matches(pattern, queue) then return true end
  end
  return false
end

function Worker.serves(profile, lane)
  local known = profile.lanes[lane]
  if known == nil then
    known = serves(profile, lane)
    profile.lanes[lane] = known
  end
  return known
end

local function any_free(workers)
  for _, worker in ipairs(workers) do
    if worker.free > 0 then return true end
  end
  return false
end

local function look(profile)
  local found = redis.call('ZREVRANGE', Cell.key(KEY.free, profile.name), 0, LOOK - 1, 'WITHSCORES')
  local workers = {}
  for i = 1, #found, 2 do
    workers[#workers + 1] = { incarnation = found[i], free = tonumber(found[i + 1]) }
  end
  return workers
end

-- Workers of a profile with free slots, the emptiest ones: { incarnation, free }; who grants one counts it down.
function Worker.emptiest(profile)
  if not profile.workers then
    profile.workers = look(profile)
  elseif #profile.workers > 0 and not any_free(profile.workers) then
    Worker.settle()
    profile.workers = look(profile)  -- more than those that were looked at may have slots
  end
  return profile.workers
end

local function populate(profile)
  local lanes = redis.call('ZRANGE', C.base .. KEY.lanes, 0, -1, 'WITHSCORES')
  for i = 1, #lanes, 2 do
    if Worker.serves(profile, lanes[i]) then
      redis.call('ZADD', Cell.key(KEY.best, profile.name), lanes[i + 1], lanes[i])
    end
  end
end

-- Make a profile known, with the lanes that it serves.
function Worker.learn(name, queues, types)
  if redis.call('HSETNX', C.base .. KEY.profiles, name, cmsgpack.pack({ queues, types })) == 0 then return end
  C.profiles = nil
  for _, profile in ipairs(Worker.profiles()) do
    if profile.name == name then populate(profile) end
  end
end

local function forget_profile(name)
  redis.call('HDEL', C.base .. KEY.profiles, name)
  redis.call('DEL', Cell.key(KEY.best, name), Cell.key(KEY.free, name))
  C.profiles = nil
end

local function in_use(name)
  for _, value in ipairs(redis.call('HVALS', C.base .. KEY.workers)) do
    if parse('', value).profile == name then return true end
  end
  return false
end

-- A worker is gone or says goodbye: nothing more is sent to it. What it still runs is a matter of its leases.
function Worker.forget(incarnation)
  local offer = Worker.load(incarnation)
  redis.call('ZREM', C.base .. KEY.beats, incarnation)
  if not offer then return end
  redis.call('HDEL', C.base .. KEY.workers, incarnation)
  redis.call('ZREM', Cell.key(KEY.free, offer.profile), incarnation)
  C.workers[incarnation] = false
  if not in_use(offer.profile) then forget_profile(offer.profile) end
end

-- What this worker was sent and has not claimed will hardly be: its timers are due now, and not at the end of the
-- claim window. Should it claim after all, the claim sets the timer anew.
local function hurry(incarnation)
  for _, attempt in ipairs(redis.call('SMEMBERS', Cell.key(KEY.scope, 'w/' .. incarnation))) do
    local id = attempt:sub(1, ID_SIZE)
    if redis.call('HEXISTS', C.base .. KEY.claims, id) == 0 then
      redis.call('ZADD', C.base .. KEY.timers, 'XX', 'LT', C.head.now, id)
    end
  end
end

-- Forget workers that have not been heard of.
function Worker.sweep()
  local silent = redis.call('ZRANGEBYSCORE', C.base .. KEY.beats, '-inf', C.head.now - C.head.stale, 'LIMIT', 0, 16)
  for _, incarnation in ipairs(silent) do
    Worker.forget(incarnation)
    hurry(incarnation)
  end
end
