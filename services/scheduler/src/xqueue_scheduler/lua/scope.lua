--[[
Scope: everything in which an attempt holds a slot: its concurrency key ('k/tenant/key'), tenant ('n/tenant'), type
('t/type'), queue ('q/queue') and worker ('w/incarnation'; 'x/incarnation' beside it for more than one slot or GPU
memory).

Invariant: the members of a scope are the attempts ('task:attempt') whose task lists it as held. Counts are taken
from the set, never kept beside it. An attempt leaves by the list on its task, once.

Changes are written at the end of a call, one command a scope; until then they stand in C.joins and C.leaves.

Keys:
  scope     set     task:attempt of every attempt that holds a slot; in 'x/' scopes ':slots:MB' behind it, of what it
                    takes beyond one slot
]]

local NONE = {}

-- How many attempts hold a slot, this call's changes counted in.
function Scope.count(name)
  local count = C.counts[name]
  if not count then
    count = redis.call('SCARD', Cell.key(KEY.scope, name)) + #(C.joins[name] or NONE) - #(C.leaves[name] or NONE)
    C.counts[name] = count
  end
  return count
end

local function recount(name, by)
  local count = C.counts[name]
  if count then C.counts[name] = count + by end
end

local function note(changes, name, member)
  local list = changes[name]
  if list then
    list[#list + 1] = member
  else
    changes[name] = { member }
  end
end

function Scope.take(name, member)
  recount(name, 1)
  Limit.taken(name)
  note(C.joins, name, member)
end

function Scope.free(name, member)
  recount(name, -1)
  Limit.changed(name)
  note(C.leaves, name, member)
end

-- All members, this call's changes counted in.
function Scope.members(name)
  local found = {}
  for _, member in ipairs(redis.call('SMEMBERS', Cell.key(KEY.scope, name))) do found[member] = true end
  for _, member in ipairs(C.leaves[name] or {}) do found[member] = nil end
  for _, member in ipairs(C.joins[name] or {}) do found[member] = true end
  return found
end

local function among(list, members)
  local count = 0
  for _, member in ipairs(list or {}) do
    if members[member] then count = count + 1 end
  end
  return count
end

local function set_of(list)
  local set = {}
  for _, member in ipairs(list or {}) do set[member] = true end
  return set
end

-- How many attempts hold a slot in both scopes.
function Scope.common(one, other)
  local count = redis.call('SINTERCARD', 2, Cell.key(KEY.scope, one), Cell.key(KEY.scope, other))
  count = count - among(C.leaves[one], set_of(C.leaves[other]))
  return count + among(C.joins[one], set_of(C.joins[other]))
end

-- Write what has changed. No attempt joins and leaves in one call: its token is told in between.
function Scope.save_all()
  for name, members in pairs(C.leaves) do Cell.many('SREM', Cell.key(KEY.scope, name), members) end
  for name, members in pairs(C.joins) do Cell.many('SADD', Cell.key(KEY.scope, name), members) end
  C.joins, C.leaves = {}, {}
end
