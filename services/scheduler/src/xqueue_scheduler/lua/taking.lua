--[[
Taking: how a scheduler becomes the owner of a cell (rule R4): adopt what Redis holds, or discard it and rebuild.

xq_adopt   ARGV 1 epoch, 2 and 3 last label (epoch, call) in the valid log, 4 settings as a msgpack map
           returns { OK, n, told, off, cmd, rep, { n, output, … } } | { REBUILDING } | { LOST }
xq_wipe    ARGV 1 epoch, 2… full names of keys to delete; returns { OK } | { LOST }
xq_load    ARGV 1 epoch, 2 msgpack: { { group, limit, weight } … } as submissions wanted them (or nil),
           3 msgpack: settings { { name, version, JSON, limit, facts of a purge,
           next run of a schedule } … }; what is not there is nil,
           4… packed spec, packed state, payload of each task
           returns { OK } | { LOST }
xq_ready   ARGV 1 epoch, 2 n, 3 next status offset, 4 and 5 offsets of the next command and report,
           6 highest order, 7 msgpack: low-water mark (status, commands, reports), 8 msgpack: totals by name,
           9 when the record at the low-water mark was written, in ms, or 0
           returns { OK } | { LOST }

Between xq_adopt's REBUILDING and xq_ready's OK no call and no claim is answered.

Keys:
  claims    hash    see attempt.lua
  timers    zset    see task.lua; here: leases
  totals    hash    see outbox.lua
]]
-- The call that a mark is noted under so that it covers every task of a rebuild (those are listed under call 0).
local BEFORE_ALL = -1

local function not_mine(e)
  return not C.head or C.head.e ~= e or C.head.mode ~= Cell.REBUILDING
end

local function apply_settings(packed)
  for name, value in pairs(cmsgpack.unpack(packed)) do C.head[name] = value end
end

-- Every claimed attempt gets a whole lease: its worker could reach nobody, or the clock may have jumped. One that
-- is cancelled has no lease any more, only a while to end.
local function renew_leases()
  local due = C.head.now + C.head.lease + C.head.grace
  for _, id in ipairs(redis.call('HKEYS', C.base .. KEY.claims)) do
    local task = Task.load(id)
    if task and not task.state[S.cancel] then redis.call('ZADD', C.base .. KEY.timers, 'XX', 'GT', due, id) end
  end
end

local function is_behind(log_e, log_n)
  return not C.head.n or Cell.before(C.head.e, C.head.n, log_e, log_n)
end

redis.register_function{ function_name = 'xq_adopt', flags = { 'allow-oom' }, callback = function(keys, args)
  local e, log_e, log_n = tonumber(args[1]), tonumber(args[2]), tonumber(args[3])
  local settings = args[4]
  Cell.open(keys[1])
  if C.head and C.head.e > e then return { CODE.LOST } end
  if Cell.resting() or C.head.dirty == 1 or C.head.form ~= FORM or is_behind(log_e, log_n) then
    redis.call('DEL', keys[1])
    C.head = { e = e, n = 0, mode = Cell.REBUILDING, form = FORM }
    Cell.catch_up()
    apply_settings(settings)
    Cell.close()
    return { CODE.REBUILDING }
  end
  local head = C.head
  head.e = e
  Cell.catch_up()
  apply_settings(settings)
  renew_leases()
  Cell.close()
  return { CODE.OK, head.n, head.told, head.off, head.cmd, head.rep, Outbox.rest(head.told, head.n) }
end }

redis.register_function{ function_name = 'xq_wipe', flags = { 'allow-oom' }, callback = function(keys, args)
  local e = tonumber(args[1])
  Cell.open(keys[1])
  if not_mine(e) then return { CODE.LOST } end
  for i = 2, #args do
    if args[i] ~= keys[1] then redis.call('UNLINK', args[i]) end
  end
  return { CODE.OK }
end }

local function restore(packed_spec, packed_state, payload)
  local spec = cmsgpack.unpack(packed_spec)
  local task = Task.create(spec[P.task_id], packed_spec, payload, spec[P.process_timeout_ms])
  task.state = cmsgpack.unpack(packed_state)
  local state = task.state
  if not Task.ended(state[S.status]) then Group.live(Task.group(task)) end
  if spec[P.schedule] then Schedule.restore('schedule/' .. spec[P.tenant] .. '/' .. spec[P.schedule], task.id) end
  if not Task.ended(state[S.status]) then C.head.front = math.min(C.head.front, state[S.order]) end
  if state[S.status] == 'processing' then
    if not state[S.cancel] then state[S.due_ms] = C.head.now + C.head.lease + C.head.grace end
    Attempt.hold(task)
    Attempt.charge_again(task)
  elseif state[S.status] == 'pending' then
    Lane.enqueue(task)
  end
  if not Task.ended(state[S.status]) then Depend.restore(task) end
  if not Task.ended(state[S.status]) then C.born[#C.born + 1] = task.id end
  Task.restore(task)
end

local function restore_setting(row)
  Setting.restore(row[1], row[2], row[3], row[4] or nil)
  if row[5] then Purge.note(row[1], row[5]) end
  if row[6] then Schedule.plan(row[1], row[6] > 0 and row[6] or nil) end
end

redis.register_function{ function_name = 'xq_load', callback = function(keys, args)
  local e, wanted, settings = tonumber(args[1]), cmsgpack.unpack(args[2]), cmsgpack.unpack(args[3])
  Cell.open(keys[1])
  if not_mine(e) then return { CODE.LOST } end
  for _, row in ipairs(settings) do restore_setting(row) end
  for _, row in ipairs(wanted) do Group.want(Group.load(row[1]), row[2] or nil, row[3] or nil) end
  for i = 4, #args, 3 do restore(args[i], args[i + 1], args[i + 2]) end
  Rolling.remember()
  Lane.settle()
  Call.flush()
  Cell.close()
  return { CODE.OK }
end }

redis.register_function{ function_name = 'xq_ready', callback = function(keys, args)
  local e, n, off = tonumber(args[1]), tonumber(args[2]), tonumber(args[3])
  local cmd, rep, seq = tonumber(args[4]), tonumber(args[5]), tonumber(args[6])
  local low, totals, since = cmsgpack.unpack(args[7]), cmsgpack.unpack(args[8]), tonumber(args[9])
  Cell.open(keys[1])
  if not_mine(e) then return { CODE.LOST } end
  local head = C.head
  head.n, head.told, head.off, head.cmd, head.rep = n, n, off, cmd, rep
  head.seq, head.dirty, head.mode = seq, 0, 'running'
  Rolling.mark(BEFORE_ALL, low[1], low[2], low[3], since > 0 and since or head.now)
  head.low_off, head.low_cmd, head.low_rep = low[1], low[2], low[3]
  for name, count in pairs(totals) do redis.call('HSET', C.base .. KEY.totals, name, count) end
  Cell.close()
  return { CODE.OK }
end }
