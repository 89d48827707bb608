--[[
Allocation: how a queue's slots are shared out over the instances that serve it.

Pure but for the cell's own cache: `Allocation.split` is a function of what it is given, and the one that every
side answers from.

  C.allocations   queue -> incarnation -> slots, computed once a call
  C.shared        queue -> incarnation -> attempts, while attempts are granted
]]

local function by_remainder(a, b)
  if a.remainder ~= b.remainder then return a.remainder > b.remainder end
  return Cell.less(a.name, b.name)
end

-- Share `total` slots out over instances ({ name, capacity } …) by their capacities, largest remainder first; none
-- gets more than it has. Returns { name = slots }.
function Allocation.split(total, instances)
  local capacity, shares, left = 0, {}, {}
  for _, instance in ipairs(instances) do capacity = capacity + instance.capacity end
  if capacity == 0 then return shares end
  local rest = math.min(total, capacity)
  total = rest
  for i, instance in ipairs(instances) do
    local exact = total * instance.capacity
    local whole = math.floor(exact / capacity)
    shares[instance.name], rest = whole, rest - whole
    left[i] = { name = instance.name, remainder = exact - whole * capacity }
  end
  table.sort(left, by_remainder)
  for i = 1, rest do shares[left[i].name] = shares[left[i].name] + 1 end
  return shares
end

-- The slots of a queue ('q/…') by incarnation; nil if the queue has no share of its own.
function Allocation.of(queue)
  local limit = Limit.of(queue)
  if not limit or not limit.workers then return nil end
  local known = C.allocations[queue]
  if not known then
    known = Allocation.split(limit.workers, Worker.serving(queue:sub(3)))
    C.allocations[queue] = known
  end
  return known
end

Allocation.OWN, Allocation.FREE, Allocation.LENT = 1, 2, 3

-- How many attempts of a queue a worker holds.
local function used(queue, incarnation)
  local counts = C.shared[queue]
  if not counts then
    counts = {}
    C.shared[queue] = counts
  end
  counts[incarnation] = counts[incarnation] or Scope.common(queue, 'w/' .. incarnation)
  return counts[incarnation]
end

-- Whether a slot of this worker would be the queue's own, anybody's, or lent to it beyond its share.
function Allocation.class(queue, incarnation)
  local shares = Allocation.of(queue)
  if not shares then return Allocation.FREE end
  return used(queue, incarnation) < (shares[incarnation] or 0) and Allocation.OWN or Allocation.LENT
end

-- An attempt of a queue goes to a worker.
function Allocation.give(queue, incarnation)
  local counts = C.shared[queue]
  if counts and counts[incarnation] then counts[incarnation] = counts[incarnation] + 1 end
end
