--[[
Purge: cancels what waits in a queue, a part in each call until all is done that was there when it was asked for.

A purge is a setting ('purge/queue/tenant'), so it goes on after a loss of Redis; what is kept beside it is how far
it has looked.

Keys:
  purges    hash    name of the setting -> msgpack: queue, tenant or false, order before which tasks are canceled,
                    whether running ones are too
  scheduled  set     see task.lua
  members   set     see lane.lua
]]
local SCAN = 64

-- Begin a purge, or have one that was begun go further.
function Purge.begin(queue, tenant, running)
  local name = 'purge/' .. queue .. '/' .. (tenant or '')
  local before = redis.call('HGET', C.base .. KEY.purges, name)
  running = running or (before and cmsgpack.unpack(before)[4]) or false
  Purge.note(name, { queue, tenant or false, C.head.seq + 1, running })
  local facts = { kind = 'purging', queue = queue, tenant = tenant, before = C.head.seq + 1, running = running or nil }
  Setting.set(name, cjson.encode(facts))
end

-- Keep what a purge is to do.
function Purge.note(name, facts)
  redis.call('HSET', C.base .. KEY.purges, name, cmsgpack.pack(facts))
end

local function concerns(task, facts)
  local state = task.state
  return not Task.ended(state[S.status]) and state[S.order] < facts.before
    and (not facts.tenant or Task.spec(task)[P.tenant] == facts.tenant)
end

-- Cancel those of these tasks that the purge concerns; return how many.
local function cancel_all(ids, facts)
  local done = 0
  for _, id in ipairs(ids) do
    local task = Task.load(id)
    if task and concerns(task, facts) and not task.state[S.cancel] then
      Command.cancel_task(task)
      done = done + 1
    end
  end
  return done
end

local function of_tenant(group, facts)
  return not facts.tenant or group:sub(1, #facts.tenant + 1) == facts.tenant .. '/'
end

-- Cancel waiting tasks of the groups at one level.
local function purge_level(level, facts, budget)
  local cursor, done = '0', 0
  repeat
    local found = redis.call('SSCAN', C.base .. KEY.members .. level, cursor, 'COUNT', SCAN)
    cursor = found[1]
    for _, group in ipairs(found[2]) do
      if of_tenant(group, facts) and done < budget then
        local key = Lane.queue_key(level, group)
        local ids = redis.call('ZRANGEBYSCORE', key, '-inf', '(' .. facts.before, 'LIMIT', 0, budget - done)
        done = done + cancel_all(ids, facts)
      end
    end
  until cursor == '0' or done >= budget
  return done
end

local function waiting(facts, budget)
  local done = 0
  for name in pairs(Lane.names()) do
    if done < budget and Lane.load(name).queue == 'q/' .. facts.queue then
      done = done + purge_level(name, facts, budget - done)
    end
  end
  return done
end

local function running(facts)
  local ids = {}
  for member in pairs(Scope.members('q/' .. facts.queue)) do ids[#ids + 1] = member:sub(1, ID_SIZE) end
  return cancel_all(ids, facts)
end

local function scheduled(facts, budget)
  local cursor, done = '0', 0
  repeat
    local found = redis.call('SSCAN', C.base .. KEY.scheduled .. facts.queue, cursor, 'COUNT', SCAN)
    cursor = found[1]
    done = done + cancel_all(found[2], facts)
  until cursor == '0' or done >= budget
  return done
end

-- Cancel at most about `budget` tasks of one purge; return how many were left to do that.
local function step(facts, budget)
  local done = waiting(facts, budget)
  if done < budget then done = done + scheduled(facts, budget - done) end
  if facts.running then running(facts) end
  return done
end

-- Let every purge go on; return whether any has more to do.
function Purge.run(budget)
  local all = redis.call('HGETALL', C.base .. KEY.purges)
  for i = 1, #all, 2 do
    local f = cmsgpack.unpack(all[i + 1])
    local facts = { queue = f[1], tenant = f[2] or nil, before = f[3], running = f[4] }
    if step(facts, budget) < budget then
      redis.call('HDEL', C.base .. KEY.purges, all[i])
      Setting.remove(all[i])
    end
  end
  return redis.call('EXISTS', C.base .. KEY.purges) == 1
end
