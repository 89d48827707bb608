--[[
Worker: the offers of the live workers. Soft state: heartbeats write it, its loss costs a second.

Workers that serve the same queues and types share a profile. A worker's free slots are what it offers less the
members of its scope 'w/', and less what those of its scope 'x/' take beyond one slot; GPU memory likewise.

Invariant: the free index of a profile holds exactly its live workers with a free slot, by their number.

Keys:
  workers   hash    incarnation -> msgpack: see Worker.OFFER
  beats     zset    incarnation by the time of its last heartbeat, in ms
  profiles  hash    profile -> msgpack: queues ('*', a name, or a prefix and '*'), types
  free      zset    incarnations of a profile that have free slots, by their number
  tops      zset    see lane.lua
  claims    hash    see attempt.lua
  timers    zset    see task.lua
  scope     set     see scope.lua
]]

Worker.OFFER = { 'instance', 'inbox', 'seq', 'slots', 'profile', 'info', 'mb', 'room', 'models' }
local LOOK = 32

local function parse(incarnation, value)
  local fields, offer = cmsgpack.unpack(value), { incarnation = incarnation }
  for i, name in ipairs(Worker.OFFER) do offer[name] = fields[i] end
  offer.room, offer.models = offer.room or 0, offer.models or {}
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

-- What the attempts of a worker take beyond one slot each: slots, MB of GPU memory.
local function extra(incarnation)
  local scope, slots, mb = 'x/' .. incarnation, 0, 0
  if Scope.count(scope) == 0 then return 0, 0 end
  for member in pairs(Scope.members(scope)) do
    local more, memory = member:match(':(%d+):(%d+)$')
    slots, mb = slots + tonumber(more), mb + tonumber(memory)
  end
  return slots, mb
end

local function free_of(offer)
  local slots, mb = extra(offer.incarnation)
  return offer.slots - Scope.count('w/' .. offer.incarnation) - slots, offer.mb - mb
end

-- Bring the free index up to date.
function Worker.settle()
  for incarnation in pairs(C.touched) do
    local offer = Worker.load(incarnation)
    if offer then
      local free = free_of(offer)
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

local function serves_queue(profile, queue)
  for _, pattern in ipairs(profile.queues) do
    if matches(pattern, queue) then return true end
  end
  return false
end

local function serves(profile, lane)
  local queue, type = lane:match('^([^/]*)/(.*)$')
  return profile.types[type] and serves_queue(profile, queue) or false
end

function Worker.serves(profile, level)
  local known = profile.lanes[level.lane]
  if known == nil then
    known = serves(profile, level.lane)
    profile.lanes[level.lane] = known
  end
  return known
end

