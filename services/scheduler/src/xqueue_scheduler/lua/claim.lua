--[[
Claim: what workers ask of the cell: an inbox, leave to begin (rule R9), and the renewal of their leases. These
calls are not counted: what they write is soft (leases, offers, inboxes) and comes back with the next heartbeat.

xq_inbox      ARGV 1 incarnation, 2 first inbox, 3 step, 4 how many there are
              returns { OK, inbox } | { FULL } | { ASK_AGAIN }
xq_claim      ARGV 1 incarnation, 2 msgpack: { { task id, token, epoch, call }, … }, the latter two as in the record
              returns { ADMITTED | WAIT | GONE | CANCELED, … }, in the same order
xq_heartbeat  ARGV 1 incarnation, 2 msgpack: { instance, inbox, seq, slots, queues, types, profile, info,
              MB of GPU memory, models, MB of GPU memory that nothing takes },
              3 msgpack: { { task id, token }, … } all attempts that it has claimed
              returns { OK | INBOX_LOST, lease in ms, { lost task ids }, { cancelled task ids } } | { ASK_AGAIN }
xq_leave      ARGV 1 incarnation, 2 inbox; returns { OK } | { ASK_AGAIN }

Keys:
  inboxes   hash    inbox -> 'incarnation\nuntil when, in ms'
  timers    zset    see task.lua; here: leases
  beats     zset    see worker.lua
]]

local CHUNK = 4000

-- Nobody's lease outlives the deadline of the attempt: so exceeding it ends in time even if its worker says nothing.
local function renew(task, now)
  local due = now + C.head.lease + C.head.grace
  due = math.min(due, task.state[S.deadline_ms] + C.head.cancel)
  C.renewed[#C.renewed + 1], C.renewed[#C.renewed + 2] = due, task.id
end

-- Write leases and claims.
local function save()
  Attempt.save_claims()
  for i = 1, #C.renewed, CHUNK do
    redis.call('ZADD', C.base .. KEY.timers, 'XX', unpack(C.renewed, i, math.min(i + CHUNK - 1, #C.renewed)))
  end
end

local function token_label(token)
  local e, n = token:match('^(%d+)%.(%d+)%.')
  return tonumber(e), tonumber(n)
end

local function admission(incarnation, ask, now)
  local id, token, e, n = ask[1], ask[2], ask[3], ask[4]
  if Cell.before(C.head.e, C.head.n, e, n) then return ADMISSION.WAIT end
  local task = Task.load(id)
  if not Attempt.is_current(task, token) or task.state[S.worker] ~= incarnation then return ADMISSION.GONE end
  if task.state[S.cancel] then return ADMISSION.CANCELED end
  local _, granted_in = token_label(token)
  if granted_in > C.head.told then return ADMISSION.WAIT end
  Attempt.claim(task)
  renew(task, now)
  return ADMISSION.ADMITTED
end

local function prepare(asks)
  local ids = {}
  for i, ask in ipairs(asks) do ids[i] = ask[1] end
  Task.prepare(ids)
end

redis.register_function{ function_name = 'xq_claim', flags = { 'allow-oom' }, callback = function(keys, args)
  local incarnation, asks = args[1], cmsgpack.unpack(args[2])
  Cell.open(keys[1])
  local answers, rest = {}, Cell.resting()
  local now = not rest and Cell.guess()
  if not rest then prepare(asks) end
  for i, ask in ipairs(asks) do answers[i] = rest and ADMISSION.WAIT or admission(incarnation, ask, now) end
  save()
  return answers
end }

local function holder(inbox, now)
  local value = redis.call('HGET', C.base .. KEY.inboxes, inbox)
  if not value then return nil end
  local incarnation, till = value:match('^(.*)\n(%d+)$')
  if tonumber(till) > now then return incarnation end
end

local function lease_inbox(inbox, incarnation, now)
  local till = string.format('%d', now + C.head.lease)
  redis.call('HSET', C.base .. KEY.inboxes, inbox, incarnation .. '\n' .. till)
end

redis.register_function{ function_name = 'xq_inbox', flags = { 'allow-oom' }, callback = function(keys, args)
  local incarnation, first, step, count = args[1], tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
  Cell.open(keys[1])
  if Cell.resting() then return { CODE.ASK_AGAIN } end
  local now = Cell.guess()
  for inbox = first, count - 1, step do
    local held_by = holder(inbox, now)
    if not held_by or held_by == incarnation then
      lease_inbox(inbox, incarnation, now)
      return { CODE.OK, inbox }
    end
  end
  return { CODE.FULL }
end }

-- Renew one lease; adds the task to `lost` or `cancelled` if its worker must stop.
local function keep_alive(ask, now, lost, cancelled)
  local id, token = ask[1], ask[2]
  local task = Task.load(id)
  if not Attempt.is_current(task, token) then
    -- A token from later than all that Redis knows: Redis went back, and the next call will notice.
    if not Cell.before(C.head.e, C.head.n, token_label(token)) then lost[#lost + 1] = id end
  elseif task.state[S.cancel] then
    cancelled[#cancelled + 1] = id
  else
    Attempt.claim(task)  -- anew: a rebuild does not know it
    renew(task, now)
  end
end

local function take_offer(incarnation, fields, now)
  local offer = { incarnation = incarnation, instance = fields[1], inbox = fields[2], seq = fields[3],
    slots = fields[4], profile = fields[7], info = fields[8], mb = fields[9] or 0, room = fields[11] or 0, models = {} }
  for i, name in ipairs(fields[10] or {}) do offer.models[i] = Model.escape(name) end
  local known = Worker.load(incarnation)
  if known and known.seq > offer.seq then return end
  Worker.learn(offer.profile, fields[5], fields[6])
  Model.note(incarnation, offer.models, known and known.models)
  Worker.save(offer)
  redis.call('ZADD', C.base .. KEY.beats, now, incarnation)
  Worker.touch(incarnation)
  Worker.settle()
end

redis.register_function{ function_name = 'xq_heartbeat', flags = { 'allow-oom' }, callback = function(keys, args)
  local incarnation, fields, attempts = args[1], cmsgpack.unpack(args[2]), cmsgpack.unpack(args[3])
  Cell.open(keys[1])
  if Cell.resting() then return { CODE.ASK_AGAIN } end
  local now = Cell.guess()
  local lost, cancelled = {}, {}
  prepare(attempts)
  for _, ask in ipairs(attempts) do keep_alive(ask, now, lost, cancelled) end
  save()
  local held_by = holder(fields[2], now)
  if held_by and held_by ~= incarnation then return { CODE.INBOX_LOST, C.head.lease, lost, cancelled } end
  lease_inbox(fields[2], incarnation, now)
  take_offer(incarnation, fields, now)
  return { CODE.OK, C.head.lease, lost, cancelled }
end }

redis.register_function{ function_name = 'xq_leave', flags = { 'allow-oom' }, callback = function(keys, args)
  local incarnation, inbox = args[1], args[2]
  Cell.open(keys[1])
  if Cell.resting() then return { CODE.ASK_AGAIN } end
  if holder(inbox, Cell.guess()) == incarnation then redis.call('HDEL', C.base .. KEY.inboxes, inbox) end
  Worker.forget(incarnation)
  return { CODE.OK }
end }
