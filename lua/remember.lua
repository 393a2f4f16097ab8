--- remember: gives an Idempotency-Key the record that MongoDB's booking proves, if it still says what was seen.
-- KEYS  1 epoch  2 idempotency record
-- ARGV  1 what was seen, or ''  2 right record  3 epoch second at which it goes
-- Answer {'ok'} or {'changed'} or {'no-epoch'}
-- Event  none
--- @include "answer"
local wrong = check_call(2, 3, {3})
if wrong then return wrong end
local EPOCH, IDEMPOTENCY = unpack(KEYS)
if redis.call('EXISTS', EPOCH) == 0 then return {'no-epoch'} end
if (redis.call('GET', IDEMPOTENCY) or '') ~= ARGV[1] then return {'changed'} end
redis.call('SET', IDEMPOTENCY, ARGV[2])
redis.call('EXPIREAT', IDEMPOTENCY, ARGV[3])
return {'ok'}
