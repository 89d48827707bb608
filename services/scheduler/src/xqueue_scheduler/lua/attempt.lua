--[[
Attempt: the way of a task from a grant of its slots to the end of that attempt, and its waits before and between.

Invariants: an attempt holds the scopes that its state lists, from its grant until the one record that ends it; its
token (epoch, call, index) is never issued twice.

Keys:
  claims    hash    task id -> token and incarnation, one a line: who has claimed the current attempt
]]

local function member(task)
  return task.id .. ':' .. task.state[S.attempt]
end

-- Let a task wait for a slot.
function Attempt.wait(task, reason)
  local state, timeout = task.state, task.queue_ms or Task.spec(task)[P.queue_timeout_ms]
  state[S.status], state[S.due_ms], state[S.scheduled_ms] = 'pending', timeout and C.head.now + timeout, nil
  Task.emit(task, reason)
  Lane.enqueue(task)
end

-- Let a task wait for its time.
function Attempt.schedule(task, due, reason)
  local state = task.state
  state[S.status], state[S.due_ms], state[S.scheduled_ms] = 'scheduled', due, due
  Task.emit(task, reason)
end

-- End a task for good.
function Attempt.finish(task, status, reason)
  local state = task.state
  state[S.status], state[S.due_ms], state[S.finished_ms] = status, nil, C.head.now
  state[S.scheduled_ms], state[S.deadline_ms] = nil, nil
  Task.emit(task, reason)
end

-- Give the task a slot in each of its scopes on this worker.
function Attempt.grant(task, group, worker)
  local state, now = task.state, C.head.now
  task.group = group
  state[S.status], state[S.attempt] = 'processing', state[S.attempt] + 1
  state[S.token] = string.format('%d.%d.%d', C.head.e, C.head.n, C.granted)
  state[S.worker], state[S.started_ms] = worker.incarnation, now
  state[S.due_ms] = now + C.head.claim
  state[S.deadline_ms] = now + C.head.claim + task.process_ms
  state[S.progress], state[S.scheduled_ms] = nil, nil
  state[S.held] = 'w/' .. worker.incarnation .. (group.keyed and '\n' .. group.scope or '')
  Attempt.hold(task)
  C.granted = C.granted + 1
  return Task.emit(task, 'granted')
end

-- Enter the scopes that the state lists.
function Attempt.hold(task)
  for scope in task.state[S.held]:gmatch('[^\n]+') do Scope.take(scope, member(task)) end
  Worker.touch(task.state[S.worker])
  local group = Task.group(task)
  if Group.room(group) <= 0 then Group.block(group) end  -- in all its lanes, or calls would look at it in vain
end

local function release(task)
  local state, attempt = task.state, member(task)
  for scope in state[S.held]:gmatch('[^\n]+') do Scope.free(scope, attempt) end
  Worker.touch(state[S.worker])
  C.released[#C.released + 1] = task.id
  Task.disarm(task)
  state[S.held], state[S.deadline_ms] = nil, nil
  local group = Task.group(task)
  if Group.room(group) == 1 then Group.reindex(group) end  -- it was full until now
end

local function count_failure(task, after_ms)
  local state = task.state
  state[S.failures] = state[S.failures] + 1
  return after_ms or Policy.retry_delay(Task.spec(task)[P.backoff], state[S.failures], Cell.chance())
end

-- End the current attempt. `facts`: error, result, progress (JSON text), retryable, retry_after_ms.
function Attempt.conclude(task, outcome, facts)
  local state = task.state
  local max_retry = outcome ~= 'success' and Task.spec(task)[P.max_retry]
  local status, used = Policy.after(outcome, state[S.cancel], state[S.failures], max_retry, facts.retryable)
  local delay = used and count_failure(task, facts.retry_after_ms) or 0
  release(task)
  state[S.error], state[S.progress] = facts.error, facts.progress or state[S.progress]
  if status == 'success' then state[S.result] = facts.result end
  if status == 'scheduled' and delay > 0 then
    Attempt.schedule(task, C.head.now + delay, outcome)
  elseif status == 'scheduled' or status == 'pending' then
    Attempt.wait(task, outcome)
  else
    Attempt.finish(task, status, outcome)
  end
end

function Attempt.is_current(task, token)
  return task and task.state[S.status] == 'processing' and task.state[S.token] == token
end

function Attempt.claimed(task)
  return redis.call('HEXISTS', C.base .. KEY.claims, task.id) == 1
end

-- Nobody asks for the claim of an attempt after its end: forgetting all of a call at once is soon enough.
function Attempt.forget_claims()
  Cell.many('HDEL', C.base .. KEY.claims, C.released)
end

function Attempt.claim(task)
  redis.call('HSET', C.base .. KEY.claims, task.id, task.state[S.token] .. '\n' .. task.state[S.worker])
end
