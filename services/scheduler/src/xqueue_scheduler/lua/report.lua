--[[
Report: what workers and timers say of attempts. A report whose token is not the current one changes nothing.

Each handler takes one row, an array whose first field names it; the rows are built by store/rows.py.
]]

local LOST = '{"kind":"worker_lost","message":"the worker was not heard of for the length of its lease","retryable":true}'
local EXCEEDED = '{"kind":"process_timeout","message":"the attempt exceeded its process timeout","retryable":true}'
local WAITED = '{"kind":"queue_timeout","message":"the task waited longer than its queue timeout","retryable":false}'

-- { 'started', task id, token, running_ms }
function Report.started(row)
  local task = Task.load(row[2])
  if not Attempt.is_current(task, row[3]) then return end
  if not Attempt.claimed(task) then Attempt.claim(task) end
  task.state[S.started_ms] = math.max(task.state[S.started_ms], C.head.now - row[4])
  Task.emit(task, 'started')
end

-- { 'finished', task id, token, outcome, ran_ms, result, error, retryable, progress, retry_after_ms, artifact }
function Report.finished(row)
  local task = Task.load(row[2])
  if not Attempt.is_current(task, row[3]) then return end
  task.state[S.started_ms] = math.max(task.state[S.started_ms], C.head.now - row[5])
  Attempt.conclude(task, row[4], {
    result = row[6], error = row[7], retryable = row[8], progress = row[9], retry_after_ms = row[10],
    artifact = row[11],
  })
end

-- { 'returned', task id, token, reason }
function Report.returned(row)
  local task = Task.load(row[2])
  if Attempt.is_current(task, row[3]) then Attempt.conclude(task, 'returned', {}) end
end

local function lease_expired(task)
  if C.head.now >= task.state[S.deadline_ms] then
    Attempt.conclude(task, 'process_timeout', { error = EXCEEDED, retryable = true })
  elseif Attempt.claimed(task) then
    Attempt.conclude(task, 'worker_lost', { error = not task.state[S.cancel] and LOST or nil, retryable = true })
  else
    Attempt.conclude(task, 'unclaimed', {})
  end
end

-- { 'timer', task id, token, timer, due_ms }
function Report.timer(row)
  local task = Task.load(row[2])
  if not Task.fired(task, row[3], row[4], row[5]) then return end
  if row[4] == 'delay' then
    Attempt.wait(task, 'due')
  elseif row[4] == 'queue_timeout' then
    Lane.withdraw(task)
    task.state[S.error] = WAITED
    Attempt.finish(task, 'timeout', 'queue_timeout')
  else
    lease_expired(task)
  end
end
