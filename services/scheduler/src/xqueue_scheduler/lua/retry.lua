--[[
Retry: pure decisions about what follows an attempt; nothing here calls Redis.
]]

-- How long a retry waits, in ms, after its `failures`-th failure; chance is in [0, 1).
function Retry.delay(backoff, failures, chance)
  local b = backoff or {}
  local kind, base = b.kind or BACKOFF.kind, b.base_ms or BACKOFF.base_ms
  local most, jitter = b.max_ms or BACKOFF.max_ms, b.jitter or BACKOFF.jitter
  local delay = base
  if kind == 'exponential' then delay = base * 2 ^ (failures - 1) end
  delay = math.min(delay, most)
  return math.floor(delay * (1 + jitter * (2 * chance - 1)))
end

-- What becomes of a task whose attempt ended: status and whether a retry was used up.
-- outcome: success | failed | canceled | process_timeout | worker_lost | returned | unclaimed
function Retry.after(outcome, cancel, failures, max_retry, retryable)
  if cancel then return 'canceled', false end
  if outcome == 'success' then return 'success', false end
  if outcome == 'returned' or outcome == 'unclaimed' or outcome == 'canceled' then return 'pending', false end
  if retryable and failures < max_retry then return 'scheduled', true end
  return 'failed', true
end
