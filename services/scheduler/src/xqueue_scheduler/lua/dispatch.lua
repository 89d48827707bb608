--[[
Dispatch: give what may run to workers that offer a slot, best first, until one of the two runs out.

Of the lanes that a profile with a free worker serves, the one whose first task comes first gives it to the
emptiest worker. Costs per grant do not depend on how many groups are blocked or wait.

Keys:
  best      zset    see lane.lua
]]
local LANES = 16

local function emptiest(workers)
  local best
  for _, worker in ipairs(workers) do
    if worker.free > 0 and (not best or worker.free > best.free) then best = worker end
  end
  return best
end

local function cursor_of(cursors, lane)
  local cursor = cursors[lane]
  if not cursor then
    cursor = Cursor.open(lane)
    cursors[lane] = cursor
  end
  return cursor
end

-- The first lanes of a profile; `rest` is the score from which others begin.
local function look(profile)
  local found = redis.call('ZRANGE', C.base .. KEY.best .. profile.name, 0, LANES, 'WITHSCORES')
  profile.choices, profile.rest = {}, tonumber(found[2 * LANES + 2]) or math.huge
  for i = 1, math.min(#found, 2 * LANES), 2 do profile.choices[#profile.choices + 1] = found[i] end
end

local function close_all(cursors)
  for lane, cursor in pairs(cursors) do
    Cursor.close(cursor)
    cursors[lane] = nil
  end
  Lane.settle()
end

-- The lane of this profile whose first task comes first, and its score.
local function best_lane(profile, cursors)
  local best, least
  for _, lane in ipairs(profile.choices) do
    local score = Cursor.peek(cursor_of(cursors, lane))
    if score and (not least or score < least) then best, least = lane, score end
  end
  return best, least or math.huge
end

-- The worker and lane of the next grant, or nil.
local function choose(cursors)
  local worker, lane, least
  for _, profile in ipairs(Worker.profiles()) do
    local free = Worker.emptiest(profile)
    local candidate = emptiest(free)
    if candidate then
      if not profile.choices then look(profile) end
      local found, score = best_lane(profile, cursors)
      if score > profile.rest then  -- one that was not looked at comes first
        close_all(cursors)
        look(profile)
        found, score = best_lane(profile, cursors)
      end
      if found and (not least or score < least) then worker, lane, least = candidate, found, score end
    end
  end
  return worker, lane
end

local function send(task, group, worker)
  local place = Attempt.grant(task, group, worker)
  worker.free = worker.free - 1
  local offer = Worker.load(worker.incarnation)
  C.dispatches[#C.dispatches + 1] = '\147' .. cmsgpack.pack(place, offer.inbox, Task.payload(task))
end

-- Grant at most `budget` attempts.
function Dispatch.run(budget)
  Worker.settle()
  Lane.settle()
  local cursors = {}
  for _ = 1, budget do
    local worker, lane = choose(cursors)
    if not worker then break end
    local id, group = Cursor.pop(cursors[lane])
    send(Task.load(id), group, worker)
  end
  close_all(cursors)
  Worker.settle()
end
