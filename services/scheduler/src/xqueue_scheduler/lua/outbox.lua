--[[
Outbox: what the calls have said and the log has not acknowledged yet; one value a call.

A value is a msgpack array: offsets of commands and reports before and after the call, totals, low-water mark (or
nil), statuses, dispatches, repeated snapshots. Labels are put on by whoever sends it (rule R2).

Keys:
  outbox    hash    number of the call -> value
  totals    hash    tasks submitted, and ended by status
  open      hash    tasks now, by status that is not terminal
]]

local TOTALS = { 'submitted', 'success', 'failed', 'canceled', 'timeout' }
local OPEN = { 'scheduled', 'pending', 'processing' }

local function list(values)
  return '\221' .. struct.pack('>I4', #values) .. table.concat(values)
end

local function numbers(key, names)
  local values = redis.call('HMGET', key, unpack(names))
  for i = 1, #names do values[i] = tonumber(values[i]) or 0 end
  return values
end

-- Add what this call changed to the counts.
function Outbox.count()
  for _, name in ipairs(TOTALS) do
    local by = C.delta[name]
    if by and by ~= 0 then redis.call('HINCRBY', C.base .. KEY.totals, name, by) end
  end
  for _, name in ipairs(OPEN) do
    local by = C.delta[name]
    if by and by ~= 0 then redis.call('HINCRBY', C.base .. KEY.open, name, by) end
  end
end

function Outbox.open_tasks()
  local sum = 0
  for _, count in ipairs(numbers(C.base .. KEY.open, OPEN)) do sum = sum + count end
  return sum
end

-- Close the call: keep and return what it has to say; '' if nothing.
function Outbox.close(commands_before, reports_before)
  if #C.statuses == 0 and #C.snapshots == 0 then return '' end
  local head = C.head
  local low = head.low_off and { head.low_off, head.low_cmd, head.low_rep }
  local value = '\153' .. cmsgpack.pack(commands_before, reports_before, head.cmd, head.rep,
    numbers(C.base .. KEY.totals, TOTALS), low or nil)
  value = value .. list(C.statuses) .. list(C.dispatches) .. list(C.snapshots)
  redis.call('HSET', C.base .. KEY.outbox, head.n, value)
  return value
end

-- Drop what is told.
function Outbox.drop(from, to)
  for n = from + 1, to do redis.call('HDEL', C.base .. KEY.outbox, n) end
end

function Outbox.get(n)
  return redis.call('HGET', C.base .. KEY.outbox, n) or ''
end

-- All that is not told: { n, value, n, value … } in order of n.
function Outbox.rest(from, to)
  local rest = {}
  for n = from + 1, to do
    local value = Outbox.get(n)
    if value ~= '' then
      rest[#rest + 1] = n
      rest[#rest + 1] = value
    end
  end
  return rest
end
