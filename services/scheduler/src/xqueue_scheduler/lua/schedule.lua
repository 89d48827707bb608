--[[
Schedule: when schedules run next, and which task each has run last.

A due run is handed to the owner, who appends its submission to the commands, with the schedule as it is from then
on. It counts if the setting has not been changed in between, so once, whoever appends it how often.

Keys:
  runs      zset    names of the settings of schedules by when they run next, in ms
  lasts     hash    name of the setting of a schedule -> the task that it ran last
]]

-- Note when a schedule runs next; nil: not any more.
function Schedule.plan(name, due)
  if due then
    redis.call('ZADD', C.base .. KEY.runs, due, name)
  else
    redis.call('ZREM', C.base .. KEY.runs, name)
  end
end

function Schedule.forget(name)
  Schedule.plan(name, nil)
  redis.call('HDEL', C.base .. KEY.lasts, name)
end

-- The task that a schedule has run last, if it is open and not that of this very run.
local function last_open(name, this)
  local id = redis.call('HGET', C.base .. KEY.lasts, name)
  local task = id and id ~= this and Task.load(id)
  return task and not Task.ended(task.state[S.status]) and task
end

-- Note the task that a schedule has run.
function Schedule.ran(name, id)
  redis.call('HSET', C.base .. KEY.lasts, name, id)
end

-- Likewise, as a rebuild finds it: the schedule may have been removed since. Settings come back before tasks.
function Schedule.restore(name, id)
  if Setting.read(name) > 0 then Schedule.ran(name, id) end
end

-- A run of a schedule: { name, version, due, JSON from then on, next due or nil, overlap }. Returns whether its task is
-- to be submitted.
function Schedule.run(row, id)
  local name, due = row[1], tonumber(redis.call('ZSCORE', C.base .. KEY.runs, row[1]))
  if Setting.read(name) ~= row[2] or due ~= row[3] then return false end
  Setting.set(name, row[4])
  Schedule.plan(name, row[5])
  local open = last_open(name, id)
  if open and row[6] == 'skip' then return false end
  if open and row[6] == 'cancel' then Command.cancel_task(open) end
  Schedule.ran(name, id)
  return true
end

-- The runs that are due, as msgpack: { { name, version, JSON } … }; '' if there are none.
function Schedule.due(most)
  local rows = {}
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', C.base .. KEY.runs, '-inf', C.head.now, 'LIMIT', 0, most)) do
    local version, _, json = Setting.read(name)
    rows[#rows + 1] = { name, version, json }
  end
  return #rows > 0 and cmsgpack.pack(rows) or ''
end

-- When the next run is due, or nil.
function Schedule.next_due()
  return tonumber(redis.call('ZRANGE', C.base .. KEY.runs, 0, 0, 'WITHSCORES')[2])
end
