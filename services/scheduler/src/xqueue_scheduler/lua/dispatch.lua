--[[
Dispatch: give what may run to workers that have room, best first, until one of the two runs out (POLICY.md).

The fronts of indexes and queues are kept in memory (line.lua, front.lua) while attempts are granted, and written back at the end.
Meanwhile flows can only lose room and fall back, so what the indexes say of the rest comes no earlier than they say.

Keys:
  tops      zset    see lane.lua
]]
local LEVELS = 64

local function no_preparation() end

-- Where a group stands at a level, nil if it may not run.
local function group_tag(level)
  return function(name, tag)
    local group = Group.load(name)
    local lift = group.levels[level]
    if not lift or Group.room(group) <= 0 then return nil end
    return (tag < 0 or Policy.follows) and tag or Policy.stand(group, lift)
  end
end

local function turns_of(lines, level, tenant)
  local at = lines[level]
  local line = at.turns[tenant]
  if not line then
    line = Line.open(Lane.turns_key(level, tenant), group_tag(level), Group.prepare)
    at.turns[tenant] = line
  end
  return line
end

-- Where a tenant stands at a level, nil if it may not run.
local function tenant_stand(lines, level, tenant)
  local at = tenant.levels[level]
  if not at or not at.lift or Tenant.room(tenant) <= 0 then return nil end
  local first = Line.first(turns_of(lines, level, tenant.name))
  if not first then return nil end
  if first.tag < 0 or Policy.follows then return first.tag end
  return Policy.stand(tenant, at.lift)
end

local function tenant_tag(lines, level)
  return function(name) return tenant_stand(lines, level, Tenant.load(name)) end
end

local function line_of(lines, level)
  local at = lines[level]
  if not at then
    at = { turns = {}, fronts = {} }
    lines[level] = at
    at.line = Line.open(Lane.ready_key(level), tenant_tag(lines, level), no_preparation)
  end
  return at.line
end

-- The first tasks of a group at a level.
local function front_of(lines, level, group)
  local fronts = lines[level].fronts
  local front = fronts[group]
  if not front then
    front = Front.open(level, group)
    fronts[group] = front
  end
  return front
end

-- What comes first at a level: { level, tenant, tag, next }; nil if nothing may.
local function head_of(lines, level)
  if Lane.room(level) <= 0 then return nil end
  local tenant, following = Line.first(line_of(lines, level.name))
  if not tenant then return nil end
  return { level = level, tenant = tenant.name, tag = tenant.tag, next = following }
end

-- Tag and name of the first group of such a head, and the place of its first task.
local function first_of(lines, head)
  local group = Line.first(turns_of(lines, head.level.name, head.tenant))
  local _, place = Front.first(front_of(lines, head.level.name, group.name))
  return group.tag, group.name, place
end

-- Whether a comes before b; both of one priority.
local function before(lines, a, b)
  if a.tag ~= b.tag then return a.tag < b.tag end
  if a.tenant ~= b.tenant then return Cell.less(a.tenant, b.tenant) end
  local a_tag, a_group, a_place = first_of(lines, a)
  local b_tag, b_group, b_place = first_of(lines, b)
  if a_tag ~= b_tag then return a_tag < b_tag end
  if a_group ~= b_group then return Cell.less(a_group, b_group) end
  if a_place ~= b_place then return a_place < b_place end
  return Cell.less(a.level.name, b.level.name)
end

-- The levels of one rank that a profile serves, with bounds, added to those that are known.
local function read_levels(profile, rank, known)
  local key, at = Lane.best_key(profile.name, rank), 0
  repeat
    local found = redis.call('ZRANGE', key, at, at + LEVELS - 1, 'WITHSCORES')
    for i = 1, #found, 2 do known[found[i]] = tonumber(found[i + 1]) end
    at = at + LEVELS
  until #found < 2 * LEVELS
end

local function higher(a, b)
  return a.priority > b.priority
end

local function by_bound(a, b)
  if a.bound ~= b.bound then return a.bound < b.bound end
  return Cell.less(a.level.name, b.level.name)
end

