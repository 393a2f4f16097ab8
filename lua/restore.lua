--- restore: puts a booking that MongoDB has back into Redis, unless Redis knows it at this revision or a later one.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 booking
--       7 idempotency record (the booking's own key again when it has none)
-- ARGV  1 seconds to keep the booking after its slot's end  2 PUBLISH or SPUBLISH  3 entries in the change log
--       4 seconds the change log lives  5 record (includes/booking.lua)
-- Answer {'ok' | 'same', record} or {'no-epoch'}
-- Event  the slot's state, if the seat was not taken
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "booking"
--- @include "announce"
local wrong = check_call(7, 5, {1, 3, 4})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, BOOKING_KEY, IDEMPOTENCY = unpack(KEYS)
local keep, publish, log_entries, log_age, record = unpack(ARGV)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local booking = parse_booking(record)
if not booking or not is_whole(booking.finish) then return {'bad-call', 'argument 5 is not a booking record'} end
local live, live_record = read_booking(BOOKING_KEY)
if live and tonumber(live.rev) >= tonumber(booking.rev) then return {'same', live_record} end
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
-- Past its time it still stays for a minute: whoever restored it wants to do something with it.
local gone_at = digits(math.max(booking.finish + keep, now_ms() / 1000 + 60))
redis.call('SET', BOOKING_KEY, record, 'EXAT', gone_at)
if booking.idem ~= NONE then
  redis.call('SET', IDEMPOTENCY, booking.fingerprint .. ' ' .. booking.id, 'EXAT', gone_at)
end
return {'ok', record}
