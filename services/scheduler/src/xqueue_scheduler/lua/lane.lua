--[[
Lane: what waits for one kind of worker: a queue and a type ('queue/type').

Within a lane each group has a queue, ordered by priority and then by order of submission; the ready index holds
the groups that have room, by the score of their first task; the best index of a profile (see worker.lua) holds
the lanes that its workers serve, by the score of their first ready group. A lane that nobody serves stands in no
best index and blocks nobody.

Costs: O(log tasks + log groups + profiles) to enter or leave; nothing depends on what is blocked.

Keys:
  queue     zset    waiting task ids of one group in one lane, by score
  ready     zset    groups of a lane that have waiting tasks and room, by the score of their first
  lanes     zset    lanes with a ready group, by the score of their first
  best      zset    the same, of those that a profile serves
]]
local PRIORITY_STEP = 2 ^ 44

-- Smaller is earlier: higher priority first, then order of submission.
local function score(state)
  return (255 - state[S.priority]) * PRIORITY_STEP + state[S.order]
end

function Lane.of(spec)
  return spec[P.queue] .. '/' .. spec[P.type]
end

function Lane.group_of(spec)
  return spec[P.tenant] .. '/' .. (spec[P.concurrency_key] or '')
end

local function queue_key(lane, group)
  return C.base .. KEY.queue .. lane .. ':' .. group.name
end

local function set_ready(lane, group, first)
  if first and Group.room(group) > 0 then
    redis.call('ZADD', C.base .. KEY.ready .. lane, first, group.name)
  else
    redis.call('ZREM', C.base .. KEY.ready .. lane, group.name)
  end
  C.lanes[lane] = true
end

-- A group of this lane is at its limit.
function Lane.block(lane, group)
  redis.call('ZREM', C.base .. KEY.ready .. lane, group.name)
  C.lanes[lane] = true
end

-- Bring one group's place in this lane's ready index up to date.
function Lane.index(lane, group)
  local first = redis.call('ZRANGE', queue_key(lane, group), 0, 0, 'WITHSCORES')[2]
  if not first then Group.leave(group, lane) end
  set_ready(lane, group, first)
end

function Lane.enqueue(task)
  local lane, group, at = Task.lane(task), Task.group(task), score(task.state)
  redis.call('ZADD', queue_key(lane, group), at, task.id)
  Group.enter(group, lane)
  if Group.room(group) > 0 then
    redis.call('ZADD', C.base .. KEY.ready .. lane, 'LT', at, group.name)
    C.lanes[lane] = true
  end
end

function Lane.withdraw(task)
  local lane, group = Task.lane(task), Task.group(task)
  redis.call('ZREM', queue_key(lane, group), task.id)
  Lane.index(lane, group)
end

-- The place of a waiting task within its group, from 0.
function Lane.rank(task)
  return redis.call('ZRANK', queue_key(Task.lane(task), Task.group(task)), task.id)
end

-- Up to `most` of the first ready groups of a lane: { { group name, score of its first task } … }.
function Lane.ready(lane, most)
  local found, list = redis.call('ZRANGE', C.base .. KEY.ready .. lane, 0, most - 1, 'WITHSCORES'), {}
  for i = 1, #found, 2 do list[#list + 1] = { found[i], tonumber(found[i + 1]) } end
  return list
end

-- Up to `most` of the first tasks of a group in a lane: { id, score, id, score … }.
function Lane.waiting(lane, group, most)
  return redis.call('ZRANGE', queue_key(lane, group), 0, most - 1, 'WITHSCORES')
end

-- The first `count` tasks of a group have been taken; `first` is the score of the next one, nil if there is none.
function Lane.taken(lane, group, count, first)
  redis.call('ZREMRANGEBYRANK', queue_key(lane, group), 0, count - 1)
  if not first then Group.leave(group, lane) end
  set_ready(lane, group, first)
end

local function set_first(key, first, lane)
  if first then
    redis.call('ZADD', key, first, lane)
  else
    redis.call('ZREM', key, lane)
  end
end

-- Bring the lanes that changed in this call up to date in the best indexes.
function Lane.settle()
  for lane in pairs(C.lanes) do
    local first = redis.call('ZRANGE', C.base .. KEY.ready .. lane, 0, 0, 'WITHSCORES')[2]
    set_first(C.base .. KEY.lanes, first, lane)
    for _, profile in ipairs(Worker.profiles()) do
      if Worker.serves(profile, lane) then set_first(C.base .. KEY.best .. profile.name, first, lane) end
    end
  end
  C.lanes = {}
end
