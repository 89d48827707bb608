--[[
Cursor: takes tasks from a lane in order, many in one call, at the cost of a few reads and writes a group.

A cursor holds the lane's first ready groups in memory, each with its first tasks, sorted by the score of their
first; what lies beyond is known only by the score from which it begins (`rest`). What was taken is written back
when the cursor is closed.
]]
local GROUPS = 32
local TASKS = 64

function Cursor.open(lane)
  local found = Lane.ready(lane, GROUPS + 1)
  local rest = found[GROUPS + 1] and found[GROUPS + 1][2] or math.huge
  local heads = {}
  for i = 1, math.min(#found, GROUPS) do
    heads[i] = { group = Group.load(found[i][1]), score = found[i][2], taken = 0 }
  end
  return { lane = lane, heads = heads, first = 1, rest = rest }
end

-- Move the head at `first` to its place: its score has grown.
local function sink(cursor)
  local heads, i = cursor.heads, cursor.first
  local head = heads[i]
  while heads[i + 1] and heads[i + 1].score < head.score do
    heads[i] = heads[i + 1]
    i = i + 1
  end
  heads[i] = head
end

local function drop(cursor)
  local head = cursor.heads[cursor.first]
  cursor.done = cursor.done or {}
  if head.taken > 0 then cursor.done[#cursor.done + 1] = head end
  cursor.heads[cursor.first] = false
  cursor.first = cursor.first + 1
end

-- The score of the lane's first task that may run, or nil.
function Cursor.peek(cursor)
  while true do
    local head = cursor.heads[cursor.first]
    if head and head.score <= cursor.rest then
      if Group.room(head.group) > 0 then return head.score end
      drop(cursor)  -- it was filled meanwhile, here or in another lane
    elseif cursor.rest < math.huge then
      Cursor.close(cursor)
      local again = Cursor.open(cursor.lane)
      cursor.heads, cursor.first, cursor.rest, cursor.done = again.heads, 1, again.rest, nil
    else
      return nil
    end
  end
end

-- Read the next tasks of a group: as many as may run, and one more to know what comes after them.
local function fill(cursor, head)
  head.most = math.min(TASKS, Group.room(head.group))
  head.waiting, head.at = Lane.waiting(cursor.lane, head.group, head.most + 1), 1
end

-- Take the task that peek announced. The caller takes its slots before it peeks again.
function Cursor.pop(cursor)
  local head = cursor.heads[cursor.first]
  if not head.waiting then fill(cursor, head) end
  local id = head.waiting[head.at]
  head.at, head.taken = head.at + 2, head.taken + 1
  if head.taken == head.most and head.most == TASKS and head.waiting[head.at] then
    Lane.taken(cursor.lane, head.group, head.taken, tonumber(head.waiting[head.at + 1]))
    head.taken = 0
    fill(cursor, head)
  end
  head.score = tonumber(head.waiting[head.at + 1])
  if head.score then
    sink(cursor)
  else
    drop(cursor)
  end
  return id, head.group
end

-- Write back what was taken.
function Cursor.close(cursor)
  for i = cursor.first, #cursor.heads do
    local head = cursor.heads[i]
    if head.taken > 0 then Lane.taken(cursor.lane, head.group, head.taken, head.score) end
  end
  for _, head in ipairs(cursor.done or {}) do Lane.taken(cursor.lane, head.group, head.taken, head.score) end
  C.lanes[cursor.lane] = true
end
