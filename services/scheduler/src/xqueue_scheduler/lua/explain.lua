--[[
Explain: why a task waits, and what stands before it. Asked by people, so it may cost more than a call would like.

xq_explain      ARGV 1 task id
                returns { next command offset or -1, row of the task as msgpack or '', explanation as msgpack or '' };
                the explanation of a pending task is the array of xqueue_common/explain.py (Explained)
xq_allocations  returns { queue, incarnation, slots, queue, incarnation, slots, … }: the share of each queue that has one

Keys:
  levels    hash    see lane.lua
  limits    hash    see limit.lua
]]
local HOLDERS = 10

local function holders(scope)
  local ids = {}
  for member in pairs(Scope.members(scope)) do
    if #ids < HOLDERS then ids[#ids + 1] = member:sub(1, ID_SIZE) end
  end
  return ids
end

-- { scope, limit or nil, in use, paused, when it has a token again or nil, ids of some who hold it }
local function scope_row(scope, wanted)
  local limit = Limit.of(scope) or {}
  local full = Limit.room(scope, wanted) <= 0
  return '\150' .. cmsgpack.pack(scope, limit.most or wanted, Scope.count(scope), limit.paused or false,
    Limit.refill_of(scope), full and holders(scope) or {})
end

-- How many live workers serve a level, how many of those could ever take a task of it, how many could now.
local function workers(level)
  local serve, fit, free = 0, 0, 0
  for _, profile in ipairs(Worker.profiles()) do
    if Worker.serves(profile, level) then
      local found = Worker.capacity(profile, level)
      serve, fit, free = serve + found.serve, fit + found.fit, free + found.free
    end
  end
  return serve, fit, free
end

-- How many tasks wait in the lanes of this queue and type at a higher priority.
local function above(level)
  local count, all = 0, redis.call('HGETALL', C.base .. KEY.levels)
  for i = 1, #all, 2 do
    local other = Lane.load(all[i])
    if other.lane == level.lane and other.priority > level.priority then count = count + tonumber(all[i + 1]) end
  end
  return count
end

local function explanation(task)
  local level, group = Lane.load(Task.level(task)), Task.group(task)
  local serve, fit, free = workers(level)
  local rows = { scope_row(level.queue), scope_row(level.type), scope_row(group.tenant.scope),
    scope_row(group.scope, group.wanted) }
  return '\154' .. cmsgpack.pack(level.name) .. '\148' .. table.concat(rows)
    .. cmsgpack.pack(serve, fit, free, Lane.rank(task) or 0, above(level), group.tenant.levels[level.name].groups,
      redis.call('ZCARD', Lane.ready_key(level.name)), Model.due(level))
end

redis.register_function{ function_name = 'xq_explain', flags = { 'no-writes' }, callback = function(keys, args)
  local id = args[1]
  Cell.open(keys[1])
  if Cell.resting() then return { -1, '', '' } end
  C.head.now = Cell.guess()
  local task = Task.load(id)
  if not task then return { C.head.cmd, '', '' } end
  local pending = task.state[S.status] == 'pending'
  return { C.head.cmd, Task.row(task), pending and explanation(task) or '' }
end }

redis.register_function{ function_name = 'xq_allocations', flags = { 'no-writes' }, callback = function(keys, _)
  Cell.open(keys[1])
  local flat = {}
  if Cell.resting() then return flat end
  for _, scope in ipairs(redis.call('HKEYS', C.base .. KEY.limits)) do
    for incarnation, slots in pairs(Allocation.of(scope) or {}) do
      for _, field in ipairs({ scope:sub(3), incarnation, slots }) do flat[#flat + 1] = field end
    end
  end
  return flat
end }
