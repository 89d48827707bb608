--[[
Task: the record of one task, read once and written once a call.

A value is: one byte ('o' open, 'x' ended), the process timeout in ms and the length of the spec (4 bytes each,
big-endian), the spec (msgpack, not unpacked unless needed; without its header and its first field, the task id), the
state (msgpack), the payload (JSON text; empty when it stands apart or is no longer needed). Fields of state and spec
are named by S and P (generated from the Python structs).

Invariant: every change of state is emitted with the next version, and the value in Redis is the last one emitted.
The timer of a task is its state's due time, unless a heartbeat has renewed the lease since.

Keys:
  task      string  as above; expires only after the task has ended
  payload   string  a payload of more than INLINE bytes
  timers    zset    task id by due time in ms
  scheduled  set     ids of the scheduled tasks of one queue
]]
local INLINE = 1024
local HEADER = 9
Task.PIECES = 5
local ENDED = { success = true, failed = true, canceled = true, timeout = true }
local ROW = '\146' .. STATE_HEADER

function Task.ended(status)
  return ENDED[status] or false
end

local function parse(id, value)
  local process_ms, size = struct.unpack('>I4I4', value, 2)
  local at, state = cmsgpack.unpack_one(value, HEADER + size)
  return {
    id = id, state = state, packed_spec = value:sub(HEADER + 1, HEADER + size), process_ms = process_ms,
    stored = true, armed = state[S.due_ms], status = state[S.status], listed = state[S.status] == 'scheduled',
    payload = at == -1 and '' or value:sub(at + 1),
  }
end

-- Return the task, or false when it is not known.
function Task.load(id)
  local task = C.tasks[id]
  if task ~= nil then return task end
  local value = redis.call('GET', C.base .. KEY.task .. id)
  task = value and parse(id, value)
  C.tasks[id] = task
  return task
end

