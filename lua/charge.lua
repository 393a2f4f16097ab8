--- charge: counts something against a limit, as GCRA does: a limit of 30 in 60 s is whole again 60 s after 30 at once.
-- KEYS  1 rate: epoch ms at which the limit is whole again
-- ARGV  1 ms that this costs  2 ms that all of the limit is  3 1: count it even if it is too much, for it has happened
-- Answer {'ok', ms until the limit is whole again, 1 | 0: whether it was within the limit}
-- Event  none
--- @include "answer"
--- @include "clock"
local wrong = check_call(1, 3, {1, 2, 3})
if wrong then return wrong end
local RATE = unpack(KEYS)
local cost, most, happened = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'

local now = now_ms()
local ahead = math.max((tonumber(redis.call('GET', RATE) or 0) or 0) - now, 0)
local within = ahead + cost <= most
if within or happened then
  ahead = math.min(ahead + cost, most)
  redis.call('SET', RATE, digits(now + ahead), 'PX', digits(math.max(ahead, 1)))
end
return {'ok', digits(ahead), within and 1 or 0}
