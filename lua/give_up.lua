--- give_up: gives back a rebuild that has not been finished, so that anybody may take it on at once.
-- KEYS  1 rebuild
-- ARGV  1 who rebuilds
-- Answer {'ok'} or {'lost'}: somebody else rebuilds this partition, or nobody
-- Event  none
--- @include "answer"
local wrong = check_call(1, 1, {})
if wrong then return wrong end
local REBUILD = unpack(KEYS)
if redis.call('GET', REBUILD) ~= ARGV[1] then return {'lost'} end
redis.call('DEL', REBUILD)
return {'ok'}
