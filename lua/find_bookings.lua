--- find_bookings: a stretch of a walk through all live bookings of a partition. For the audit, when nothing else will do.
-- KEYS  1 epoch (its hash tag names the server)
-- ARGV  1 cursor, '0' to begin  2 pattern of the keys
-- Answer {'ok', next cursor ('0': that was all), key, key, …}
-- Event  none
--- @include "answer"
local wrong = check_call(1, 2, {})
if wrong then return wrong end
local found = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 1000)
return {'ok', found[1], unpack(found[2])}
