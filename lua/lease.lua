--- lease: takes on the rebuild of a partition that has no epoch; whoever has taken it on keeps it.
-- KEYS  1 epoch  2 rebuild
-- ARGV  1 who rebuilds  2 ms the rebuild may be silent
-- Answer {'ok'} or {'lost'}: somebody else rebuilds or has rebuilt this partition
-- Event  none
--- @include "answer"
local wrong = check_call(2, 2, {2})
if wrong then return wrong end
local EPOCH, REBUILD = unpack(KEYS)
if redis.call('EXISTS', EPOCH) == 1 then return {'lost'} end
local holder = redis.call('GET', REBUILD)
if holder and holder ~= ARGV[1] then return {'lost'} end
redis.call('SET', REBUILD, ARGV[1], 'PX', ARGV[2])
return {'ok'}
