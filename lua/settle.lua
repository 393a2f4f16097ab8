--- settle: writes down that the partition has been compared with MongoDB in this life of its server.
-- KEYS  1 server  2 reconcile
-- ARGV  1 who compared  2 identity that the server had before  3 ms until it is to be compared once more, or 0
-- Answer {'ok'} or {'changed'}: it has begun another life meanwhile
-- Event  none
--- @include "answer"
--- @include "clock"
--- @include "server"
local wrong = check_call(2, 3, {3})
if wrong then return wrong end
local SERVER, RECONCILE = unpack(KEYS)
local who, identity, pause = unpack(ARGV)
local holder = redis.call('GET', RECONCILE)
redis.call('STRLEN', SERVER)
if holder == who then redis.call('DEL', RECONCILE) end
if server_identity() ~= identity then return {'changed'} end
local again = pause == '0' and 0 or now_ms() + pause
redis.call('SET', SERVER, identity .. ' ' .. digits(again))
return {'ok'}
