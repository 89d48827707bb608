--[[
Lane: what waits for one kind of worker: a queue, a type and a resource class ('queue/type/class'); at one priority it
is a level ('queue/type/class/rank'). A rank is a priority, or, in a queue whose tasks age, 'k@ms': such a level has the
priority k + floor(now / ms), so all that wait there rise together and nothing need be moved.

At a level each group has a queue of its tasks; the turns of a tenant hold its groups that have room, by tag; the
ready index holds the tenants that have room and a group in their turns, by tag; the best index of a profile (see
worker.lua) holds the ready levels of one rank that its workers serve, by their first tag; its tops are the ranks of
which there is a best index. What is blocked stands in none.

What changes is marked, and settled before anything is granted and at the end of a call.

Costs: O(log tasks + log groups) to enter or leave; a scope that fills or empties costs its own levels.

Keys:
  queue     zset    waiting task ids of one group at one level, by place
  turns     zset    groups of one tenant that may run at one level, by tag
  ready     zset    tenants that may run at one level, by tag
  best      zset    levels of one rank that a profile serves and that may run, by a tag not above their first
  tops      zset    ranks of a profile's best indexes, highest first
  levels    hash    level -> number of tasks that wait there
]]

local HIGHEST = 255

-- The priority of a rank now.
function Lane.priority(rank)
  local k, ms = rank:match('^(-?%d+)@(%d+)$')
  if not k then return tonumber(rank) end
  return math.max(0, math.min(HIGHEST, tonumber(k) + math.floor(C.head.now / tonumber(ms))))
end

-- The rank of what begins to wait now with this priority; `ms`: it rises by one after each such span. Nil: the priority.
function Lane.aging_rank(priority, ms)
  if not ms then return nil end
  return string.format('%d@%d', priority - math.floor(C.head.now / ms), ms)
end

-- The rank of what has this priority more.
function Lane.raise(rank, by)
  local k, ms = rank:match('^(-?%d+)@(%d+)$')
  return string.format('%d@%d', tonumber(k) + by, ms)
end

local function parse(name)
  local queue, type, class, rank = name:match('^([^/]*)/([^/]*)/([^/]*)/([^/]+)$')
  local slots, mb, model = class:match('^(%d+)%.(%d+)%.?(.*)$')
  return {
    name = name, queue = 'q/' .. queue, type = 't/' .. type, lane = queue .. '/' .. type, rank = rank, priority = Lane.priority(rank),
    class = class, slots = tonumber(slots) or 1, mb = tonumber(mb) or 0,
    model = model ~= '' and model or nil,
  }
end

function Lane.load(name)
  local level = C.levels[name]
  if not level then
    level = parse(name)
    C.levels[name] = level
  end
  return level
end

-- The resource class of a task: slots, MB of GPU memory and the model that it wants.
local function class_of(resources, model)
  local slots, mb = resources and resources.slots or 1, resources and resources.gpu_memory_mb or 0
  if slots == 1 and mb == 0 and not model then return '' end
  return string.format('%d.%d', slots, mb) .. (model and '.' .. Model.escape(model) or '')
end

-- The lane of a task.
function Lane.of(spec)
  return spec[P.queue] .. '/' .. spec[P.type] .. '/' .. class_of(spec[P.resources], spec[P.model])
end

function Lane.group_of(spec)
  return spec[P.tenant] .. '/' .. (spec[P.concurrency_key] or '')
end

-- How many more attempts a level may have.
function Lane.room(level)
  return math.min(Limit.room(level.queue), Limit.room(level.type))
end

function Lane.queue_key(level, group)
  return C.base .. KEY.queue .. level .. ':' .. group
end

function Lane.turns_key(level, tenant)
  return C.base .. KEY.turns .. level .. ':' .. tenant
end

function Lane.ready_key(level)
  return C.base .. KEY.ready .. level
end

function Lane.best_key(profile, rank)
  return C.base .. KEY.best .. profile .. ':' .. rank
end

