--- occupy: lets a client have one thing more, if it has not too many already.
-- KEYS  1 had: the client's things by when each goes (epoch ms)
-- ARGV  1 the thing's name  2 ms it stays  3 most that a client may have
-- Answer {'ok'} or {'too-many'}
-- Event  none
--- @include "answer"
--- @include "clock"
local wrong = check_call(1, 3, {2, 3})
if wrong then return wrong end
local HAD = unpack(KEYS)
local name, stays, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local now = now_ms()
local others = redis.call('ZCOUNT', HAD, digits(now), '+inf')
if redis.call('ZSCORE', HAD, name) then others = others - 1 end
if others >= most then return {'too-many'} end
redis.call('ZREMRANGEBYSCORE', HAD, '-inf', '(' .. digits(now))
redis.call('ZADD', HAD, digits(now + stays), name)
local last = redis.call('ZRANGE', HAD, -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', HAD, digits(math.max(tonumber(last[2]), now + 1)))
return {'ok'}
