--[[
Tenant: a flow among the tenants of the cell, and the share of its groups.

Invariant: a tenant has a record while groups of it have one; after that until the slowest clock has passed its tag,
so that one who goes and comes again gains nothing. Its levels are those where tasks of it wait:

  level     { groups, lift, now, ready, total }: groups of it that wait there; its lift while it is ready there, else
            false; the clock of its groups: its time and how many of them are ready

Keys:
  tenant    string  msgpack: tag, owed, furthest time of its groups' clocks, their total weight, number of groups, tasks
                    that wait, then its levels: name, groups, lift, time, ready groups
  idle      zset    tenants without open tasks, by tag
]]
local FORGET_MOST = 64

local function read(name)
  local tenant = { name = name, scope = 'n/' .. name, levels = {}, tag = 0, owed = 0, furthest = 0, total = 0, groups = 0, waiting = 0 }
  local value = redis.call('GET', C.base .. KEY.tenant .. name)
  if not value then return tenant end
  local f = cmsgpack.unpack(value)
  tenant.stored, tenant.tag, tenant.owed, tenant.furthest, tenant.total = true, f[1], f[2], f[3], f[4]
  tenant.groups, tenant.waiting = f[5], f[6]
  for i = 7, #f, 5 do tenant.levels[f[i]] = { groups = f[i + 1], lift = f[i + 2], now = f[i + 3], ready = f[i + 4] } end
  return tenant
end

local function weigh(tenant)
  local limit = Limit.of(tenant.scope)
  tenant.weight = limit and limit.weight or 1
end

function Tenant.load(name)
  local tenant = C.tenants[name]
  if not tenant then
    tenant = read(name)
    C.tenants[name] = tenant
    weigh(tenant)
  end
  return tenant
end

function Tenant.room(tenant)
  return Limit.room(tenant.scope)
end

-- One more of its groups has open tasks, with this weight.
function Tenant.gain(tenant, weight)
  local head = C.head
  if tenant.groups == 0 then
    head.tenants, head.vw = head.tenants + 1, head.vw + tenant.weight
    if tenant.stored then redis.call('ZREM', C.base .. KEY.idle, tenant.name) end
  end
  tenant.groups, tenant.total, tenant.changed = tenant.groups + 1, tenant.total + weight, true
end

-- One of its groups has none any more.
function Tenant.lose(tenant, weight)
  local head = C.head
  tenant.groups, tenant.total, tenant.changed = tenant.groups - 1, tenant.total - weight, true
  if tenant.groups > 0 then return end
  tenant.total = 0
  head.tenants, head.vw = head.tenants - 1, head.vw - tenant.weight
  if head.tenants == 0 then head.vw = 0 end
end

-- A group of it weighs so much more than before.
function Tenant.shift(tenant, by)
  tenant.total, tenant.changed = tenant.total + by, true
end

-- Its limit was set anew: its weight may be another.
function Tenant.reweigh(tenant)
  local before = tenant.weight
  weigh(tenant)
  if tenant.groups > 0 then C.head.vw = C.head.vw + tenant.weight - before end
end

-- A group of it waits at a level from now on.
function Tenant.enter(tenant, level)
  local at = tenant.levels[level]
  if not at then
    at = { groups = 0, lift = false, now = 0, ready = 0 }
    tenant.levels[level] = at
  end
  at.groups, tenant.changed = at.groups + 1, true
end

function Tenant.leave(tenant, level)
  local at = tenant.levels[level]
  at.groups, tenant.changed = at.groups - 1, true
  if at.groups == 0 then tenant.levels[level] = nil end
end

local function least(tenant)
  local found
  for _, at in pairs(tenant.levels) do
    if at.ready > 0 and at.since ~= C.settles and (not found or at.now < found) then found = at.now end
  end
  return found
end

-- The clock of its groups at a level.
function Tenant.clock(tenant, level)
  local at = tenant.levels[level]
  at.total = tenant.total
  return at
end

-- One of its groups becomes ready at a level: if none was, the clock goes on after a rest.
function Tenant.wake(tenant, level)
  local at = tenant.levels[level]
  if at.ready > 0 then return end
  at.now, at.since = Policy.restart(at.now, least(tenant), tenant.furthest), C.settles
end

-- One more (or less) of its groups is ready at a level.
function Tenant.count_ready(tenant, level, by)
  local at = tenant.levels[level]
  at.ready, tenant.changed = at.ready + by, true
end

function Tenant.charged(tenant, clock)
  tenant.furthest, tenant.changed = math.max(tenant.furthest, clock.now), true
end

-- Its room has changed: bring its places in the ready indexes up to date.
function Tenant.reindex(tenant)
  for level in pairs(tenant.levels) do Lane.mark(level, tenant) end
end

function Tenant.wait(tenant, by)
  tenant.waiting, tenant.changed = tenant.waiting + by, true
end

local function write(tenant)
  local fields = { tenant.tag, tenant.owed, tenant.furthest, tenant.total, tenant.groups, tenant.waiting }
  for level, at in pairs(tenant.levels) do
    local n = #fields
    fields[n + 1], fields[n + 2], fields[n + 3] = level, at.groups, at.lift
    fields[n + 4], fields[n + 5] = at.now, at.ready
  end
  Cell.put(C.base .. KEY.tenant .. tenant.name, cmsgpack.pack(fields))
end

local function save(tenant)
  if tenant.groups > 0 or (C.head.tenants > 0 and tenant.tag > (Clock.least(Clock.goes) or 0)) then
    write(tenant)
    if tenant.groups == 0 then redis.call('ZADD', C.base .. KEY.idle, tenant.tag, tenant.name) end
  else
    redis.call('DEL', C.base .. KEY.tenant .. tenant.name)
    if tenant.stored then redis.call('ZREM', C.base .. KEY.idle, tenant.name) end
  end
end

-- Those that are behind every clock, or all if nobody has open tasks.
local function forget()
  local key = C.base .. KEY.idle
  if redis.call('EXISTS', key) == 0 then return end
  local till = C.head.tenants == 0 and '+inf' or Clock.least(Clock.goes) or '-inf'
  local names = redis.call('ZRANGEBYSCORE', key, '-inf', till, 'LIMIT', 0, FORGET_MOST)
  for _, name in ipairs(names) do redis.call('DEL', C.base .. KEY.tenant .. name) end
  Cell.many('ZREM', key, names)
end

function Tenant.save_all()
  for _, tenant in pairs(C.tenants) do
    if tenant.changed then save(tenant) end
  end
  forget()
end