-- What any worker serves, by priority, highest first: { { priority, levels: { { level, bound } … } by bound } … }.
local function all_choices()
  local known, list, by = {}, {}, {}
  for _, profile in ipairs(Worker.profiles()) do
    for _, rank in ipairs(redis.call('ZRANGE', C.base .. KEY.tops .. profile.name, 0, -1)) do
      read_levels(profile, rank, known)
    end
  end
  for name, bound in pairs(known) do
    local level = Lane.load(name)
    local at = by[level.priority]
    if not at then
      at = { priority = level.priority, levels = {}, models = false }
      by[level.priority], list[#list + 1] = at, at
    end
    at.models = at.models or level.model ~= nil
    table.insert(at.levels, { level = level, bound = bound })
  end
  for _, at in ipairs(list) do table.sort(at.levels, by_bound) end
  table.sort(list, higher)
  return list
end

-- The best of these levels that would get a slot of this code (Model.code); and the bar: a tag that others may have that
-- come behind it.
local function best_of_levels(lines, levels, code)
  local best, bar = nil, math.huge
  for _, choice in ipairs(levels) do
    if best and choice.bound > best.tag then
      bar = math.min(bar, choice.bound)
      break
    end
    local head = Worker.fit(choice.level) == code and head_of(lines, choice.level)
    if head and (not best or before(lines, head, best)) then best, head = head, best end
    if head then bar = math.min(bar, head.tag) end
  end
  if best then best.code = code end
  return best, bar
end

-- Cold levels whose turn it would be are passed over for this one: that is noted of each, once. Returns the bar, lowered
-- to the first of which it would have to be noted next.
local function pass_over(lines, levels, best, cold, bar)
  for _, choice in ipairs(levels) do
    local level = choice.level
    if choice.bound > bar then return bar end
    if level.model and not Model.is_passed(level) and Worker.fit(level) == cold then
      local head = head_of(lines, level)
      if head and before(lines, head, best) then
        Model.pass(level)
      elseif head then
        bar = math.min(bar, head.tag)
      end
    end
  end
  return bar
end

-- The best of the levels of one priority that would get a slot of this class: those that are due, then those that need no
-- load, then the cold ones; and the bar.
local function best_of_turns(lines, at, class)
  if not at.models then return best_of_levels(lines, at.levels, Model.code(class, Model.WARM)) end
  local cold, best, bar = Model.code(class, Model.COLD), nil, nil
  if Model.any_passed() then best, bar = best_of_levels(lines, at.levels, Model.code(class, Model.DUE)) end
  if not best then best, bar = best_of_levels(lines, at.levels, Model.code(class, Model.WARM)) end
  if best then return best, pass_over(lines, at.levels, best, cold, bar) end
  return best_of_levels(lines, at.levels, cold)
end

local CLASSES = { Allocation.OWN, Allocation.FREE, Allocation.LENT }

-- What comes next, and the tag beyond which something else may: queues come first where slots are their own, then by
-- priority.
local function choose(lines, choices)
  if not Worker.any_free() then return nil end
  for _, class in ipairs(C.head.shares > 0 and CLASSES or { Allocation.FREE }) do
    for _, at in ipairs(choices) do
      local best, bar = best_of_turns(lines, at, class)
      if best then return best, bar end
    end
  end
end

local function send(task, worker, level, group)
  local place = Attempt.grant(task, group, worker, level)
  C.dispatches[#C.dispatches + 1] = '\148'
    .. cmsgpack.pack(place, worker.inbox, Task.payload(task), Depend.parents(task))
end

-- Charge a grant to group and tenant.
local function charge(run, group, cost)
  local tenant, level = run.tenant, run.level.name
  local turns, clock = Tenant.clock(tenant, level), Clock.of(level)
  Policy.charge(group, turns, group.levels[level], cost)
  Policy.charge(tenant, clock, turns.lift, cost)
  Tenant.charged(tenant, turns)
  Clock.charged(clock)
  group.changed = true
  run.tag, run.group_tag = Policy.stand(tenant, turns.lift), Policy.stand(group, group.levels[level])
end

-- Grant tasks of one group, as long as they come before everything else; return how many, and the place of the first
-- that is left, or nil.
local function take_group(run, group, front)
  local level, taken = run.level, 0
  local most = math.min(run.budget, Lane.room(level), Tenant.room(run.tenant), Group.room(group))
  local id, place = Front.first(front)
  while taken < most and id do
    local worker, code = Worker.pick(level)
    if code ~= run.code then break end
    local task, placed = Task.load(id), place
    send(task, worker, level, group)
    charge(run, group, task.state[S.charge_us])
    Front.serve(front)
    taken = taken + 1
    id, place = Front.first(front)
    -- What was put first by a reorder is taken one at a time: what comes next must be looked up again.
    if placed < 0 or Policy.follows or run.group_tag >= run.after or run.tag >= run.bar then break end
  end
  return taken, place
end

-- Tokens are spent; what is left without room is marked, to leave the indexes of all its levels.
local function spend(run, group, taken)
  if C.head.pins == 0 then return end
  local level, tenant = run.level, run.tenant
  if C.head.rated > 0 then
    for _, scope in ipairs({ level.queue, level.type, tenant.scope, group.scope }) do Limit.spend(scope, taken) end
  end
  if Tenant.room(tenant) <= 0 then Tenant.reindex(tenant) end
  if Limit.room(level.queue) <= 0 then Lane.reindex(level.queue) end
  if Limit.room(level.type) <= 0 then Lane.reindex(level.type) end
end

-- Whether the next group of the tenant may be served at once: nothing else can come before it.
local function goes_on(run, first)
  return run.budget > 0 and not run.led and not (first and first < 0)
    and Tenant.room(run.tenant) > 0 and Lane.room(run.level) > 0 and Worker.fit(run.level) == run.code
end

-- Grant tasks of the tenant that comes first at a level, as long as nothing else comes before them; return how many.
local function take(lines, head, bar, budget)
  local level = head.level
  local run = {
    level = level, tenant = Tenant.load(head.tenant), tag = head.tag, bar = math.min(bar, head.next),
    code = head.code, budget = budget,
  }
  local turns, group, first, taken = turns_of(lines, level.name, head.tenant), nil, nil, 0
  repeat
    group, run.after = Line.first(turns)
    if not group then break end
    run.group_tag, run.led = group.tag, group.tag < 0 or Policy.follows
    group = Group.load(group.name)
    taken, first = take_group(run, group, front_of(lines, level.name, group.name))
    if taken == 0 then error('an index names a group of which nothing may run: ' .. group.name) end
    run.budget = run.budget - taken
    spend(run, group, taken)
    Line.move(turns, Lane.taken(level.name, group, taken, first))
  until run.tag >= run.bar or not goes_on(run, first)
  Lane.mark(level.name, run.tenant)
  Line.move(line_of(lines, level.name), tenant_stand(lines, level.name, run.tenant))
  return budget - run.budget
end

-- Grant tasks of a level, as long as nothing of another can come before them; return how many.
local function serve(lines, head, bar, budget)
  local level, code, left = head.level, head.code, budget
  -- What it loads may be what others wait for.
  if Model.is_cold(code) then return take(lines, head, bar, 1) end
  repeat
    left = left - take(lines, head, bar, left)
    head = left > 0 and Worker.fit(level) == code and head_of(lines, level)
    if head then head.code = code end
  until not head or head.tag >= bar
  return budget - left
end

local function close_all(lines)
  for _, at in pairs(lines) do
    for _, front in pairs(at.fronts) do Front.close(front) end
    for _, line in pairs(at.turns) do Line.close(line) end
    Line.close(at.line)
  end
end

-- Grant at most `budget` attempts.
function Dispatch.run(budget)
  Worker.settle()
  Lane.settle()
  local lines, choices = {}, all_choices()
  while budget > 0 do
    local head, bar = choose(lines, choices)
    if not head then break end
    budget = budget - serve(lines, head, bar, budget)
  end
  close_all(lines)
  Lane.settle()
  Worker.settle()
end
