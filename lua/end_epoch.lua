--- end_epoch: takes a partition out of service to rebuild it, once MongoDB has all that it decided.
-- KEYS  1 epoch  2 outbox  3 rebuild
-- ARGV  1 who rebuilds  2 ms the rebuild may be silent
-- Answer {'ok'} or {'unwritten', entries in the outbox} or {'lost'}: somebody else rebuilds it
-- Event  none: clients resynchronise because the epoch changes
--- @include "answer"
local wrong = check_call(3, 2, {2})
if wrong then return wrong end
local EPOCH, OUTBOX, REBUILD = unpack(KEYS)
local unwritten = redis.call('XLEN', OUTBOX)
if unwritten > 0 then return {'unwritten', unwritten} end
local holder = redis.call('GET', REBUILD)
if holder and holder ~= ARGV[1] then return {'lost'} end
redis.call('SET', REBUILD, ARGV[1], 'PX', ARGV[2])
redis.call('DEL', EPOCH)
return {'ok'}
