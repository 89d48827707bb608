--[[
Depend: tasks that wait for others to end.

A task that waits is scheduled without a time; its state lists the open tasks that it waits for, so a rebuild knows
them. When one of those ends, each task that waits for it is told, a part in each call if they are many. An ended
task is kept as long as open tasks depend on it: they may read its result.

Keys:
  kids      set     open tasks that depend on a task
  waiters   set     those of them that have not been told that it has ended
  fallen    zset    ended tasks of which waiters are left, by the call that ended them; after a rebuild also others
  task      string  see task.lua
]]
local PARENTS_BYTES = 400000
local BROKEN = '{"kind":"dependency_failed","message":"task %s, on which it depends, %s","retryable":false}'

local function kids(id)
  return Cell.key(KEY.kids, id)
end

local function waiters(id)
  return Cell.key(KEY.waiters, id)
end

-- Whether open tasks depend on this one.
function Depend.has_kids(id)
  return C.head.deps > 0 and redis.call('EXISTS', kids(id)) == 1
end

local function each(list)
  return (list or ''):gmatch('[^\n]+')
end

-- End a task because one that it depends on has not succeeded.
local function break_off(task, id, how)
  task.state[S.error] = string.format(BROKEN, id, how)
  Attempt.finish(task, 'canceled', 'dependency_failed')
end

-- Keep an ended task: its record must be found again by a rebuild.
local function keep(id)
  local parent = Task.load(id)
  if not parent or not Task.ended(parent.state[S.status]) or Depend.has_kids(id) then return end
  Rolling.again(id)
  Task.restore(parent)
end

local function join(task, ids)
  for _, id in ipairs(ids) do
    keep(id)
    redis.call('SADD', kids(id), task.id)
  end
  C.head.deps = C.head.deps + 1
end

-- What is to be done about one that a new task depends on: 'wait', 'go' or why not.
local function judge(status, runs)
  if not status then return 'is not known' end
  if not Task.ended(status) then return 'wait' end
  if status == 'success' or runs then return 'go' end
  return 'ended as ' .. status
end

-- A task is submitted that depends on others: { ids }, whether it runs if they fail, { id = status } of those that
-- had ended before. Returns whether it need not wait.
function Depend.begin(task, ids, runs, facts)
  local open = {}
  join(task, ids)
  for _, id in ipairs(ids) do
    local parent = Task.load(id)
    local what = judge(parent and parent.state[S.status] or facts[id], runs)
    if what == 'wait' then
      open[#open + 1] = id
    elseif what ~= 'go' then
      break_off(task, id, what)
      return false
    end
  end
  if #open == 0 then return true end
  for _, id in ipairs(open) do redis.call('SADD', waiters(id), task.id) end
  task.state[S.waits_for] = table.concat(open, '\n')
  Attempt.schedule(task, nil, 'submitted')
  return false
end

-- As a rebuild found an open task that depends on others.
function Depend.restore(task)
  local ids = Task.spec(task)[P.depends_on]
  if not ids then return end
  join(task, ids)
  for _, id in ipairs(ids) do redis.call('PERSIST', Cell.key(KEY.task, id)) end
  for id in each(task.state[S.waits_for]) do
    redis.call('SADD', waiters(id), task.id)
    redis.call('ZADD', C.base .. KEY.fallen, 0, id)
  end
end

-- A task has ended: it depends on nothing any more.
local function leave(task)
  local ids = Task.spec(task)[P.depends_on]
  if not ids then return end
  C.head.deps = C.head.deps - 1
  for _, id in ipairs(ids) do
    redis.call('SREM', kids(id), task.id)
    redis.call('SREM', waiters(id), task.id)
    local parent = Task.load(id)
    if parent and Task.ended(parent.state[S.status]) and not Depend.has_kids(id) then Task.restore(parent) end
  end
end

local function without(list, gone)
  local left = {}
  for id in each(list) do
    if id ~= gone then left[#left + 1] = id end
  end
  return #left > 0 and table.concat(left, '\n') or nil
end

-- A task that waits learns that one has ended that it waits for.
local function tell(task, id, status)
  local state, spec = task.state, Task.spec(task)
  state[S.waits_for] = without(state[S.waits_for], id)
  if status ~= 'success' and spec[P.on_failure] ~= 'run' then
    break_off(task, id, status == '?' and 'is not known' or 'ended as ' .. status)
  elseif state[S.waits_for] then
    Task.emit(task, 'dependency_ended')
  elseif spec[P.run_at_ms] and spec[P.run_at_ms] > C.head.now then
    Attempt.schedule(task, spec[P.run_at_ms], 'dependencies_ended')
  else
    Attempt.wait(task, 'dependencies_ended')
  end
end

-- The status of an ended task that others wait for: nil if it is open, '?' if nobody knows it.
local function status_of(id)
  local task = Task.load(id)
  if not task then return '?' end
  return Task.ended(task.state[S.status]) and task.state[S.status] or nil
end

-- Tell at most `budget` of those who wait for one task; return how many.
local function tell_some(id, status, budget)
  local ids = redis.call('SRANDMEMBER', waiters(id), budget)
  for _, waiter in ipairs(ids) do
    redis.call('SREM', waiters(id), waiter)
    local task = Task.load(waiter)
    if task and not Task.ended(task.state[S.status]) then tell(task, id, status) end
  end
  return #ids
end

-- Note what has ended in this call.
local function note_ended()
  while #C.fell > 0 do
    local task = table.remove(C.fell)
    leave(task)
    if redis.call('EXISTS', waiters(task.id)) == 1 then
      redis.call('ZADD', C.base .. KEY.fallen, 'NX', C.head.n, task.id)
    end
  end
end

-- Tell those who wait, at most about `budget`; return whether there is more to tell.
function Depend.settle(budget)
  if C.head.deps == 0 and #C.fell == 0 then return false end
  note_ended()
  local key = C.base .. KEY.fallen
  while budget > 0 do
    local id = redis.call('ZRANGE', key, 0, 0)[1]
    if not id then return false end
    local status = status_of(id)
    local told = status and tell_some(id, status, budget) or 0
    budget = budget - math.max(1, told)
    if not status or redis.call('EXISTS', waiters(id)) == 0 then redis.call('ZREM', key, id) end
    note_ended()
  end
  return redis.call('EXISTS', key) == 1
end

local function fact(id, room)
  local parent = Task.load(id)
  if not parent then return nil, 0 end
  local result = parent.state[S.result] or 'null'
  if #result > room then return string.format('"%s":{"status":"%s","omitted":true}', id, parent.state[S.status]), 0 end
  local artifact = parent.state[S.artifact] and string.format(',"artifact":"%s"', parent.state[S.artifact]) or ''
  return string.format('"%s":{"status":"%s"%s,"result":', id, parent.state[S.status], artifact) .. result .. '}', #result
end

-- What a task may know of those that it depends on, as a JSON object; nil if it depends on none.
function Depend.parents(task)
  if C.head.deps == 0 then return nil end
  local spec = Task.spec(task)
  if not spec[P.depends_on] then return nil end
  local facts, room = {}, PARENTS_BYTES
  for _, id in ipairs(spec[P.depends_on]) do
    local text, size = fact(id, room)
    local known = spec[P.parents] and spec[P.parents][id]
    facts[#facts + 1] = text or (known and string.format('"%s":', id) .. known)
    room = room - size
  end
  return '{' .. table.concat(facts, ',') .. '}'
end
