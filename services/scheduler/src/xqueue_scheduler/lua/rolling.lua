--[[
Rolling snapshot: keeps the part of the logs short that a rebuild must read.

`opens` lists the open tasks by the call that last wrote them in full (with payload, or as a new task whose payload
stands in the commands log); ended ones are dropped when they reach its front. `marks` says where the logs stood
after some calls. So the front of `opens` tells how far back a rebuild must read: the low-water mark. When that
grows too long, the oldest open tasks are written again, and the mark advances once those are told.

Keys:
  opens     list    'task id:n', oldest first
  marks     list    msgpack: n, next offset of status, commands, reports, time in ms; oldest first
  task      string  see task.lua
]]

local BATCH = 200
local LOOK = 32

local function push(ids)
  local entries = {}
  for i, id in ipairs(ids) do entries[i] = id .. ':' .. C.head.n end
  Cell.many('RPUSH', C.base .. KEY.opens, entries)
end

local function is_open(id)
  local task = C.tasks[id]
  if task then return not Task.ended(task.state[S.status]) end
  return redis.call('GETRANGE', Cell.key(KEY.task, id), 0, 0) == 'o'
end

local function call_of(entry)
  return tonumber(entry:sub(ID_SIZE + 2))
end

-- How many of these entries come before the first whose task is open.
local function ended_before(entries)
  for i, entry in ipairs(entries) do
    if is_open(entry:sub(1, ID_SIZE)) then return i - 1 end
  end
  return #entries
end

-- Drop ended tasks from the front, about `most` of them; return the call of the first entry that is left, or nil.
local function front(most)
  for _ = 1, most, LOOK do
    local entries = redis.call('LRANGE', C.base .. KEY.opens, 0, LOOK - 1)
    local ended = ended_before(entries)
    if ended > 0 then redis.call('LPOP', C.base .. KEY.opens, ended) end
    if ended < #entries then return call_of(entries[ended + 1]) end
    if ended < LOOK then return nil end
  end
  local entry = redis.call('LINDEX', C.base .. KEY.opens, 0)
  return entry and call_of(entry)
end

-- The last mark made before call n; older ones are dropped.
local function mark_before(n)
  local found
  while true do
    local two = redis.call('LRANGE', C.base .. KEY.marks, 0, 1)
    found = two[1] and cmsgpack.unpack(two[1])
    local after = two[2] and cmsgpack.unpack(two[2])
    if not after or (n and after[1] >= n) then return found end
    redis.call('LPOP', C.base .. KEY.marks)
  end
end

local function repeat_oldest()
  local entries = redis.call('LPOP', C.base .. KEY.opens, BATCH) or {}
  local ids = {}
  for _, entry in ipairs(entries) do
    local id = entry:sub(1, ID_SIZE)
    if is_open(id) then
      local task = Task.load(id)
      task.state[S.limit] = Task.group(task).limit
      C.repeats = C.repeats + 1
      C.snapshots[#C.snapshots + 1] = '\146'
      Task.say(task, C.snapshots)
      C.snapshots[#C.snapshots + 1] = cmsgpack.pack(Task.payload(task))
      ids[#ids + 1] = id
    end
  end
  push(ids)
end

local function too_long(mark, open)
  return C.head.off - mark[2] > 2 * open + C.head.roll or C.head.now - mark[5] > C.head.roll_age
end

-- Note where the logs stand after all told calls, up to n; what stands there was written at `at`.
function Rolling.mark(n, off, cmd, rep, at)
  redis.call('RPUSH', C.base .. KEY.marks, cmsgpack.pack({ n, off, cmd, rep, at }))
end

-- Note the tasks that are new in this call.
function Rolling.remember()
  push(C.born)
end

-- After the records of a call: advance the low-water mark, write the oldest open tasks again if need be.
-- The mark that a call tells relies on the calls before it only; it stands behind them in the log, so whoever
-- reads the mark finds what it relies on.
function Rolling.turn(open)
  local head = C.head
  local first = front(2 * #C.changed + 16)
  local mark = mark_before(first or head.n)
  if not mark then return end
  head.low_off, head.low_cmd, head.low_rep = mark[2], mark[3], mark[4]
  if first and too_long(mark, open) then repeat_oldest() end
end
