--- hold: keeps a seat for a customer who is filling in the form.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 held  7 holders  8 due
-- ARGV  1 slot id  2 token  3 ms it lasts  4 PUBLISH or SPUBLISH  5 entries in the change log
--       6 seconds the change log lives
-- Answer {'ok' | 'same', epoch ms at which it ends}; 'same': this call has run before
--     or {'no-epoch' | 'slot-not-found' | 'slot-closed' | 'slot-past' | 'slot-taken' | 'slot-held'}
-- Event  the slot's state
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "announce"
--- @include "holds"
local wrong = check_call(8, 6, {3, 5, 6})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, HELD_KEY, HOLDERS, DUE = unpack(KEYS)
local slot_id, token, lasts, publish, log_entries, log_age = unpack(ARGV)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local slot = read_slot(CALENDAR, slot_id)
if not slot then return {'slot-not-found'} end
local now = now_ms()
if slot.start * 1000 <= now then return {'slot-past'} end
if slot.closed then return {'slot-closed'} end
local holds = open_holds(epoch, slot, now, HELD_KEY, HOLDERS, DUE)
local known, ends = live_hold(holds, token, now)
if known then return {'same', digits(ends)} end
local seat = free_seat(slot)
if not seat then
  return {string.find(slot.seatmap, HELD, 1, true) and 'slot-held' or 'slot-taken'}
end
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})

local expiry = math.min(now + lasts, slot.start * 1000)
set_seat(slot, seat, HELD)
put_hold(holds, token, seat, expiry, now)
plan_holds(holds)
announce(feed, slot)
save_holds(holds)
return {'ok', digits(expiry)}
