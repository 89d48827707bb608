--[[
Attempt: the way of a task from a grant of its slots to the end of that attempt, and its waits before and between.

Invariants: an attempt holds the scopes that its state lists, from its grant until the one record that ends it; its
token (epoch, call, index) is never issued twice.

Keys:
  claims    hash    task id -> token and incarnation, one a line: who has claimed the current attempt
]]

local EXTRA = 120  -- 'x'

-- The name of a task's attempt in a scope; 'x/' scopes hold what it takes beyond one slot as well.
local function member(task, scope)
  local name = task.member or task.id .. ':' .. task.state[S.attempt]
  task.member = name
  if scope:byte() ~= EXTRA then return name end
  local wanted = Task.spec(task)[P.resources]
  return string.format('%s:%d:%d', name, (wanted.slots or 1) - 1, wanted.gpu_memory_mb or 0)
end

-- Let a task wait for a slot.
function Attempt.wait(task, reason)
  local state, timeout = task.state, task.queue_ms or Task.spec(task)[P.queue_timeout_ms]
  state[S.status], state[S.due_ms], state[S.scheduled_ms] = 'pending', timeout and C.head.now + timeout, nil
  local limit = C.head.pins > 0 and Limit.of('q/' .. Task.lane(task):match('^[^/]*'))
  state[S.rank] = Lane.aging_rank(state[S.priority], limit and limit.aging)
  Task.emit(task, reason)
  Lane.enqueue(task)
end

-- Let a task wait for its time; nil: for something else.
function Attempt.schedule(task, due, reason)
  local state = task.state
  state[S.status], state[S.due_ms], state[S.scheduled_ms] = 'scheduled', due, due
  Task.emit(task, reason)
end

-- End a task for good.
function Attempt.finish(task, status, reason)
  local state = task.state
  state[S.status], state[S.due_ms], state[S.finished_ms] = status, nil, C.head.now
  state[S.scheduled_ms], state[S.deadline_ms], state[S.waits_for] = nil, nil, nil
  Task.emit(task, reason)
  Group.recount(Task.group(task))
  if C.head.deps > 0 then C.fell[#C.fell + 1] = task end
end

local function scopes_of(group, worker, level)
  local scopes = { 'w/' .. worker.incarnation, group.scope, group.tenant.scope, level.type, level.queue }
  if level.slots > 1 or level.mb > 0 then scopes[#scopes + 1] = 'x/' .. worker.incarnation end
  return scopes
end

-- Give the task a slot in each of its scopes on this worker.
function Attempt.grant(task, group, worker, level)
  local state, now = task.state, C.head.now
  task.group = group
  state[S.status], state[S.attempt], task.member = 'processing', state[S.attempt] + 1, nil
  state[S.token] = string.format('%d.%d.%d', C.head.e, C.head.n, C.granted)
  state[S.worker], state[S.started_ms], state[S.granted_ms] = worker.incarnation, now, now
  state[S.due_ms] = now + C.head.claim
  state[S.deadline_ms] = now + C.head.claim + task.process_ms
  state[S.progress], state[S.scheduled_ms] = nil, nil
  local scopes = scopes_of(group, worker, level)
  for _, scope in ipairs(scopes) do Scope.take(scope, member(task, scope)) end
  state[S.held] = table.concat(scopes, '\n')
  state[S.charge_us] = Policy.cost(Estimate.of(level.type:sub(3)), level.slots)
  Worker.touch(worker.incarnation)
  Worker.give(worker, level)
  C.granted = C.granted + 1
  return Task.emit(task, 'granted')
end

-- Enter the scopes that the state of a running task lists.
function Attempt.hold(task)
  for scope in task.state[S.held]:gmatch('[^\n]+') do Scope.take(scope, member(task, scope)) end
  Worker.touch(task.state[S.worker])
end

-- As a rebuild found a running task: its flows begin anew, and are charged with what it was charged with.
function Attempt.charge_again(task)
  local group = Task.group(task)
  Policy.correct(group, task.state[S.charge_us])
  Policy.correct(group.tenant, task.state[S.charge_us])
  group.changed, group.tenant.changed = true, true
end

-- Leave all scopes. One that was full until now has room again: what waits for it may run.
local function release(task)
  local state, group = task.state, Task.group(task)
  for scope in state[S.held]:gmatch('[^\n]+') do
    Scope.free(scope, member(task, scope))
    if scope == group.scope then
      if Group.blocked(group) and Group.room(group) == 1 then Group.reindex(group) end
    elseif Limit.of(scope) and Limit.room(scope) == 1 then
      Lane.reindex(scope)
    end
  end
  Worker.touch(state[S.worker])
  C.released[#C.released + 1] = task.id
  Task.disarm(task)
  state[S.held], state[S.deadline_ms], state[S.granted_ms], state[S.charge_us] = nil, nil, nil, nil
end

-- What an attempt cost, now that it is known: nothing if it never ran.
local function settle_charge(task, outcome)
  local state, group = task.state, Task.group(task)
  local ran = outcome ~= 'returned' and outcome ~= 'unclaimed'
  local held, cost = C.head.now - state[S.granted_ms], 0
  if ran then
    local slots = state[S.held]:find('\nx/', 1, true) and Task.spec(task)[P.resources].slots or 1
    cost = Policy.cost(held, slots)
  end
  Policy.correct(group, cost - state[S.charge_us])
  Policy.correct(group.tenant, cost - state[S.charge_us])
  group.changed, group.tenant.changed = true, true
  if ran and outcome ~= 'canceled' and outcome ~= 'worker_lost' then
    Estimate.learn(state[S.held]:match('\nt/([^\n]+)'), held)
  end
end

local function count_failure(task, after_ms)
  local state = task.state
  state[S.failures] = state[S.failures] + 1
  return after_ms or Retry.delay(Task.spec(task)[P.backoff], state[S.failures], Cell.chance())
end

-- End the current attempt. `facts`: error, result, progress (JSON text), retryable, retry_after_ms, artifact.
function Attempt.conclude(task, outcome, facts)
  local state = task.state
  local max_retry = outcome ~= 'success' and Task.spec(task)[P.max_retry]
  local status, used = Retry.after(outcome, state[S.cancel], state[S.failures], max_retry, facts.retryable)
  local delay = used and count_failure(task, facts.retry_after_ms) or 0
  settle_charge(task, outcome)
  release(task)
  state[S.error], state[S.progress] = facts.error, facts.progress or state[S.progress]
  if status == 'success' then state[S.result], state[S.artifact] = facts.result, facts.artifact end
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
  return C.claimed[task.id] or redis.call('HEXISTS', C.base .. KEY.claims, task.id) == 1
end

-- Nobody asks for the claim of an attempt after its end: forgetting all of a call at once is soon enough.
function Attempt.forget_claims()
  Attempt.save_claims()
  Cell.many('HDEL', C.base .. KEY.claims, C.released)
end

-- Its worker has leave to run it; written with all others by save_claims.
function Attempt.claim(task)
  C.claimed[task.id] = task.state[S.token] .. '\n' .. task.state[S.worker]
end

function Attempt.save_claims()
  local pairs_of = {}
  for id, claim in pairs(C.claimed) do
    pairs_of[#pairs_of + 1], pairs_of[#pairs_of + 2] = id, claim
  end
  Cell.many('HSET', C.base .. KEY.claims, pairs_of)
  C.claimed = {}
end
