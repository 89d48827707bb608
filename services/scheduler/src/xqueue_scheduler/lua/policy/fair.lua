--[[
Policy: start-time fair queueing over tenants, and over the groups of each tenant (POLICY.md, "fair shares").

Pure: every function works on what it is given; nothing here calls Redis. Virtual times and costs are whole us: Redis
takes four times as long to put a fraction into an index.

  flow    { tag, owed, weight }: a tenant or a group; `tag` is what it has been served so far, by its weight
  clock   { now, total }: of one share at one level; `now` is its virtual time, `total` the weights of the share's flows

A policy fills these functions and `Policy.follows`; another may stand in its place.
]]

-- Whether a flow stands in an index by the place of its first task, and not by its tag.
Policy.follows = false

local FIRST_GUESS_MS = 1000
local SAMPLES = 8

-- Where a task stands in its group, by its state: smaller is earlier.
function Policy.place(state)
  return state[S.order]
end

-- What a flow that enters an index is lifted by: who comes back has no credit.
function Policy.lift(flow, clock)
  return math.max(0, clock.now - flow.tag)
end

-- Where a flow stands in an index that it entered with this lift.
function Policy.stand(flow, lift)
  return flow.tag + lift
end

-- The time at which a clock goes on that has rested at `own`; `least` is that of the slowest one that goes, nil if none
-- does, `furthest` that of the fastest there has been.
function Policy.restart(own, least, furthest)
  return math.max(own, least or (own == 0 and furthest) or 0)
end

-- A flow that stands in an index with this lift is given slots that cost so much.
function Policy.charge(flow, clock, lift, cost)
  local start = flow.tag + lift
  local step = math.floor(cost / flow.weight) + flow.owed
  flow.owed = math.min(0, step)
  flow.tag = flow.tag + math.max(0, step)
  clock.now = math.max(clock.now + math.floor(cost / clock.total), start)
end

-- An attempt has cost this much more than the flow was charged with.
function Policy.correct(flow, more)
  local owed = flow.owed + math.floor(more / flow.weight)
  if owed > 0 then flow.tag, owed = flow.tag + owed, 0 end
  flow.owed = owed
end

-- What an attempt that holds so many slots for so many ms costs, in us.
function Policy.cost(ms, slots)
  return math.floor(math.max(1, ms) * 1000) * slots
end

-- Learn from one more attempt how long those of a type take; an estimate is { ms, attempts seen }.
function Policy.learn(estimate, ms)
  local seen = math.min((estimate and estimate[2] or 0) + 1, SAMPLES)
  local before = Policy.expect(estimate)
  return { before + (ms - before) / seen, seen }
end

-- How long an attempt is expected to take, in ms.
function Policy.expect(estimate)
  return estimate and estimate[1] or FIRST_GUESS_MS
end
