--[[
Read: what may be asked of a cell without changing it.

xq_read     ARGV 1 task id
            returns { next command offset or -1, row as msgpack or '', place among its group's waiting from 0, or -1 }
xq_stats    returns { time in ms or -1, { name, count, … } totals, { status, count, … } open tasks }
xq_workers  returns { incarnation, packed offer, time of the last heartbeat in ms, attempts that it holds, … }

Keys:
  workers   hash    see worker.lua
  beats     zset    see worker.lua
  totals    hash    see outbox.lua
  open      hash    see outbox.lua
]]
redis.register_function{ function_name = 'xq_read', flags = { 'no-writes' }, callback = function(keys, args)
  local id = args[1]
  Cell.open(keys[1])
  if not C.head or C.head.mode == Cell.REBUILDING then return { -1, '', -1 } end
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
