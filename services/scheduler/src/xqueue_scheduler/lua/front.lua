--[[
Front: the first tasks of a group at a level in memory, so that serving many of them costs few reads and one write.

They are read in pieces that grow, since mostly a few are served, or many. What is served leaves its queue when the
front is closed; until then nobody else may look at that queue (a zset, see lane.lua).

  front   { key, from: number of tasks before the piece that was read, size: of it, found: its ids and places, served }
]]
local LEAST, MOST = 2, 64

function Front.open(level, group)
  return { key = Lane.queue_key(level, group), from = 0, size = 0, found = {}, served = 0 }
end

local function read(front)
  front.from, front.size = front.served, math.min(MOST, math.max(LEAST, 4 * front.size))
  front.found = redis.call('ZRANGE', front.key, front.from, front.from + front.size - 1, 'WITHSCORES')
end

-- Id and place of the first task that is not served; nil if there is none.
function Front.first(front)
  if front.served - front.from >= front.size then read(front) end
  local at = 2 * (front.served - front.from)
  return front.found[at + 1], tonumber(front.found[at + 2])
end

-- Its first task is served.
function Front.serve(front)
  front.served = front.served + 1
end

function Front.close(front)
  if front.served > 0 then redis.call('ZREMRANGEBYRANK', front.key, 0, front.served - 1) end
end
