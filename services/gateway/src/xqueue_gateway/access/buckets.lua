--[[
Rates by the generic cell rate algorithm: a bucket is one number, the time at which it would be full again.

KEYS  a bucket each
ARGV  three for each bucket: how much it holds, ms in which it fills, how much is taken
Returns for each bucket: 1 taken or 0 not, how much is left, ms until what was wanted can be had, ms until it is full
]]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local answer = {}
for i, key in ipairs(KEYS) do
  local most, within, cost = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local each = within / most
  local full = math.max(tonumber(redis.call('GET', key) or now), now)
  local after = full + cost * each
  local wait = after - within - now
  local taken = wait <= 0 and 1 or 0
  if taken == 1 then
    full = after
    redis.call('SET', key, string.format('%.3f', full), 'PX', math.ceil(full - now) + 1000)
  end
  answer[#answer + 1] = taken
  answer[#answer + 1] = math.floor((within - (full - now)) / each + 0.000001)
  answer[#answer + 1] = math.max(0, math.ceil(wait))
  answer[#answer + 1] = math.ceil(full - now)
end
return answer
