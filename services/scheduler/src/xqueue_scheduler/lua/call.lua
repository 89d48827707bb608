--[[
Call: apply a batch of reports and commands, dispatch what may run, keep what is to be told (rules R2, R5, R6, R7).

xq_call
  KEYS[1]   the cell's base
  ARGV      1 epoch of the caller             2 number of calls it expects to find
            3 told: highest call of which all is told, with all before it
            4 next status offset behind what is told
            5, 6 offsets of the next command and report after this batch
            7 ms since the caller's last call  8 a number in [0, 1)
            9 most grants                     10 1: list the timers that are due
            11 1: note a mark of where the logs stand (12, 13: commands and reports after the told calls)
            14 msgpack: report rows           15 msgpack: command rows
            16 1: write all settings again (the cell is idle; their last records may fall out of the log)
            17… packed spec and payload of each submission, in the order of the rows
  returns   { OK, n, time in ms, pieces of the output, next due time or -1, due timers as msgpack, open tasks, grants,
              1 if anything told before is needed by a rebuild, due runs of schedules as msgpack }
            { RETRIED, n, time, pieces, -1, '', 0, 1, 1, '' }: this very call was made before and is answered again
            { code }: EMPTY, LOST, WENT_BACK, REBUILDING, DIRTY: nothing was done, take the cell again

Keys:
  timers    zset    see task.lua
]]

local DUE_MOST = 500
local PURGE_MOST = 500
local RUNS_MOST = 100
local TOLD_MOST = 500

-- Why this caller may not go on, or nil.
function Call.refuse(e, expected)
  local head = C.head
  if not head then return CODE.EMPTY end
  if head.e > e then return CODE.LOST end
  if head.mode == Cell.REBUILDING then return CODE.REBUILDING end
  if head.e < e or (head.n ~= expected and head.n ~= expected + 1) then return CODE.WENT_BACK end
  if head.dirty == 1 then return CODE.DIRTY end
end

local function due_timers(wanted)
  if not wanted then return '' end
  local ids = redis.call('ZRANGEBYSCORE', C.base .. KEY.timers, '-inf', C.head.now, 'WITHSCORES', 'LIMIT', 0, DUE_MOST)
  local rows = {}
  for i = 1, #ids, 2 do
    local task = Task.load(ids[i])
    if task then
      local state = task.state
      rows[#rows + 1] = '\148'
        .. cmsgpack.pack(ids[i], state[S.token], Task.timer(state[S.status]), tonumber(ids[i + 1]))
    else
      redis.call('ZREM', C.base .. KEY.timers, ids[i])
    end
  end
  return '\221' .. struct.pack('>I4', #rows) .. table.concat(rows)
end

-- When there is something to do even without input, or -1.
local function next_due(busy)
  if busy then return C.head.now end
  local timer = tonumber(redis.call('ZRANGE', C.base .. KEY.timers, 0, 0, 'WITHSCORES')[2])
  local soon = math.huge
  for _, due in pairs({ timer or math.huge, Limit.next_refill() or math.huge, Schedule.next_due() or math.huge }) do
    soon = math.min(soon, due)
  end
  return soon < math.huge and soon or -1
end

-- Load at once what the reports are about.
local function prepare(reports)
  local ids, names = {}, {}
  for i, row in ipairs(reports) do ids[i] = row[2] end
  Task.prepare(ids)
  for _, id in ipairs(ids) do
    local task = C.tasks[id]
    if task then names[#names + 1] = Task.held_group(task) end
  end
  Group.prepare(names)
end

local function apply(reports, commands, bulk, from)
  prepare(reports)
  for _, row in ipairs(reports) do Report[row[1]](row) end
  for _, row in ipairs(commands) do
    if row[1] == 'submit' then
      Command.submit(row, bulk[from], bulk[from + 1])
      from = from + 2
    else
      Command[row[1]](row)
    end
  end
end

-- Write what the records changed; everything up to here is kept in memory or in the indexes.
function Call.flush()
  Attempt.forget_claims()
  Task.save_all()
  Group.save_all()
  Tenant.save_all()
  Clock.save_all()
  Scope.save_all()
  Lane.save_all()
  Estimate.save_all()
  Cell.save_all()
  Outbox.count()
end

redis.register_function{ function_name = 'xq_call', flags = { 'allow-oom' }, callback = function(keys, args)
  local e, expected = tonumber(args[1]), tonumber(args[2])
  local told, off = tonumber(args[3]), tonumber(args[4])
  local commands_after, reports_after = tonumber(args[5]), tonumber(args[6])
  local elapsed, chance, most = tonumber(args[7]), tonumber(args[8]), tonumber(args[9])
  local wants_due, wants_mark = args[10] == '1', args[11] == '1'
  local mark_commands, mark_reports = tonumber(args[12]), tonumber(args[13])
  local reports, commands = cmsgpack.unpack(args[14]), cmsgpack.unpack(args[15])
  local again = args[16] == '1'

  collectgarbage('stop')

  Cell.open(keys[1])
  local refused = Call.refuse(e, expected)
  if refused then return { refused } end
  local head = C.head
  if head.n == expected + 1 then
    return { CODE.RETRIED, head.n, head.now, Outbox.get(head.n), -1, '', 0, 1, 1, '' }
  end

  redis.call('HSET', keys[1], 'dirty', 1)
  local commands_before, reports_before = head.cmd, head.rep
  C.chance = chance
  Cell.tick(elapsed)
  Outbox.drop(head.told, told)
  head.n, head.told, head.off = expected + 1, math.max(head.told, told), off
  head.cmd, head.rep = commands_after, reports_after
  if wants_mark then Rolling.mark(told, off, mark_commands, mark_reports, head.now) end
  Worker.sweep()
  apply(reports, commands, args, 17)
  local busy = Purge.run(PURGE_MOST)
  busy = Depend.settle(TOLD_MOST) or busy
  for _, scope in ipairs(Limit.refilled()) do Lane.reindex(scope) end
  Dispatch.run(most)
  Call.flush()
  local open = Outbox.open_tasks()
  Rolling.remember()
  local needed = Rolling.turn(open, again)
  local output = Outbox.close(commands_before, reports_before)
  local due, soon = due_timers(wants_due), next_due(busy)
  local runs = wants_due and Schedule.due(RUNS_MOST) or ''
  head.dirty = 0
  Cell.close()
  local granted = C.granted
  Cell.clean()
  return { CODE.OK, head.n, head.now, output, soon, due, open, granted, needed and 1 or 0, runs }
end }
