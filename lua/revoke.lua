--- revoke: takes back a claim that MongoDB's fence refused.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 outbox  7 booking
--       8 idempotency record (the booking's own key again when it has none)
-- ARGV  1 outbox entry or ''  2 '1' to keep the seat taken (it belongs to another booking), '0' to free it
--       3 why (JSON string): the booking stays, cancelled for that reason; or '': it goes
--       4 PUBLISH or SPUBLISH  5 entries in the change log  6 seconds the change log lives
-- Answer {'ok'} or {'kept', record, outbox entry} or {'no-epoch' | 'booking-not-found'}
-- Event  the slot's state
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "booking"
--- @include "announce"
--- @include "transition"
local wrong = check_call(8, 6, {2, 5, 6}, 1)
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, OUTBOX, BOOKING_KEY, IDEMPOTENCY = unpack(KEYS)
local entry, keep_seat, why, publish, log_entries, log_age = unpack(ARGV)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local booking, record = read_booking(BOOKING_KEY)
local slot = booking and read_slot(CALENDAR, booking.slot)
local mine = IDEMPOTENCY ~= BOOKING_KEY and redis.call('GET', IDEMPOTENCY)
redis.call('XLEN', OUTBOX)
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})

if slot and keep_seat == '0' and booking.status ~= 'cancelled' then
  give_back(slot, tonumber(booking.seat))
end
local code = booking and why ~= '' and transition(booking, 'cancelled', '"system"', why)

if slot then announce(feed, slot) end
if entry ~= '' then redis.call('XDEL', OUTBOX, entry) end
if not booking then return {'booking-not-found'} end
if mine == booking.fingerprint .. ' ' .. booking.id then redis.call('DEL', IDEMPOTENCY) end
if code == 'ok' then
  booking.idem = NONE
  return {'kept', save_booking(BOOKING_KEY, OUTBOX, booking)}
end
if code == 'same' then
  -- Cancelled already, by its customer or by this call when its answer was lost: there is nothing to add.
  return {'kept', record, '0-0'}
end
redis.call('DEL', BOOKING_KEY)
return {'ok'}
