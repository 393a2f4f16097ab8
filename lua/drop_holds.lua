--- drop_holds: forgets the holds of a slot while its partition is being rebuilt: they end with their epoch.
-- KEYS  1 epoch  2 rebuild  3 held  4 holders  5 due
-- ARGV  1 who rebuilds  2 slot id
-- Answer {'ok'} or {'lost'}: somebody else rebuilds or has rebuilt this partition
-- Event  none: clients resynchronise because the epoch changes
--- @include "answer"
local wrong = check_call(5, 2, {})
if wrong then return wrong end
local EPOCH, REBUILD, HELD_KEY, HOLDERS, DUE = unpack(KEYS)
if redis.call('EXISTS', EPOCH) == 1 or redis.call('GET', REBUILD) ~= ARGV[1] then return {'lost'} end
redis.call('ZREM', DUE, ARGV[2])
redis.call('DEL', HELD_KEY, HOLDERS)
return {'ok'}
