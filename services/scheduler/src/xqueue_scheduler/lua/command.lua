--[[
Command: what clients ask for. Each handler takes one row, an array whose first field names it (store/rows.py).
]]

-- { 'submit', task id, offset, lane, group, limit, priority, queue timeout, process timeout, run at },
-- with packed spec and payload beside it; limit is nil without a concurrency key
function Command.submit(row, packed_spec, payload)
  if Task.load(row[2]) then return end  -- the same submission again: the first one in the log counts
  local task, head = Task.create(row[2], packed_spec, payload, row[9]), C.head
  local state = task.state
  head.seq = head.seq + 1
  state[S.version], state[S.attempt], state[S.failures], state[S.cancel] = 0, 0, 0, false
  state[S.priority], state[S.order], state[S.command] = row[7], head.seq, row[3]
  task.lane, task.group, task.queue_ms = row[4], Group.load(row[5]), row[8] or false
  if row[6] then Group.set_limit(task.group, row[6]) end
  C.born[#C.born + 1] = task.id
  Cell.tally('submitted', 1)
  if row[10] and row[10] > head.now then
    Attempt.schedule(task, row[10], 'submitted')
  else
    Attempt.wait(task, 'submitted')
  end
end

-- { 'cancel', task id, offset, tenant }
function Command.cancel(row)
  local task = Task.load(row[2])
  if not task or Task.ended(task.state[S.status]) or Task.spec(task)[P.tenant] ~= row[4] then return end
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
