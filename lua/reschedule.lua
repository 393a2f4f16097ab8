--- reschedule: moves a booking to another slot of the same expert: never two seats, never none.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 outbox  7 booking  8 held  9 holders (both of the new slot)
--       10 due
-- ARGV  1 new slot id  2 by (JSON string)  3 reason (JSON string or null)  4 seconds to keep the booking after its end
--       5 most entries in the outbox  6 PUBLISH or SPUBLISH  7 entries in the change log
--       8 seconds the change log lives  9 '1': only as long as its session has not begun; '0': whenever
-- Answer {'ok', record, outbox entry} or {'same', record}: it is there already
--     or {'no-epoch' | 'booking-not-found' | 'invalid-transition' | 'slot-not-found' | 'slot-closed' | 'slot-taken' |
--         'slot-held' | 'slot-past' (the new one, or the present one) | 'backlog' | 'too-many-moves'}
-- Event  the state of both slots
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "booking"
--- @include "announce"
--- @include "holds"
local LONGEST_HISTORY = 65536 -- bytes: some 300 moves. It is written anew with every change.
local wrong = check_call(10, 9, {4, 5, 7, 8, 9})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, OUTBOX, BOOKING_KEY, HELD_KEY, HOLDERS, DUE = unpack(KEYS)
local slot_id, by, reason, keep, backlog, publish, log_entries, log_age, until_start = unpack(ARGV)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local booking, record = read_booking(BOOKING_KEY)
if not booking then return {'booking-not-found'} end
if booking.status ~= 'pending' and booking.status ~= 'confirmed' then return {'invalid-transition'} end
if booking.slot == slot_id then return {'same', record} end
local now = now_ms()
if until_start == '1' and booking.start * 1000 <= now then return {'slot-past'} end
if #booking.history > LONGEST_HISTORY then return {'too-many-moves'} end
local slot = read_slot(CALENDAR, slot_id)
if not slot then return {'slot-not-found'} end
if slot.start * 1000 <= now then return {'slot-past'} end
if slot.closed then return {'slot-closed'} end
local holds = open_holds(epoch, slot, now, HELD_KEY, HOLDERS, DUE)
local seat = free_seat(slot)
if not seat then
  return {string.find(slot.seatmap, HELD, 1, true) and 'slot-held' or 'slot-taken'}
end
local left = read_slot(CALENDAR, booking.slot)
if redis.call('XLEN', OUTBOX) >= tonumber(backlog) then return {'backlog'} end
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})

set_seat(slot, seat, BOOKED)
if left then give_back(left, tonumber(booking.seat)) end
plan_holds(holds)
local at = digits(now)
booking.rev = digits(tonumber(booking.rev) + 1)
booking.slot, booking.seat = slot_id, digits(seat)
booking.start, booking.finish = slot.start, slot.finish
booking.updated = at
booking.history = booking.history .. ',' .. change_entry(at, booking.status, booking.status, by, reason, booking)

announce(feed, slot)
save_holds(holds)
if left then announce(feed, left) end
return {'ok', save_booking(BOOKING_KEY, OUTBOX, booking, digits(slot.finish + keep))}
