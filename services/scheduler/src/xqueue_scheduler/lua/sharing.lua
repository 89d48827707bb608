--[[
Sharing: whether others have open tasks in a queue. What one tenant does to it must leave theirs alone.

Keys:
  members    set     see lane.lua
  scheduled  set     see task.lua
]]
local SCAN, MOST = 200, 5000

-- Whether any member of a set fulfils a condition; one of more than MOST members is not looked through, and does.
local function any(key, foreign)
  if redis.call('SCARD', key) > MOST then return true end
  local cursor = '0'
  repeat
    local found = redis.call('SSCAN', key, cursor, 'COUNT', SCAN)
    cursor = found[1]
    for _, member in ipairs(found[2]) do
      if foreign(member) then return true end
    end
  until cursor == '0'
  return false
end

local function waiting(queue, tenant)
  local own = tenant .. '/'
  local function foreign(group) return group:sub(1, #own) ~= own end
  for name in pairs(Lane.names()) do
    if Lane.load(name).queue == 'q/' .. queue and any(C.base .. KEY.members .. name, foreign) then return true end
  end
  return false
end

-- Whether another tenant than this one has open tasks in a queue, as far as can be seen at little cost.
function Sharing.others(queue, tenant)
  local function foreign(member)
    local task = Task.load(member:sub(1, ID_SIZE))
    return task and Task.spec(task)[P.tenant] ~= tenant
  end
  if waiting(queue, tenant) or any(C.base .. KEY.scheduled .. queue, foreign) then return true end
  for member in pairs(Scope.members('q/' .. queue)) do
    if foreign(member) then return true end
  end
  return false
end
