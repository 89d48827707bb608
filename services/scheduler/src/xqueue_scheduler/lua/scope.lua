--[[
Scope: everything that limits how many attempts run at once: a concurrency key ('k/tenant/key'), a worker
('w/incarnation').

Invariant: the members of a scope are the attempts ('task:attempt') whose task lists it as held. Counts are taken
from the set, never kept beside it. An attempt leaves by the list on its task, once.

Keys:
  scope     set     task:attempt of every attempt that holds a slot
]]

-- How many attempts hold a slot.
function Scope.count(name)
  local count = C.counts[name]
  if not count then
    count = redis.call('SCARD', Cell.key(KEY.scope, name))
    C.counts[name] = count
  end
  return count
end

function Scope.take(name, member)
  local count = Scope.count(name)
  C.counts[name] = count + redis.call('SADD', Cell.key(KEY.scope, name), member)
end

function Scope.free(name, member)
  local count = Scope.count(name)
  C.counts[name] = count - redis.call('SREM', Cell.key(KEY.scope, name), member)
end
