--[[
Model: which workers hold the model that tasks want, and how long what needs another may be passed over (POLICY.md).

Soft state: heartbeats say what a worker holds, a grant adds what it will load. A level that wants a model and finds no
free worker that holds it is cold. It is passed over for what is not cold, but only for so long; then it is due.

Names of models are kept as they stand in levels: what could be taken for a border there is escaped.

Keys:
  holders   set     incarnations of the workers that hold a model
  passed    hash    level -> when it was first passed over since it was served last, in ms
]]

Model.DUE, Model.WARM, Model.COLD = 0, 1, 2
Model.HELD, Model.ROOM, Model.FULL = 0, 1, 2
local TURNS = 3

function Model.escape(name)
  return (name:gsub('[^A-Za-z0-9_.~-]', function(c) return string.format('%%%02X', c:byte()) end))
end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names or {}) do set[name] = true end
  return set
end

local function holders_key(model)
  return Cell.key(KEY.holders, model)
end

-- A worker holds these models now, and before held those; either may be nil.
function Model.note(incarnation, now, before)
  local has, had = set_of(now), set_of(before)
  for model in pairs(has) do
    if not had[model] then redis.call('SADD', holders_key(model), incarnation) end
  end
  for model in pairs(had) do
    if not has[model] then redis.call('SREM', holders_key(model), incarnation) end
  end
end

function Model.holders(model)
  return redis.call('SMEMBERS', holders_key(model))
end

-- What it takes to run a task of this level on a worker: nothing, a load into free memory, or first the end of others.
function Model.heat(offer, level)
  if not level.model then return Model.HELD end
  offer.holds = offer.holds or set_of(offer.models)
  if offer.holds[level.model] then return Model.HELD end
  return offer.room >= level.mb and Model.ROOM or Model.FULL
end

local function passed()
  if not C.passed then
    C.passed = {}
    local all = redis.call('HGETALL', C.base .. KEY.passed)
    for i = 1, #all, 2 do C.passed[all[i]] = tonumber(all[i + 1]) end
  end
  return C.passed
end

function Model.any_passed()
  return next(passed()) ~= nil
end

function Model.is_passed(level)
  return passed()[level.name] ~= nil
end

-- When a level that is passed over will be due, or nil.
function Model.due(level)
  local since = level.model and passed()[level.name]
  return since and since + C.head.patience or nil
end

-- When it is the turn of a level whose best worker has this heat: before all others, with them, or after them.
function Model.turn(level, heat)
  if not level.model then return Model.WARM end
  local due = Model.due(level)
  if due and C.head.now >= due then return Model.DUE end
  return heat == Model.HELD and Model.WARM or Model.COLD
end

-- One number for whose slot it would be (allocation.lua) and for the turn; less comes first, but priorities stand between.
function Model.code(class, turn)
  return class * TURNS + turn
end

function Model.is_cold(code)
  return code % TURNS == Model.COLD
end

-- Something that needs no load is granted although this level comes first.
function Model.pass(level)
  passed()[level.name] = C.head.now
  redis.call('HSET', C.base .. KEY.passed, level.name, C.head.now)
end

-- A level is served, or cannot be any more.
function Model.forget(level)
  if not level.model or passed()[level.name] == nil then return end
  passed()[level.name] = nil
  redis.call('HDEL', C.base .. KEY.passed, level.name)
end

-- An attempt of this level goes to a worker, which will hold its model until it says otherwise.
function Model.give(offer, level)
  if not level.model then return end
  Model.forget(level)
  if Model.heat(offer, level) == Model.HELD then return end
  redis.call('SADD', holders_key(level.model), offer.incarnation)
  offer.models[#offer.models + 1], offer.holds[level.model] = level.model, true
  offer.room = math.max(0, offer.room - level.mb)
  Worker.save(offer)
end