-- Something at this level has changed: a group of a tenant, only the tenant, or (without both) the level itself.
function Lane.mark(level, tenant, group)
  local mark = C.marks[level]
  if not mark then
    mark = { tenants = {}, groups = {} }
    C.marks[level] = mark
  end
  if tenant then mark.tenants[tenant.name] = true end
  if group then mark.groups[group.name] = true end
end

local function count(level, by)
  C.waiting[level] = (C.waiting[level] or 0) + by
end

function Lane.enqueue(task)
  local level, group, place = Task.level(task), Task.group(task), Policy.place(task.state)
  redis.call('ZADD', Lane.queue_key(level, group.name), place, task.id)
  count(level, 1)
  Group.wait(group, 1)
  if group.levels[level] == nil then
    Group.enter(group, level)
    Lane.mark(level, group.tenant, group)
  elseif place < 0 or Policy.follows then
    Lane.mark(level, group.tenant, group)
  end
end

function Lane.withdraw(task)
  local level, group = Task.level(task), Task.group(task)
  redis.call('ZREM', Lane.queue_key(level, group.name), task.id)
  count(level, -1)
  Group.wait(group, -1)
  Lane.mark(level, group.tenant, group)
end

-- How many tasks of its group and lane come before a waiting task.
function Lane.rank(task)
  local group, mine = Task.group(task), Lane.load(Task.level(task))
  local rank = redis.call('ZRANK', Lane.queue_key(mine.name, group.name), task.id)
  for name in pairs(group.levels) do
    local level = Lane.load(name)
    if rank and level.lane == mine.lane and level.class == mine.class and level.priority > mine.priority then
      rank = rank + redis.call('ZCARD', Lane.queue_key(name, group.name))
    end
  end
  return rank
end

-- Where a flow stands in an index: by its first task if that was put first by a reorder, or its policy says so.
local function stand(flow, lift, first)
  if first < 0 or Policy.follows then return first end
  return Policy.stand(flow, lift)
end

-- Where a group stands in the turns of its tenant from now on, nil if it does not; `first` is the place of its first
-- task, nil if there is none.
local function place_group(level, group, first)
  local lift = group.levels[level]
  if not first or Group.room(group) <= 0 then
    if lift ~= nil then Group.place(group, level, false) end
    if not first and lift ~= nil then Group.leave(group, level) end
    return nil
  end
  if not lift then
    Tenant.wake(group.tenant, level)
    lift = Policy.lift(group, Tenant.clock(group.tenant, level))
    Group.place(group, level, lift)
  end
  return stand(group, lift, first)
end

