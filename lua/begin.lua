--- begin: opens a rebuilt partition under a new epoch, as one that agrees with MongoDB.
-- KEYS  1 epoch  2 rebuild  3 server
-- ARGV  1 who rebuilds  2 new epoch  3 ms until it is to be compared with MongoDB once more, or 0
-- Answer {'ok'} or {'lost'}: somebody else rebuilds or has rebuilt this partition
-- Event  none: clients resynchronise because the epoch changes
--- @include "answer"
--- @include "clock"
--- @include "server"
local wrong = check_call(3, 3, {3})
if wrong then return wrong end
local EPOCH, REBUILD, SERVER = unpack(KEYS)
if redis.call('EXISTS', EPOCH) == 1 or redis.call('GET', REBUILD) ~= ARGV[1] then return {'lost'} end
redis.call('SET', EPOCH, ARGV[2])
local again = ARGV[3] == '0' and 0 or now_ms() + ARGV[3]
redis.call('SET', SERVER, server_identity() .. ' ' .. digits(again))
redis.call('DEL', REBUILD)
return {'ok'}
