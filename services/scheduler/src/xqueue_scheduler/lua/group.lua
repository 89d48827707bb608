--[[
Group: the waiting tasks of one concurrency key of one tenant ('tenant/key'), or of a tenant's tasks without a key
('tenant/'), over all their lanes.

Invariant: a group stands in the ready index of each lane where it has waiting tasks exactly while it has room;
at its limit it stands in none, so what is blocked costs nothing. Its record, and with it the limit, exists while
the key has open tasks, be they scheduled only.

Its running attempts are the members of the scope 'k/' and the group.

Keys:
  group     string  msgpack: limit (or false), number of its scheduled tasks, then the lanes where tasks of it wait
]]

-- Groups that stand for a concurrency key have a limit and a record; the others need neither.
local function read(name)
  local keyed = name:find('/', 1, true) < #name  -- the key itself may hold and end with a slash, a tenant cannot
  local group = { name = name, keyed = keyed, lanes = {}, scheduled = 0, scope = keyed and 'k/' .. name }
  local value = keyed and redis.call('GET', C.base .. KEY.group .. name)
  if not value then return group end
  local fields = cmsgpack.unpack(value)
  group.stored, group.limit, group.scheduled = true, fields[1] or nil, fields[2]
  for i = 3, #fields do group.lanes[fields[i]] = true end
  return group
end

function Group.load(name)
  local group = C.groups[name]
  if not group then
    group = read(name)
    C.groups[name] = group
  end
  return group
end

-- How many more attempts may run.
function Group.room(group)
  if not group.limit then return math.huge end
  return group.limit - Scope.count(group.scope)
end

-- The latest submission's limit counts; a change acts on what waits already.
function Group.set_limit(group, limit)
  if group.limit == limit then return end
  group.limit, group.changed = limit, true
  Group.reindex(group)
end

function Group.enter(group, lane)
  if not group.lanes[lane] then group.lanes[lane], group.changed = true, true end
end

function Group.leave(group, lane)
  if group.lanes[lane] then group.lanes[lane], group.changed = nil, true end
end

-- Bring the group's place in the ready indexes of its lanes up to date: its room has changed.
function Group.reindex(group)
  for lane in pairs(group.lanes) do Lane.index(lane, group) end
end

-- It has no room any more.
function Group.block(group)
  for lane in pairs(group.lanes) do Lane.block(lane, group) end
end

-- Count a scheduled task in or out.
function Group.schedule(group, by)
  group.scheduled, group.changed = group.scheduled + by, true
end

local function save(group)
  local lanes = {}
  for lane in pairs(group.lanes) do lanes[#lanes + 1] = lane end
  if #lanes == 0 and group.scheduled == 0 and Scope.count(group.scope) == 0 then
    redis.call('DEL', C.base .. KEY.group .. group.name)
  elseif group.changed or not group.stored then
    redis.call('SET', C.base .. KEY.group .. group.name, cmsgpack.pack({ group.limit or false, group.scheduled, unpack(lanes) }))
  end
end

function Group.save_all()
  for _, group in pairs(C.groups) do
    if group.keyed then save(group) end
  end
end
