--[[
Estimate: how long attempts of a type take, as far as that was seen. Soft: after a loss it is learned anew.

Keys:
  estimates  hash    type -> msgpack: ms, attempts seen
]]

local function load(type)
  local estimate = C.estimates[type]
  if estimate == nil then
    local value = redis.call('HGET', C.base .. KEY.estimates, type)
    estimate = { known = value and cmsgpack.unpack(value) or nil }
    C.estimates[type] = estimate
  end
  return estimate
end

-- How long an attempt of this type is expected to take, in ms.
function Estimate.of(type)
  return Policy.expect(load(type).known)
end

-- An attempt of this type took so many ms.
function Estimate.learn(type, ms)
  local estimate = load(type)
  estimate.known, estimate.changed = Policy.learn(estimate.known, ms), true
end

function Estimate.save_all()
  for type, estimate in pairs(C.estimates) do
    if estimate.changed then redis.call('HSET', C.base .. KEY.estimates, type, cmsgpack.pack(estimate.known)) end
  end
end
