--[[
Command: what clients and operators ask for. Each handler takes one row, an array whose first field names it
(store/rows.py).

Keys:
  scheduled  set    see task.lua
]]

-- { 'submit', task id, offset, lane, group, limit, weight, priority, queue timeout, process timeout, run at, queue,
--   run of a schedule or nil (see schedule.lua), ids on which it depends or nil, whether it runs if they fail, { id =
--   status } of those that had ended before }, with packed spec and payload beside it; limit and weight are nil without
--   a concurrency key
function Command.submit(row, packed_spec, payload)
  -- First: of a call that was half told when Redis was lost, the task may be known, but not that its schedule has run.
  if row[13] and not Schedule.run(row[13], row[2]) then return end
  if Task.load(row[2]) then return end  -- the same submission again: the first one in the log counts
  local task, head = Task.create(row[2], packed_spec, payload, row[10]), C.head
  local state = task.state
  head.seq = head.seq + 1
  state[S.version], state[S.attempt], state[S.failures], state[S.cancel] = 0, 0, 0, false
  state[S.priority], state[S.order], state[S.command] = row[8], head.seq, row[3]
  task.lane, task.group, task.queue_ms = row[4], Group.load(row[5]), row[9] or false
  Setting.ensure_queue(row[12])
  Group.live(task.group)
  Group.want(task.group, row[6], row[7])
  C.born[#C.born + 1] = task.id
  Cell.tally('submitted', 1)
  if row[14] and not Depend.begin(task, row[14], row[15], row[16]) then return end
  if row[11] and row[11] > head.now then
    Attempt.schedule(task, row[11], 'submitted')
  else
    Attempt.wait(task, 'submitted')
  end
end

-- Cancel an open task.
function Command.cancel_task(task)
  local state = task.state
  if state[S.status] ~= 'processing' then
    if state[S.status] == 'pending' then Lane.withdraw(task) end
    Attempt.finish(task, 'canceled', 'canceled')
  elseif not state[S.cancel] then
    -- The slot stays held until the worker reports, or this timer fires: never before a lease that is out has ended,
    -- since a worker that hears nothing computes until then.
    state[S.cancel], state[S.due_ms] = true, math.max(C.head.now + C.head.cancel, Task.armed_until(task))
    Task.disarm(task)
    Task.emit(task, 'cancel_requested')
  end
end

-- The open task of this tenant, or nil.
local function open_task(id, tenant)
  local task = Task.load(id)
  if task and not Task.ended(task.state[S.status]) and Task.spec(task)[P.tenant] == tenant then return task end
end

-- { 'cancel', task id, tenant }
function Command.cancel(row)
  local task = open_task(row[2], row[3])
  if task then Command.cancel_task(task) end
end

-- { 'reprioritize', task id, tenant, priority }
function Command.reprioritize(row)
  local task, priority = open_task(row[2], row[3]), row[4]
  if not task or task.state[S.priority] == priority or task.state[S.status] == 'processing' then return end
  local waits = task.state[S.status] == 'pending'
  if waits then Lane.withdraw(task) end
  local rank = task.state[S.rank]
  if rank then task.state[S.rank] = Lane.raise(rank, priority - task.state[S.priority]) end
  task.state[S.priority] = priority
  Task.emit(task, 'reprioritized')
  if waits then Lane.enqueue(task) end
end

local function put_first(task, place)
  local pending = task.state[S.status] == 'pending'
  if pending then Lane.withdraw(task) end
  task.state[S.order] = place
  Task.emit(task, 'reordered')
  if pending then Lane.enqueue(task) end
end

local function waits_in(task, queue, tenant)
  local status = task and task.state[S.status]
  if status ~= 'pending' and status ~= 'scheduled' then return false end
  local spec = Task.spec(task)
  return spec[P.queue] == queue and (not tenant or spec[P.tenant] == tenant)
end

-- { 'reorder', queue, { task id … }, tenant or nil }
function Command.reorder(row)
  local chosen, seen = {}, {}
  for _, id in ipairs(row[3]) do
    local task = Task.load(id)
    if waits_in(task, row[2], row[4]) and not seen[id] then chosen[#chosen + 1], seen[id] = task, true end
  end
  local head = C.head
  head.front = head.front - #chosen
  for i, task in ipairs(chosen) do put_first(task, head.front + i - 1) end
end

-- { 'purge', queue, tenant or nil }
function Command.purge(row)
  Purge.begin(row[2], row[3], false)
end

local function holds_tasks(queue)
  for name in pairs(Lane.names()) do
    if Lane.load(name).queue == 'q/' .. queue then return true end
  end
  return Scope.count('q/' .. queue) > 0 or redis.call('EXISTS', C.base .. KEY.scheduled .. queue) == 1
end

local function remove(name, force)
  local queue = name:match('^queue/(.*)$')
  if queue and holds_tasks(queue) then
    if not force then return end
    Purge.begin(queue, nil, true)
  end
  Setting.remove(name)
end

-- { 'configure', name, JSON or nil, limit or nil, expected version or nil, force, next run of a schedule or nil, tenant
--   that must be alone in the queue or nil }
function Command.configure(row)
  local name, json = row[2], row[3]
  if row[5] and row[5] ~= Setting.read(name) then return end
  if row[8] and Sharing.others(name:match('^queue/(.*)$'), row[8]) then return end
  if json then
    Setting.set(name, json, row[4])
    if row[7] then Schedule.plan(name, row[7] > 0 and row[7] or nil) end
  else
    remove(name, row[6])
  end
end