-- Put a group where it belongs; one that leaves its turns is only noted.
local function settle_group(level, name, leaving)
  local group = Group.load(name)
  local first = tonumber(redis.call('ZRANGE', Lane.queue_key(level, name), 0, 0, 'WITHSCORES')[2])
  if first and Group.room(group) > 0 then
    redis.call('ZADD', Lane.turns_key(level, group.tenant.name), place_group(level, group, first), name)
  else
    leaving[#leaving + 1] = { level, group, first }
  end
end

local function leave_turns(level, group, first)
  redis.call('ZREM', Lane.turns_key(level, group.tenant.name), group.name)
  place_group(level, group, first)
end

-- Tasks of a group are taken from the front of its queue; `first` is the place of what is then its first, or nil. Returns
-- where it stands in the turns from now on, nil if it does not; to write that and the queue (front.lua), and to mark the
-- tenant, is up to the caller.
function Lane.taken(level, group, taken, first)
  count(level, -taken)
  Group.wait(group, -taken)
  local tag = place_group(level, group, first)
  if Group.room(group) <= 0 then Group.reindex(group) end
  return tag
end

-- Put a tenant where it belongs; one that is not ready any more is only noted.
local function settle_tenant(level, name, leaving)
  local tenant = Tenant.load(name)
  local at = tenant.levels[level]
  local first = at and tonumber(redis.call('ZRANGE', Lane.turns_key(level, name), 0, 0, 'WITHSCORES')[2])
  if not first or Tenant.room(tenant) <= 0 then
    leaving[#leaving + 1] = { level, tenant }
    return
  end
  if not at.lift then
    Clock.start(level)
    at.lift, tenant.changed = Policy.lift(tenant, Clock.of(level)), true
  end
  redis.call('ZADD', Lane.ready_key(level), stand(tenant, at.lift, first), name)
end

local function leave_ready(level, tenant)
  local ready, at = Lane.ready_key(level), tenant.levels[level]
  redis.call('ZREM', ready, tenant.name)
  if at and at.lift then at.lift, tenant.changed = false, true end
  if redis.call('EXISTS', ready) == 0 then Clock.rest(level) end
end

local function put_best(profile, level, first)
  local key = Lane.best_key(profile.name, level.rank)
  if first then
    redis.call('ZADD', key, first, level.name)
    redis.call('ZADD', C.base .. KEY.tops .. profile.name, -tonumber(level.rank:match('^-?%d+')), level.rank)
  elseif redis.call('ZREM', key, level.name) == 1 and redis.call('EXISTS', key) == 0 then
    redis.call('ZREM', C.base .. KEY.tops .. profile.name, level.rank)
  end
end

local function settle_level(name)
  local level = Lane.load(name)
  local first = tonumber(redis.call('ZRANGE', Lane.ready_key(name), 0, 0, 'WITHSCORES')[2])
  if first and Lane.room(level) <= 0 then first = nil end
  if not first then Model.forget(level) end
  for _, profile in ipairs(Worker.profiles()) do
    if Worker.serves(profile, level) then put_best(profile, level, first) end
  end
end

-- Bring all that was marked up to date: what enters comes first and what leaves then, so that a clock does not rest in
-- between, and nothing hangs on the order of a Lua table.
function Lane.settle()
  local marks, groups, tenants = C.marks, {}, {}
  C.marks, C.settles = {}, C.settles + 1
  for level, mark in pairs(marks) do
    for name in pairs(mark.groups) do settle_group(level, name, groups) end
  end
  for _, gone in ipairs(groups) do leave_turns(gone[1], gone[2], gone[3]) end
  for level, mark in pairs(marks) do
    for name in pairs(mark.tenants) do settle_tenant(level, name, tenants) end
  end
  for _, gone in ipairs(tenants) do leave_ready(gone[1], gone[2]) end
  for level in pairs(marks) do settle_level(level) end
end

-- The names of all levels where tasks wait, this call's counted in.
function Lane.names()
  local counts, names, all = {}, {}, redis.call('HGETALL', C.base .. KEY.levels)
  for i = 1, #all, 2 do counts[all[i]] = tonumber(all[i + 1]) end
  for name, by in pairs(C.waiting) do counts[name] = (counts[name] or 0) + by end
  for name, count in pairs(counts) do
    if count > 0 then names[name] = true end
  end
  return names
end

-- The room of a scope has changed: whatever waits for it is put where it belongs now.
function Lane.reindex(scope)
  local kind, flow = scope:sub(1, 2), scope:sub(3)
  if kind == 'k/' then return Group.reindex(Group.load(flow)) end
  if kind == 'n/' then return Tenant.reindex(Tenant.load(flow)) end
  for name in pairs(Lane.names()) do
    local level = Lane.load(name)
    if level.queue == scope or level.type == scope then Lane.mark(name) end
  end
end

-- The levels that may run and that this profile serves, put into its best indexes.
function Lane.populate(profile)
  for name in pairs(Lane.names()) do
    local level = Lane.load(name)
    if Worker.serves(profile, level) then settle_level(name) end
  end
end

-- Write how many tasks wait at the levels that changed.
function Lane.save_all()
  local key = C.base .. KEY.levels
  for name, by in pairs(C.waiting) do
    if by ~= 0 and redis.call('HINCRBY', key, name, by) == 0 then redis.call('HDEL', key, name) end
  end
  C.waiting = {}
end
