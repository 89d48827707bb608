--[[
Read: what may be asked of a cell without changing it.

xq_read     ARGV 1 task id
            returns { next command offset or -1, row as msgpack or '', place among its group's waiting from 0, or -1 }
xq_stats    returns { time in ms or -1, { name, count, … } totals, { status, count, … } open tasks }
xq_workers  returns { incarnation, packed offer, time of the last heartbeat in ms, attempts that it holds, … }
xq_setting  ARGV 1 name; returns { next command offset or -1, version or 0, JSON }
xq_settings ARGV 1 kind; returns { name, version, JSON, … }
xq_queues   returns { name, version, JSON, pending, scheduled, processing, … }
xq_waiting  ARGV 1… scopes ('q/queue', 'n/tenant', 'k/tenant/key'); returns { next command offset or -1, tasks that
            wait for a slot or their time, … }; for 'o/tenant' all open tasks of a tenant
xq_shared   ARGV 1 queue, 2 tenant
            returns { next command offset or -1, 1 if another tenant has open tasks in the queue, else 0 }
xq_running  ARGV 1… scopes of any kind
            returns { attempts that hold a slot, … }

Keys:
  settings  hash    see setting.lua
  levels    hash    see lane.lua
  scheduled  set     see task.lua
  workers   hash    see worker.lua
  beats     zset    see worker.lua
  totals    hash    see outbox.lua
  open      hash    see outbox.lua
]]
redis.register_function{ function_name = 'xq_read', flags = { 'no-writes' }, callback = function(keys, args)
  local id = args[1]
  Cell.open(keys[1])
  if Cell.resting() then return { -1, '', -1 } end
  local task = Task.load(id)
  if not task then return { C.head.cmd, '', -1 } end
  local rank = task.state[S.status] == 'pending' and Lane.rank(task)
  return { C.head.cmd, Task.row(task), rank or -1 }
end }

redis.register_function{ function_name = 'xq_stats', flags = { 'no-writes' }, callback = function(keys, _)
  Cell.open(keys[1])
  return {
    C.head and C.head.now or -1,
    redis.call('HGETALL', C.base .. KEY.totals),
    redis.call('HGETALL', C.base .. KEY.open),
  }
end }

redis.register_function{ function_name = 'xq_workers', flags = { 'no-writes' }, callback = function(keys, _)
  Cell.open(keys[1])
  local all, answer = redis.call('HGETALL', C.base .. KEY.workers), {}
  for i = 1, #all, 2 do
    answer[#answer + 1] = all[i]
    answer[#answer + 1] = all[i + 1]
    answer[#answer + 1] = redis.call('ZSCORE', C.base .. KEY.beats, all[i]) or '0'
    answer[#answer + 1] = Scope.count('w/' .. all[i])
  end
  return answer
end }

redis.register_function{ function_name = 'xq_setting', flags = { 'no-writes' }, callback = function(keys, args)
  local name = args[1]
  Cell.open(keys[1])
  if Cell.resting() then return { -1, 0, '' } end
  local version, _, json = Setting.read(name)
  return { C.head.cmd, version, json or '' }
end }

local function settings(kind)
  local all, list = redis.call('HGETALL', C.base .. KEY.settings .. kind), {}
  for i = 1, #all, 2 do
    local version, json = all[i + 1]:match('^(%d+)\n%d+\n(.*)$')
    list[#list + 1] = { all[i], tonumber(version), json }
  end
  return list
end

redis.register_function{ function_name = 'xq_settings', flags = { 'no-writes' }, callback = function(keys, args)
  local kind, flat = args[1], {}
  Cell.open(keys[1])
  for _, setting in ipairs(settings(kind)) do
    for _, field in ipairs(setting) do flat[#flat + 1] = field end
  end
  return flat
end }

-- How many tasks wait for a slot, by queue ('q/…').
local function pending()
  local counts, all = {}, redis.call('HGETALL', C.base .. KEY.levels)
  for i = 1, #all, 2 do
    local queue = Lane.load(all[i]).queue
    counts[queue] = (counts[queue] or 0) + tonumber(all[i + 1])
  end
  return counts
end

local function scheduled(queue)
  return redis.call('SCARD', C.base .. KEY.scheduled .. queue)
end

redis.register_function{ function_name = 'xq_queues', flags = { 'no-writes' }, callback = function(keys, _)
  Cell.open(keys[1])
  local flat, waiting = {}, pending()
  for _, setting in ipairs(settings('queue')) do
    local queue = setting[1]:match('^queue/(.*)$')
    for _, field in ipairs(setting) do flat[#flat + 1] = field end
    flat[#flat + 1] = waiting['q/' .. queue] or 0
    flat[#flat + 1] = scheduled(queue)
    flat[#flat + 1] = Scope.count('q/' .. queue)
  end
  return flat
end }

local function waiting_in(scope, by_queue)
  local kind, name = scope:sub(1, 2), scope:sub(3)
  if kind == 'q/' then return (by_queue[scope] or 0) + scheduled(name) end
  if kind == 'n/' then return Tenant.load(name).waiting end
  if kind == 'o/' then return Tenant.load(name).waiting + Scope.count('n/' .. name) end
  local group = Group.load(name)
  return group.waiting + group.scheduled
end

redis.register_function{ function_name = 'xq_waiting', flags = { 'no-writes' }, callback = function(keys, args)
  Cell.open(keys[1])
  local answer = { Cell.resting() and -1 or C.head.cmd }
  if answer[1] == -1 then
    for i = 1, #args do answer[i + 1] = 0 end
    return answer
  end
  local by_queue = pending()
  for i, scope in ipairs(args) do answer[i + 1] = waiting_in(scope, by_queue) end
  return answer
end }

redis.register_function{ function_name = 'xq_running', flags = { 'no-writes' }, callback = function(keys, args)
  Cell.open(keys[1])
  local answer = {}
  for i = 1, #args do answer[i] = Scope.count(args[i]) end
  return answer
end }

redis.register_function{ function_name = 'xq_shared', flags = { 'no-writes' }, callback = function(keys, args)
  local queue, tenant = args[1], args[2]
  Cell.open(keys[1])
  if Cell.resting() then return { -1, 1 } end
  return { C.head.cmd, Sharing.others(queue, tenant) and 1 or 0 }
end }
