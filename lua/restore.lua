--- restore: puts a booking that MongoDB has back into Redis, unless Redis knows it at this revision or a later one.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 booking
--       7 idempotency record (the booking's own key again when it has none)
-- ARGV  1 seconds to keep the booking after its slot's end  2 PUBLISH or SPUBLISH  3 entries in the change log
--       4 seconds the change log lives  5… the booking's values, in the order of includes/booking.lua
-- Answer {'ok' | 'same', booking…} or {'no-epoch'}
-- Event  the slot's state, if the seat was not taken
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "booking"
--- @include "announce"
local wrong = check_call(7, 4 + #BOOKING, {1, 3, 4, 6, 9, 10, 11, 12, 13})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, BOOKING_KEY, IDEMPOTENCY = unpack(KEYS)
local keep, publish, log_entries, log_age = unpack(ARGV, 1, 4)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local booking = {}
for position, field in ipairs(BOOKING) do
  booking[field] = ARGV[4 + position]
end
local live = read_booking(BOOKING_KEY)
if live and tonumber(live.rev) >= tonumber(booking.rev) then return booking_answer('same', live) end
local slot = read_slot(CALENDAR, booking.slot)
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})

local seat = tonumber(booking.seat)
if slot and booking.status ~= 'cancelled' and string.sub(slot.seatmap, seat, seat) == FREE then
  set_seat(slot, seat, BOOKED)
  announce(feed, slot)
end
redis.call('HSET', BOOKING_KEY, unpack(booking_fields(booking)))
-- Past its time it still stays for a minute: whoever restored it wants to do something with it.
local gone_at = digits(math.max(booking['end'] + keep, now_ms() / 1000 + 60))
redis.call('EXPIREAT', BOOKING_KEY, gone_at)
if booking.idem ~= '' then
  redis.call('SET', IDEMPOTENCY, booking.fingerprint .. ' ' .. booking.id)
  redis.call('EXPIREAT', IDEMPOTENCY, gone_at)
end
return booking_answer('ok', booking)
