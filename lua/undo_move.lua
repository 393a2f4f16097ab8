--- undo_move: puts a booking back where MongoDB has it, because the fence refused its new seat.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 outbox  7 booking
-- ARGV  1 outbox entry of the move or ''  2 revision of the move  3 slot id  4 seat  5 start  6 end (all of where it was)
--       7 why (JSON string)  8 PUBLISH or SPUBLISH  9 entries in the change log  10 seconds the change log lives
-- Answer {'ok', record, outbox entry} or {'same', record}: it has changed since, and is not where it was moved to
--     or {'no-epoch' | 'booking-not-found'}
-- Event  the state of both slots; the seat it leaves stays taken, for it belongs to another booking
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "booking"
--- @include "announce"
local wrong = check_call(7, 10, {2, 4, 5, 6, 9, 10}, 1)
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, OUTBOX, BOOKING_KEY = unpack(KEYS)
local entry, revision, slot_id, seat, start, finish, why, publish, log_entries, log_age = unpack(ARGV)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local booking, record = read_booking(BOOKING_KEY)
if not booking then return {'booking-not-found'} end
local slot = read_slot(CALENDAR, slot_id)
local left = booking.slot ~= slot_id and read_slot(CALENDAR, booking.slot)
redis.call('XLEN', OUTBOX)
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})
if booking.rev ~= revision then return {'same', record} end

if slot then
  -- It may have fewer seats by now: those that are missing are nobody's to sell.
  slot.seatmap = slot.seatmap .. string.rep(BOOKED, seat - #slot.seatmap)
  set_seat(slot, tonumber(seat), BOOKED)
  announce(feed, slot)
end
if left then announce(feed, left) end
if entry ~= '' then redis.call('XDEL', OUTBOX, entry) end
local at = digits(now_ms())
booking.rev = digits(tonumber(booking.rev) + 1)
booking.slot, booking.seat, booking.start, booking.finish = slot_id, seat, start, finish
booking.updated = at
booking.history = booking.history .. ',' .. change_entry(at, booking.status, booking.status, '"system"', why, booking)
return {'ok', save_booking(BOOKING_KEY, OUTBOX, booking)}
