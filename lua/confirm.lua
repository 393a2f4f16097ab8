--- confirm: the expert accepts a pending booking; its seat stays taken.
-- KEYS  1 epoch  2 outbox  3 booking
-- ARGV  1 by (JSON string)  2 reason (JSON string or null)
-- Answer {'ok', record, outbox entry} or {'same', record}
--     or {'no-epoch' | 'booking-not-found' | 'invalid-transition'}
-- Event  none: the slot looks the same to everybody
--- @include "answer"
--- @include "clock"
--- @include "booking"
--- @include "transition"
local wrong = check_call(3, 2, {})
if wrong then return wrong end
local EPOCH, OUTBOX, BOOKING_KEY = unpack(KEYS)

if not redis.call('GET', EPOCH) then return {'no-epoch'} end
local booking, record = read_booking(BOOKING_KEY)
if not booking then return {'booking-not-found'} end
redis.call('XLEN', OUTBOX)
local code = transition(booking, 'confirmed', ARGV[1], ARGV[2])
if code == 'same' then return {code, record} end
if code ~= 'ok' then return {code} end
return {'ok', save_booking(BOOKING_KEY, OUTBOX, booking)}
