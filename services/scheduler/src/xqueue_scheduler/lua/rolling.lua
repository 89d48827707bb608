--[[
Rolling snapshot: keeps the part of the logs short that a rebuild must read.

`opens` lists the open tasks by the call that last wrote them in full (with payload, or as a new task whose payload
stands in the commands log), and the settings by the call that told them last; ended ones are dropped when they reach
its front. `marks` says where the logs stood after some calls. So the front of `opens` tells how far back a rebuild must
read: the low-water mark. When that grows too long, the oldest open tasks are written again, and the mark advances
once those are told.

Keys:
  opens     list    'n:task id' or 'n:=name of a setting', oldest first
  marks     list    msgpack: n, next offset of status, commands, reports, time in ms; oldest first
  task      string  see task.lua
]]

Rolling.SETTING = '='
local BATCH = 200
local REPEATS_MOST = 5000
local LOOK = 32

local function push(ids)
  local entries = {}
  for i, id in ipairs(ids) do entries[i] = string.format('%d:', C.head.n) .. id end
  Cell.many('RPUSH', C.base .. KEY.opens, entries)
end

local function parse(entry)
  local at = entry:find(':', 1, true)
  return tonumber(entry:sub(1, at - 1)), entry:sub(at + 1)
end

local function is_setting(id)
  return id:sub(1, 1) == Rolling.SETTING
end

local function is_open(call, id)
  if is_setting(id) then return Setting.is_open(id:sub(2), call) end
  local task = C.tasks[id]
  if task and not Task.ended(task.state[S.status]) then return true end
  return not task and redis.call('GETRANGE', Cell.key(KEY.task, id), 0, 0) == 'o' or Depend.has_kids(id)
end

-- How many of these entries come before the first that counts.
local function ended_before(entries)
  for i, entry in ipairs(entries) do
    if is_open(parse(entry)) then return i - 1 end
  end
  return #entries
end

-- Drop ended tasks from the front, about `most` of them; return the call of the first entry that is left, or nil.
local function front(most)
  for _ = 1, most, LOOK do
    local entries = redis.call('LRANGE', C.base .. KEY.opens, 0, LOOK - 1)
    local ended = ended_before(entries)
    if ended > 0 then redis.call('LPOP', C.base .. KEY.opens, ended) end
    if ended < #entries then return (parse(entries[ended + 1])) end
    if ended < LOOK then return nil end
  end
  local entry = redis.call('LINDEX', C.base .. KEY.opens, 0)
  return entry and (parse(entry))
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

local function repeat_task(id)
  local task = Task.load(id)
  local group = Task.group(task)
  task.state[S.limit], task.state[S.weight] = group.wanted, group.wanted_weight
  C.repeats = C.repeats + 1
  C.snapshots[#C.snapshots + 1] = '\146'
  Task.say(task, C.snapshots)
  C.snapshots[#C.snapshots + 1] = cmsgpack.pack(Task.payload(task))
end

-- Tell a task again that has ended, because others come to depend on it.
function Rolling.again(id)
  repeat_task(id)
  C.born[#C.born + 1] = id
end

local function repeat_oldest()
  local entries = redis.call('LPOP', C.base .. KEY.opens, BATCH) or {}
  local ids = {}
  for _, entry in ipairs(entries) do
    local call, id = parse(entry)
    local open = is_open(call, id)
    if open and is_setting(id) then
      Setting.again(id:sub(2))
    elseif open then
      repeat_task(id)
      ids[#ids + 1] = id
    end
  end
  push(ids)
end

-- Repeat what `opens` lists, as far as one call can.
local function repeat_all()
  local left = math.min(redis.call('LLEN', C.base .. KEY.opens), REPEATS_MOST)
  while left > 0 do
    repeat_oldest()
    left = left - BATCH
  end
  Rolling.remember()
end

local function too_long(mark, open)
  return C.head.off - mark[2] > 2 * open + C.head.roll or C.head.now - mark[5] > C.head.roll_age
end

-- Note where the logs stand after all told calls, up to n; what stands there was written at `at`.
function Rolling.mark(n, off, cmd, rep, at)
  redis.call('RPUSH', C.base .. KEY.marks, cmsgpack.pack({ n, off, cmd, rep, at }))
end

-- Note the tasks that are new in this call, and the settings that it has told.
function Rolling.remember()
  push(C.born)
  C.born = {}
end

-- After the records of a call: advance the low-water mark, write the oldest open tasks again if need be, and
-- all of them if asked to (`again`); return whether anything before this call is needed.
-- The mark that a call tells relies on the calls before it only; it stands behind them in the log, so whoever
-- reads the mark finds what it relies on.
function Rolling.turn(open, again)
  if again then repeat_all() end
  local head = C.head
  local first = front(2 * #C.changed + 16)
  local mark = mark_before(first or head.n)
  if not mark then return first ~= nil end
  head.low_off, head.low_cmd, head.low_rep = mark[2], mark[3], mark[4]
  if first and too_long(mark, open) then
    repeat_oldest()
    Rolling.remember()
  end
  return first ~= nil
end