-- Load tasks that are going to be needed, at once.
function Task.prepare(ids)
  local wanted, paths = {}, {}
  for _, id in ipairs(ids) do
    if C.tasks[id] == nil then
      wanted[#wanted + 1], paths[#paths + 1] = id, C.base .. KEY.task .. id
      C.tasks[id] = false
    end
  end
  for i, value in ipairs(Cell.values(paths)) do C.tasks[wanted[i]] = value and parse(wanted[i], value) end
end

-- A task that was not known; its state is filled in by the caller.
function Task.create(id, packed_spec, payload, process_ms)
  local rest = packed_spec:sub(#SPEC_HEADER + ID_SIZE + 1)
  local task = { id = id, state = {}, packed_spec = rest, payload = payload, process_ms = process_ms,
    listed = false }
  C.tasks[id] = task
  return task
end

function Task.spec(task)
  if not task.spec then task.spec = cmsgpack.unpack(SPEC_HEADER .. task.id .. task.packed_spec) end
  return task.spec
end

-- The group that the task belongs to; a running one is known by what it holds, which spares unpacking its spec.
function Task.group(task)
  if not task.group then
    task.group = Group.load(Task.held_group(task) or Lane.group_of(Task.spec(task)))
  end
  return task.group
end

-- The name of the group of which a running task holds a slot.
function Task.held_group(task)
  local held = task.state[S.held]
  if held and not task.held_group then task.held_group = held:match('\nk/([^\n]+)') end
  return held and task.held_group
end

function Task.lane(task)
  if not task.lane then task.lane = Lane.of(Task.spec(task)) end
  return task.lane
end

-- The level at which the task waits.
function Task.level(task)
  Task.lane(task)
  return task.lane .. '/' .. (task.state[S.rank] or task.state[S.priority])
end

function Task.payload(task)
  if task.payload ~= '' then return task.payload end
  return redis.call('GET', C.base .. KEY.payload .. task.id) or 'null'
end

-- The state's fields, without the header of their array.
local function pack(task)
  task.fields = cmsgpack.pack(unpack(task.state, 1, N_STATE))
end

-- Append a packed task's row to a list of pieces (see outbox.lua).
local function append(pieces, task)
  local n = #pieces
  pieces[n + 1], pieces[n + 2], pieces[n + 3] = ROW, task.fields, SPEC_HEADER
  pieces[n + 4], pieces[n + 5] = task.id, task.packed_spec
end

-- A scheduled task is listed by its queue at once, so that a purge in the same call finds it.
local function list(task)
  local scheduled = task.state[S.status] == 'scheduled'
  if scheduled == task.listed then return end
  local key = C.base .. KEY.scheduled .. Task.lane(task):match('^[^/]*')
  redis.call(scheduled and 'SADD' or 'SREM', key, task.id)
  Group.schedule(Task.group(task), scheduled and 1 or -1)
  task.listed = scheduled
end

-- Tell the world about a change of this task; return its place among the call's statuses, from 0.
function Task.emit(task, reason)
  local state, statuses = task.state, C.statuses
  state[S.version], state[S.reason] = state[S.version] + 1, reason
  list(task)
  local group = Task.group(task)
  state[S.limit], state[S.weight], state[S.at_ms] = group.wanted, group.wanted_weight, C.head.now
  pack(task)
  append(statuses, task)
  Task.keep(task)
  return #statuses / Task.PIECES - 1
end

-- Append the row of a task as it stands, for a repeat of its version.
function Task.say(task, pieces)
  pack(task)
  append(pieces, task)
end

-- The row of a task as it stands.
function Task.row(task)
  pack(task)
  return ROW .. task.fields .. SPEC_HEADER .. task.id .. task.packed_spec
end

-- Have a task written as it stands.
function Task.restore(task)
  list(task)
  pack(task)
  Task.keep(task)
end

-- Have this task written at the end of the call.
function Task.keep(task)
  if not task.changed then
    task.changed = true
    C.changed[#C.changed + 1] = task
  end
end

-- When the timer of this task is due, heartbeats counted in; 0 if it has none.
function Task.armed_until(task)
  return tonumber(redis.call('ZSCORE', C.base .. KEY.timers, task.id)) or 0
end

-- The timer of this task may be another one than the state says: heartbeats renew it. Write it in any case.
function Task.disarm(task)
  task.armed = false
end

-- Note in which way the timer of this task changes.
local function arm(task, due, armed, disarmed)
  if due == task.armed then return end
  if due then
    armed[#armed + 1], armed[#armed + 2] = due, task.id
  else
    disarmed[#disarmed + 1] = task.id
  end
end

-- The payload as it goes into the value; large ones stand apart, those of ended tasks are dropped.
local function settle_payload(task, ended)
  if ended then
    if task.stored and task.payload == '' then redis.call('DEL', C.base .. KEY.payload .. task.id) end
    return ''
  end
  if not task.stored and #task.payload > INLINE then
    redis.call('SET', C.base .. KEY.payload .. task.id, task.payload)
    return ''
  end
  return task.payload
end

local function count(task)
  local status = task.state[S.status]
  if task.status ~= status then
    Cell.tally(task.status, -1)
    Cell.tally(status, 1)
  end
end

local function save(task, armed, disarmed)
  local ended = ENDED[task.state[S.status]]
  count(task)
  local value = (ended and 'x' or 'o') .. struct.pack('>I4I4', task.process_ms, #task.packed_spec)
    .. task.packed_spec .. STATE_HEADER .. task.fields .. settle_payload(task, ended)
  if ended and not Depend.has_kids(task.id) then
    redis.call('SET', C.base .. KEY.task .. task.id, value, 'PX', C.head.ttl)
  else
    Cell.put(C.base .. KEY.task .. task.id, value)
  end
  arm(task, task.state[S.due_ms], armed, disarmed)
end

-- Write every task of this call that changed.
function Task.save_all()
  local armed, disarmed = {}, {}
  for _, task in ipairs(C.changed) do save(task, armed, disarmed) end
  Cell.many('ZADD', C.base .. KEY.timers, armed)
  Cell.many('ZREM', C.base .. KEY.timers, disarmed)
end

-- The kind of timer that a task in this state waits for.
function Task.timer(status)
  if status == 'scheduled' then return 'delay' end
  if status == 'pending' then return 'queue_timeout' end
  if status == 'processing' then return 'lease' end
end

-- Whether the timer of this task is still the one that fired.
function Task.fired(task, token, timer, due)
  return task and task.state[S.token] == token and Task.timer(task.state[S.status]) == timer
    and Task.armed_until(task) == due
end