local function add(profile, offer)
  local free, mb = free_of(offer)
  local worker = { incarnation = offer.incarnation, inbox = offer.inbox, free = free, mb = mb, offer = offer }
  profile.workers[#profile.workers + 1], profile.seen[offer.incarnation] = worker, true
end

-- The workers of a profile with free slots, the emptiest ones; those beyond have no more than `rest` free.
local function look(profile)
  local found = redis.call('ZREVRANGE', Cell.key(KEY.free, profile.name), 0, LOOK, 'WITHSCORES')
  profile.workers, profile.seen, profile.models, profile.rest = {}, {}, {}, tonumber(found[2 * LOOK + 2]) or 0
  for i = 1, math.min(#found, 2 * LOOK), 2 do add(profile, Worker.load(found[i])) end
end

-- Those that hold this model are looked at however many are emptier.
local function look_for(profile, model)
  if profile.rest == 0 or not model or profile.models[model] then return end
  profile.models[model] = true
  for _, incarnation in ipairs(Model.holders(model)) do
    local offer = not profile.seen[incarnation] and Worker.load(incarnation)
    if offer and offer.profile == profile.name then add(profile, offer) end
  end
end

local function emptier(a, b)
  return a.free > b.free or (a.free == b.free and Cell.less(b.incarnation, a.incarnation))
end

local function class_of(worker, level)
  return C.head.shares > 0 and Allocation.class(level.queue, worker.incarnation) or Allocation.FREE
end

-- How good a worker is for a level, less is better, worked out once for all that compare it.
local function judge(worker, level)
  worker.class, worker.heat = class_of(worker, level), Model.heat(worker.offer, level)
  return worker
end

local function better(a, b)
  if not b then return true end
  if a.class ~= b.class then return a.class < b.class end
  if a.heat ~= b.heat then return a.heat < b.heat end
  return emptier(a, b)
end

local function best_of(profile, level)
  local best
  look_for(profile, level.model)
  for _, worker in ipairs(profile.workers) do
    if worker.free >= level.slots and worker.mb >= level.mb and better(judge(worker, level), best) then
      best = worker
    end
  end
  return best
end

-- Whether a worker that was not looked at might be better.
local function beyond(profile, best, level)
  if profile.rest == 0 or (best and level.model and best.heat == Model.HELD) then return false end
  return not best or best.free < profile.rest
end

-- The best worker of one profile.
local function pick_of(profile, level)
  if not profile.workers then look(profile) end
  local best = best_of(profile, level)
  if beyond(profile, best, level) then
    Worker.settle()
    look(profile)
    best = best_of(profile, level)
  end
  return best
end

-- The worker for a task of this level, or nil: one where the queue has slots of its own, else one that holds its model,
-- else the emptiest; and whose slot and turn that would be (Model.code).
function Worker.pick(level)
  if C.picked_for == level then return C.picked, C.picked_code end
  local best
  for _, profile in ipairs(Worker.profiles()) do
    local found = Worker.serves(profile, level) and pick_of(profile, level)
    if found and better(found, best) then best = found end
  end
  C.picked_for, C.picked = level, best
  C.picked_code = best and Model.code(best.class, Model.turn(level, best.heat))
  return best, C.picked_code
end

-- Whose slot a task of this level would get now and when its turn is (Model.code), or nil.
function Worker.fit(level)
  local _, code = Worker.pick(level)
  return code
end

-- Of the workers of a profile: how many there are, could ever take a task of this level, could take one now.
function Worker.capacity(profile, level)
  local found = { serve = 0, fit = 0, free = 0 }
  for _, incarnation in ipairs(redis.call('HKEYS', C.base .. KEY.workers)) do
    local offer = Worker.load(incarnation)
    if offer.profile == profile.name then
      local free, mb = free_of(offer)
      found.serve = found.serve + 1
      if offer.slots >= level.slots and offer.mb >= level.mb then found.fit = found.fit + 1 end
      if free >= level.slots and mb >= level.mb then found.free = found.free + 1 end
    end
  end
  return found
end

-- The live workers that serve a queue: { name, capacity } in order of their names.
function Worker.serving(queue)
  local found = {}
  for _, incarnation in ipairs(redis.call('HKEYS', C.base .. KEY.workers)) do
    local offer = Worker.load(incarnation)
    for _, profile in ipairs(Worker.profiles()) do
      if profile.name == offer.profile and serves_queue(profile, queue) then
        found[#found + 1] = { name = incarnation, capacity = offer.slots }
      end
    end
  end
  table.sort(found, function(a, b) return Cell.less(a.name, b.name) end)
  return found
end

local function has_free(profile)
  if not profile.workers then look(profile) end
  for _, worker in ipairs(profile.workers) do
    if worker.free > 0 then return true end
  end
  return profile.rest > 0
end

-- Whether any worker has a free slot.
function Worker.any_free()
  for _, profile in ipairs(Worker.profiles()) do
    if has_free(profile) then return true end
  end
  return false
end

-- An attempt of this level goes to a worker.
function Worker.give(worker, level)
  C.picked_for = nil
  worker.free, worker.mb = worker.free - level.slots, worker.mb - level.mb
  Allocation.give(level.queue, worker.incarnation)
  Model.give(worker.offer, level)
end

-- Make a profile known, with the lanes that it serves.
function Worker.learn(name, queues, types)
  if redis.call('HSETNX', C.base .. KEY.profiles, name, cmsgpack.pack({ queues, types })) == 0 then return end
  C.profiles = nil
  for _, profile in ipairs(Worker.profiles()) do
    if profile.name == name then Lane.populate(profile) end
  end
end

local function forget_profile(name)
  redis.call('HDEL', C.base .. KEY.profiles, name)
  for _, rank in ipairs(redis.call('ZRANGE', Cell.key(KEY.tops, name), 0, -1)) do
    redis.call('DEL', Lane.best_key(name, rank))
  end
  redis.call('DEL', Cell.key(KEY.tops, name), Cell.key(KEY.free, name))
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
  Model.note(incarnation, nil, offer.models)
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
