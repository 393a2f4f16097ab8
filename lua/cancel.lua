--- cancel: ends a booking and gives its seat back.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 outbox  7 booking
-- ARGV  1 by (JSON string)  2 reason (JSON string or null)  3 PUBLISH or SPUBLISH
--       4 entries in the change log  5 seconds the change log lives
--       6 slot in which it is to be ended, or '': wherever it is
--       7 '1': only as long as its session has not begun; '0': whenever
-- Answer {'ok', record, outbox entry} or {'same', record}
--     or {'no-epoch' | 'booking-not-found' | 'slot-past' |
--         'invalid-transition'}: the last also if it is in another slot
-- Event  the slot's state, if its calendar still has it
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "booking"
--- @include "announce"
--- @include "transition"
local wrong = check_call(7, 7, {4, 5, 7})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, OUTBOX, BOOKING_KEY = unpack(KEYS)
local by, reason, publish, log_entries, log_age, slot_id, until_start = unpack(ARGV)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local booking, record = read_booking(BOOKING_KEY)
if not booking then return {'booking-not-found'} end
if slot_id ~= '' and booking.slot ~= slot_id then return {'invalid-transition'} end
local slot = read_slot(CALENDAR, booking.slot)
redis.call('XLEN', OUTBOX)
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})

local code = transition(booking, 'cancelled', by, reason)
if code == 'same' then return {code, record} end
if code ~= 'ok' then return {code} end
if until_start == '1' and booking.start * 1000 <= now_ms() then return {'slot-past'} end

if slot then
  give_back(slot, tonumber(booking.seat))
  announce(feed, slot)
end
return {'ok', save_booking(BOOKING_KEY, OUTBOX, booking)}
