--- forget_booking: drops a live copy that is wrong, if it still is the one that was seen; MongoDB's is used instead.
-- KEYS  1 epoch  2 booking
-- ARGV  1… the copy's values as they were seen, in the order of includes/booking.lua
-- Answer {'ok'} or {'changed'} or {'no-epoch'}
-- Event  none
--- @include "answer"
--- @include "booking"
local wrong = check_call(2, #BOOKING, {})
if wrong then return wrong end
local EPOCH, BOOKING_KEY = unpack(KEYS)
if redis.call('EXISTS', EPOCH) == 0 then return {'no-epoch'} end
local live = redis.call('HMGET', BOOKING_KEY, unpack(BOOKING))
for position = 1, #BOOKING do
  if (live[position] or '') ~= ARGV[position] then return {'changed'} end
end
redis.call('DEL', BOOKING_KEY)
return {'ok'}
