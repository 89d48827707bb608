--[[
Setting: what operators set, by name (xqueue_common/limits.py): kept here as its JSON, told to the log with each
change and again with the rolling snapshots, and turned into limits of scopes.

Invariant: the value here is the last version told; what `limits` holds follows from it.

Keys:
  settings  hash    name -> version, call that told it last, JSON, one a line; one hash for each kind (queue, limit …)
]]

local EMPTY_QUEUE = '{"kind":"queue"}'

local function hash_of(name)
  return Cell.key(KEY.settings, name:match('^[^/]+'))
end

-- The scope that a setting limits, or nil.
local function scope_of(name)
  local queue = name:match('^queue/(.*)$')
  if queue then return 'q/' .. queue end
  local kind, rest = name:match('^limit/([^/]+)/(.*)$')
  if kind == 'tenant' then return 'n/' .. rest end
  if kind == 'type' then return 't/' .. rest end
  if kind == 'key' then return 'k/' .. rest end
end

-- Version, call that told it last, and JSON of a setting; version 0 if there is none.
function Setting.read(name)
  local value = redis.call('HGET', hash_of(name), name)
  if not value then return 0 end
  local version, call, json = value:match('^(%d+)\n(%d+)\n(.*)$')
  return tonumber(version), tonumber(call), json
end

local function keep(name, version, json)
  redis.call('HSET', hash_of(name), name, string.format('%d\n%d\n', version, C.head.n) .. json)
  C.born[#C.born + 1] = Rolling.SETTING .. name
  C.known[name] = true
end

local function tell(name, version, json)
  C.settings[#C.settings + 1] = '\148' .. cmsgpack.pack(name, version, C.head.now, json or nil)
end

-- The group or tenant that a scope belongs to, if it is one of a flow.
local function flow_of(scope)
  local kind, name = scope:sub(1, 2), scope:sub(3)
  if kind == 'k/' then return Group, Group.load(name) end
  if kind == 'n/' then return Tenant, Tenant.load(name) end
end

local function apply(name, limit)
  local scope = scope_of(name)
  if not scope then return end
  local flows, flow = flow_of(scope)  -- with the weight that it has so far
  Limit.set(scope, limit)
  if flow then flows.reweigh(flow) end
  Lane.reindex(scope)
end

-- Set a setting: its JSON, its limit as limit.lua keeps it (nil if it limits nothing).
function Setting.set(name, json, limit)
  local version = Setting.read(name) + 1
  keep(name, version, json)
  tell(name, version, json)
  apply(name, limit)
end

function Setting.remove(name)
  local version = Setting.read(name)
  if version == 0 then return end
  redis.call('HDEL', hash_of(name), name)
  C.known[name] = false
  if name:sub(1, 9) == 'schedule/' then Schedule.forget(name) end
  tell(name, version + 1)
  apply(name, nil)
end

-- As a rebuild found it.
function Setting.restore(name, version, json, limit)
  keep(name, version, json)
  apply(name, limit)
  local scope = scope_of(name)
  if scope then Limit.drain(scope) end
end

-- Tell a setting again, for the rolling snapshot.
function Setting.again(name)
  local version, _, json = Setting.read(name)
  keep(name, version, json)
  tell(name, version, json)
end

-- Whether the entry that a call put into `opens` is the one that counts.
function Setting.is_open(name, call)
  local version, last = Setting.read(name)
  return version > 0 and last == call
end

-- A queue that nobody has set comes to be with its first task.
function Setting.ensure_queue(queue)
  local name = 'queue/' .. queue
  if C.known[name] == nil then C.known[name] = redis.call('HEXISTS', hash_of(name), name) == 1 end
  if not C.known[name] then Setting.set(name, EMPTY_QUEUE) end
end
