--[[
Clock: the virtual time of the tenants' share at each level. (That of a tenant's groups stands in its record.)

A clock goes while a tenant is ready at its level, and rests else. One that goes on after a rest is set to where the
slowest of the others stands, if that is further.

Keys:
  clocks    zset    levels whose clock goes, by its time
  rests     hash    level -> the time at which its clock rests
]]

local function read(level)
  local now = tonumber(redis.call('ZSCORE', C.base .. KEY.clocks, level))
  if now then return { now = now, goes = true } end
  return { now = tonumber(redis.call('HGET', C.base .. KEY.rests, level)) or 0, goes = false }
end

-- The clock of a level; its `total` is right now.
function Clock.of(level)
  local clock = C.clocks[level]
  if not clock then
    clock = read(level)
    C.clocks[level] = clock
  end
  clock.total = C.head.vw
  return clock
end

-- Whether a clock goes that did not begin to just now: those that go on together do not look at one another.
local function went(clock)
  return clock.goes and clock.since ~= C.settles
end

-- The time of the slowest clock that goes, or nil.
function Clock.least(counts)
  counts = counts or went
  local least
  local found = redis.call('ZRANGE', C.base .. KEY.clocks, 0, -1, 'WITHSCORES')
  for i = 1, #found, 2 do
    if not C.clocks[found[i]] then
      least = tonumber(found[i + 1])
      break
    end
  end
  for _, clock in pairs(C.clocks) do
    if counts(clock) and (not least or clock.now < least) then least = clock.now end
  end
  return least
end

function Clock.goes(clock)
  return clock.goes
end

-- A tenant becomes ready at a level where none was.
function Clock.start(level)
  local clock = Clock.of(level)
  if clock.goes then return end
  clock.now = Policy.restart(clock.now, Clock.least(), C.head.vt)
  clock.goes, clock.changed, clock.since = true, true, C.settles
end

-- No tenant is ready at a level any more.
function Clock.rest(level)
  local clock = Clock.of(level)
  if clock.goes then clock.goes, clock.changed = false, true end
end

function Clock.charged(clock)
  clock.changed = true
  C.head.vt = math.max(C.head.vt, clock.now)
end

local function save(level, clock)
  if clock.goes then
    redis.call('ZADD', C.base .. KEY.clocks, clock.now, level)
    redis.call('HDEL', C.base .. KEY.rests, level)
  else
    redis.call('ZREM', C.base .. KEY.clocks, level)
    redis.call('HSET', C.base .. KEY.rests, level, clock.now)
  end
end

-- Write what has changed; when no tenant has open tasks, all is forgotten.
function Clock.save_all()
  if C.head.tenants == 0 then
    redis.call('DEL', C.base .. KEY.clocks, C.base .. KEY.rests)
    C.head.vt = 0
    return
  end
  for level, clock in pairs(C.clocks) do
    if clock.changed then save(level, clock) end
  end
end
