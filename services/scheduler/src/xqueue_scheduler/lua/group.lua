--[[
Group: the tasks of one concurrency key of one tenant ('tenant/key'), or of a tenant's tasks without a key
('tenant/'), over all their levels. A flow among the groups of its tenant.

Invariant: a group has a record, and counts in its tenant, exactly while it has open tasks, be they scheduled only.
Its levels are those where tasks of it wait. Its running attempts are the members of the scope 'k/' and its name.

Keys:
  group     string  msgpack: tag, owed, limit and weight that the latest submission wanted (or false), tasks that are
                    scheduled, tasks that wait for a slot, then the levels where tasks of it wait, each with its lift
                    while it is ready there, else false
  members   set     groups of which tasks wait at one level
]]

local function tenant_of(name)
  return name:sub(1, name:find('/', 1, true) - 1)  -- a key may hold slashes, a tenant cannot
end

local function parse(name, value)
  local group = { name = name, scope = 'k/' .. name, levels = {}, tag = 0, owed = 0, scheduled = 0, waiting = 0 }
  if not value then return group end
  local f = cmsgpack.unpack(value)
  group.stored, group.alive, group.tag, group.owed = true, true, f[1], f[2]
  group.wanted, group.wanted_weight, group.scheduled, group.waiting = f[3] or nil, f[4] or nil, f[5], f[6]
  for i = 7, #f, 2 do group.levels[f[i]] = f[i + 1] end
  return group
end

local function weigh(group)
  local limit = Limit.of(group.scope)
  group.weight = limit and limit.weight or group.wanted_weight or 1
end

local function keep(name, value)
  local group = parse(name, value)
  C.groups[name] = group
  group.tenant = Tenant.load(tenant_of(name))
  weigh(group)
  return group
end

function Group.load(name)
  return C.groups[name] or keep(name, redis.call('GET', C.base .. KEY.group .. name))
end

-- Load groups that are going to be needed, at once.
function Group.prepare(names)
  local wanted, paths, seen = {}, {}, {}
  for _, name in ipairs(names) do
    if not C.groups[name] and not seen[name] then
      wanted[#wanted + 1], paths[#paths + 1], seen[name] = name, C.base .. KEY.group .. name, true
    end
  end
  for i, value in ipairs(Cell.values(paths)) do keep(wanted[i], value) end
end

-- How many more attempts may run.
function Group.room(group)
  return Limit.room(group.scope, group.wanted)
end

-- Whether tasks of it wait where it is not ready.
function Group.blocked(group)
  for _, lift in pairs(group.levels) do
    if not lift then return true end
  end
  return false
end

-- It has an open task.
function Group.live(group)
  if group.alive then return end
  group.alive, group.changed = true, true
  Tenant.gain(group.tenant, group.weight)
end

-- A task of it has ended: it counts in its tenant no more if that was its last.
function Group.recount(group)
  if not group.alive or group.waiting > 0 or group.scheduled > 0 or Scope.count(group.scope) > 0 then return end
  group.alive = false
  Tenant.lose(group.tenant, group.weight)
end

-- Its weight may be another.
function Group.reweigh(group)
  local before = group.weight
  weigh(group)
  if group.alive then Tenant.shift(group.tenant, group.weight - before) end
end

-- The latest submission's limit and weight count; a change acts on what waits already.
function Group.want(group, limit, weight)
  if weight and weight ~= group.wanted_weight then
    group.wanted_weight, group.changed = weight, true
    Group.reweigh(group)
  end
  if limit and limit ~= group.wanted then
    group.wanted, group.changed = limit, true
    Limit.changed(group.scope)
    Group.reindex(group)
  end
end

-- Tasks of it wait at this level from now on.
function Group.enter(group, level)
  group.levels[level], group.changed = false, true
  redis.call('SADD', C.base .. KEY.members .. level, group.name)
  Tenant.enter(group.tenant, level)
end

-- It is ready at this level with this lift, or (false) not any more.
function Group.place(group, level, lift)
  local before = group.levels[level]
  if before == lift then return end
  group.levels[level], group.changed = lift, true
  if not before then Tenant.count_ready(group.tenant, level, 1) end
  if not lift then Tenant.count_ready(group.tenant, level, -1) end
end

-- No task of it waits at this level any more.
function Group.leave(group, level)
  Group.place(group, level, false)
  group.levels[level], group.changed = nil, true
  redis.call('SREM', C.base .. KEY.members .. level, group.name)
  Tenant.leave(group.tenant, level)
end

-- Its room has changed: bring its places in the ready indexes up to date.
function Group.reindex(group)
  for level in pairs(group.levels) do Lane.mark(level, group.tenant, group) end
end

-- Count tasks in or out that wait for a slot.
function Group.wait(group, by)
  group.waiting, group.changed = group.waiting + by, true
  Tenant.wait(group.tenant, by)
end

-- Count a scheduled task in or out.
function Group.schedule(group, by)
  group.scheduled, group.changed = group.scheduled + by, true
  Tenant.wait(group.tenant, by)
end

local function write(group)
  local fields = {
    group.tag, group.owed, group.wanted or false, group.wanted_weight or false, group.scheduled, group.waiting,
  }
  for level, lift in pairs(group.levels) do
    local n = #fields
    fields[n + 1], fields[n + 2] = level, lift
  end
  Cell.put(C.base .. KEY.group .. group.name, cmsgpack.pack(fields))
end

local function save(group)
  if not group.alive then
    if group.stored then redis.call('DEL', C.base .. KEY.group .. group.name) end
  elseif group.changed then
    write(group)
  end
end

function Group.save_all()
  for _, group in pairs(C.groups) do save(group) end
end
