--[[
Outbox: what the calls have said and the log has not acknowledged yet; one list a call.

A list holds the pieces of one msgpack array: offsets of commands and reports before and after the call, totals,
low-water mark (or nil), statuses, settings, dispatches, repeated snapshots. Whoever reads it puts the pieces together; here
that would cost most of a call, since Lua hashes every string that it makes. Labels are put on by whoever sends it
(rule R2).

Keys:
  outbox    list    of each call that is not told: pieces
  totals    hash    tasks submitted, and ended by status
  open      hash    tasks now, by status that is not terminal
]]

local TOTALS = { 'submitted', 'success', 'failed', 'canceled', 'timeout' }
local OPEN = { 'scheduled', 'pending', 'processing' }

local function key_of(n)
  return Cell.key(KEY.outbox, n)
end

-- Append an array of `size` items that are given as pieces.
local function append(pieces, size, items)
  pieces[#pieces + 1] = '\221' .. struct.pack('>I4', size)
  for _, item in ipairs(items) do pieces[#pieces + 1] = item end
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

-- Close the call: keep and return the pieces of what it has to say; none if nothing.
function Outbox.close(commands_before, reports_before)
  if #C.statuses == 0 and #C.settings == 0 and C.repeats == 0 then return {} end
  local head = C.head
  local low = head.low_off and { head.low_off, head.low_cmd, head.low_rep }
  local pieces = { '\154' .. cmsgpack.pack(commands_before, reports_before, head.cmd, head.rep,
    numbers(C.base .. KEY.totals, TOTALS), low or nil) }
  append(pieces, #C.statuses / Task.PIECES, C.statuses)
  append(pieces, #C.settings, C.settings)
  append(pieces, #C.dispatches, C.dispatches)
  append(pieces, C.repeats, C.snapshots)
  Cell.many('RPUSH', key_of(head.n), pieces)
  return pieces
end

-- Drop what is told.
function Outbox.drop(from, to)
  for n = from + 1, to do redis.call('DEL', key_of(n)) end
end

function Outbox.get(n)
  return redis.call('LRANGE', key_of(n), 0, -1)
end

-- All that is not told: { n, pieces, n, pieces … } in order of n.
function Outbox.rest(from, to)
  local rest = {}
  for n = from + 1, to do
    local pieces = Outbox.get(n)
    if #pieces > 0 then
      rest[#rest + 1] = n
      rest[#rest + 1] = pieces
    end
  end
  return rest
end
