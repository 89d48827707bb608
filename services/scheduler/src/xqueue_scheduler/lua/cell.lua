--[[
Cell: the call under way, the head of the cell and its clock.

Every function begins with Cell.open(base); all other files read what it found in C. A call touches nothing
outside its cell: each key is the cell's base (KEYS[1], holding the hash tag) and a suffix from KEY.

Invariant: time never goes back and never jumps: it advances with Redis' clock, but by no more than the owner
says has passed, plus a second.

Keys:
  (base)    hash    e, n         label: epoch and number of the last call
                    told, off    highest call that is told; next status offset behind it
                    cmd, rep     next command and report to apply
                    now, rt      the cell's time and Redis' clock when it was taken, in ms
                    seq          order of the last task submitted
                    front        the lowest place given by a reorder
                    vt, vw       furthest time of the tenants' clocks, and the sum of their weights
                    tenants      how many tenants have open tasks
                    pins         how many scopes have a limit that an operator set
                    deps         how many open tasks depend on others
                    rated        how many scopes have a limit of their rate
                    shares       how many queues have a share of the workers
                    dirty        1 while a call writes; found set, the call before broke off
                    mode         'running' or 'rebuilding'
                    form         of the values in Redis: another one means that other code has written them
                    low_*        low-water mark: oldest offsets that a rebuild needs
                    lease, grace, claim, cancel, ttl, stale, roll, roll_age, patience   the owner's settings (store/head.py)
]]

local HEAD = {
  'e', 'n', 'told', 'off', 'cmd', 'rep', 'now', 'rt', 'seq', 'front', 'vt', 'vw', 'tenants', 'pins', 'rated', 'shares', 'deps',
  'dirty',
  'low_off', 'low_cmd', 'low_rep',
  'lease', 'grace', 'claim', 'cancel', 'ttl', 'stale', 'roll', 'roll_age', 'patience', 'form', 'mode',
}
Cell.REBUILDING = 'rebuilding'
local SLACK_MS = 1000
local GUESS_MS = 5000

local CHUNK = 4000

local GARBAGE_KB = 16 * 1024

-- Lua's collector would walk over all that a call holds, again and again: it rests while a call runs, and collects
-- between two calls once enough has gathered.
function Cell.clean()
  C = nil
  collectgarbage('restart')
  if collectgarbage('count') > GARBAGE_KB then collectgarbage('collect') end
end

-- Begin a call on the cell at `base`. C.head is nil when the cell is not in Redis.
function Cell.open(base)
  C = {
    base = base, settles = 0, tasks = {}, changed = {}, released = {}, born = {}, fell = {}, puts = {}, claimed = {}, renewed = {}, delta = {}, granted = 0, chance = 0,
    counts = {}, rooms = {}, joins = {}, leaves = {}, limits = {}, clocks = {}, allocations = {}, shared = {}, tats = {}, estimates = {},
    tenants = {}, groups = {}, levels = {}, waiting = {}, marks = {}, workers = {}, touched = {},
    statuses = {}, dispatches = {}, settings = {}, snapshots = {}, repeats = 0, known = {},
  }
  local values = redis.call('HMGET', base, unpack(HEAD))
  if not values[1] then return end
  local head = {}
  for i, name in ipairs(HEAD) do head[name] = tonumber(values[i]) end
  head.mode = values[#HEAD]
  head.front, head.vt, head.vw = head.front or 0, head.vt or 0, head.vw or 0
  head.tenants, head.pins, head.shares = head.tenants or 0, head.pins or 0, head.shares or 0
  head.deps, head.rated = head.deps or 0, head.rated or 0
  C.head = head
end

-- Whether nobody may be answered from the cell: it is not in Redis, or being rebuilt.
function Cell.resting()
  return not C.head or C.head.mode == Cell.REBUILDING
end

function Cell.key(suffix, name)
  return C.base .. suffix .. name
end

-- One command with many arguments, in chunks that fit on Lua's stack.
function Cell.many(command, key, arguments)
  for i = 1, #arguments, CHUNK do
    redis.call(command, key, unpack(arguments, i, math.min(i + CHUNK - 1, #arguments)))
  end
end

-- The values of many string keys at once, in the same order; false for one that is not there.
function Cell.values(keys)
  local found = {}
  for i = 1, #keys, CHUNK do
    local part = redis.call('MGET', unpack(keys, i, math.min(i + CHUNK - 1, #keys)))
    for j = 1, #part do found[i + j - 1] = part[j] end
  end
  return found
end

-- Set a string key at the end of the call, with all others.
function Cell.put(key, value)
  local puts = C.puts
  puts[#puts + 1], puts[#puts + 2] = key, value
end

function Cell.save_all()
  local puts = C.puts
  for i = 1, #puts, CHUNK do redis.call('MSET', unpack(puts, i, math.min(i + CHUNK - 1, #puts))) end
  C.puts = {}
end

local function wall()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

-- Advance the cell's time; `elapsed` ms have passed for the owner since its last call.
function Cell.tick(elapsed)
  local head, at = C.head, wall()
  head.now = head.now + math.max(0, math.min(at - head.rt, elapsed + SLACK_MS))
  head.rt = at
end

-- A new owner knows of no elapsed time: it trusts Redis' clock (its caller gives all leases a new start).
function Cell.catch_up()
  local at = wall()
  C.head.now, C.head.rt = math.max(C.head.now or 0, at), at
end

-- The time for calls that are not counted: read, not kept.
function Cell.guess()
  return C.head.now + math.max(0, math.min(wall() - C.head.rt, GUESS_MS))
end

local BYTEWISE = not ('a' < 'B')

-- Whether text a comes before b, byte by byte as in Redis' indexes (Lua's own `<` follows the locale that Redis has).
function Cell.less(a, b)
  if BYTEWISE then return a < b end
  for i = 1, math.min(#a, #b) do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- Whether (e, n) lies before (other_e, other_n).
function Cell.before(e, n, other_e, other_n)
  return e < other_e or (e == other_e and n < other_n)
end

-- A number in [0, 1), another one each time, derived from the one that the caller handed in.
function Cell.chance()
  C.chance = (C.chance + 0.6180339887498949) % 1
  return C.chance
end

-- Write the head back.
function Cell.close()
  local fields = {}
  for _, name in ipairs(HEAD) do
    if C.head[name] then
      fields[#fields + 1] = name
      fields[#fields + 1] = C.head[name]
    end
  end
  redis.call('HSET', C.base, unpack(fields))
end

-- Count a task in or out of a status.
function Cell.tally(status, by)
  if status then C.delta[status] = (C.delta[status] or 0) + by end
end
