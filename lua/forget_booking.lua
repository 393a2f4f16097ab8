--- forget_booking: drops a live copy that is wrong, if it still is the one that was seen; MongoDB's is used instead.
-- KEYS  1 epoch  2 booking
-- ARGV  1 the copy as it was seen
-- Answer {'ok'} or {'changed'} or {'no-epoch'}
-- Event  none
--- @include "answer"
local wrong = check_call(2, 1, {})
if wrong then return wrong end
local EPOCH, BOOKING_KEY = unpack(KEYS)
if redis.call('EXISTS', EPOCH) == 0 then return {'no-epoch'} end
if redis.call('GET', BOOKING_KEY) ~= ARGV[1] then return {'changed'} end
redis.call('DEL', BOOKING_KEY)
return {'ok'}
