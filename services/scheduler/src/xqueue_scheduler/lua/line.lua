--[[
Line: the front of an index of flows in memory, so that serving many of them costs one read and one write.

A tag may be too low, since a flow can be served elsewhere: what comes first is looked at under its true tag, and
dropped if it may not run any more (whoever took its room has marked it, so the index is put right when marks are
settled). What lies beyond what was read comes no earlier than `rest`.

  line    { key, true_tag, prepare, list: { { name, tag } … } in order, first: the place of its front, rest, adds, removes,
            looked: how much had been granted when head and following were found }
]]
local LOOK = 32

local function before(a, b)
  return a.tag < b.tag or (a.tag == b.tag and Cell.less(a.name, b.name))
end

-- Put the front where it belongs: its tag has grown, mostly by little, or beyond all others.
local function sink(line)
  local list, at = line.list, line.first
  local head, last = list[at], #list
  if last > at and before(list[last], head) then
    list[last + 1], list[at], line.first = head, false, at + 1
    return
  end
  local following = list[at + 1]
  while following and before(following, head) do
    list[at], at = following, at + 1
    following = list[at + 1]
  end
  list[at] = head
end

local function read(line)
  local found = redis.call('ZRANGE', line.key, 0, LOOK, 'WITHSCORES')
  local names = {}
  for i = 1, math.min(#found, 2 * LOOK), 2 do names[#names + 1] = found[i] end
  line.prepare(names)
  line.list, line.first = {}, 1
  for i, name in ipairs(names) do line.list[i] = { name = name, tag = tonumber(found[2 * i]) } end
  line.rest = { name = found[2 * LOOK + 1] or '', tag = tonumber(found[2 * LOOK + 2]) or math.huge }
end

-- `true_tag(name, tag)` says where a flow stands, nil if it may not run; `prepare(names)` loads what that needs.
function Line.open(key, true_tag, prepare)
  local line = { key = key, true_tag = true_tag, prepare = prepare, adds = {}, removes = {} }
  read(line)
  return line
end

-- Write what has moved.
function Line.close(line)
  local adds = {}
  for name, tag in pairs(line.adds) do
    local n = #adds
    adds[n + 1], adds[n + 2] = tag, name
  end
  Cell.many('ZADD', line.key, adds)
  Cell.many('ZREM', line.key, line.removes)
  line.adds, line.removes = {}, {}
end

-- The front stands here no longer.
local function drop(line)
  local name = line.list[line.first].name
  line.removes[#line.removes + 1], line.adds[name] = name, nil
  line.list[line.first] = false
  line.first = line.first + 1
end

local function look(line)
  while true do
    local head = line.list[line.first]
    if not head and line.rest.tag == math.huge then return nil end
    if head and (head.tag < line.rest.tag or before(head, line.rest)) then
      local tag = line.true_tag(head.name, head.tag)
      if not tag then
        drop(line)
      elseif tag == head.tag then
        local following = line.list[line.first + 1]
        return head, math.min(following and following.tag or math.huge, line.rest.tag)
      else
        head.tag, line.adds[head.name] = tag, tag
        sink(line)
      end
    else
      for i = line.first, #line.list do line.adds[line.list[i].name] = line.list[i].tag end
      Line.close(line)
      read(line)
    end
  end
end

-- The flow at the front, { name, tag }, and the least tag that the one after it may have; nil if there is none. Asked
-- several times between two grants, and only those change it.
function Line.first(line)
  if line.looked ~= C.granted then
    line.head, line.following = look(line)
    line.looked = C.granted
  end
  return line.head, line.following
end

-- The flow at the front has been served: it stands at `tag` from now on; nil: it is gone.
function Line.move(line, tag)
  line.looked = nil
  local head = line.list[line.first]
  if tag then
    head.tag, line.adds[head.name] = tag, tag
    sink(line)
  else
    drop(line)
  end
end
