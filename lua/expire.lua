--- expire: gives back the seats of a slot's holds that are over, and tells everybody. The sweeper's verb.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 held  7 holders  8 due
-- ARGV  1 slot id  2 PUBLISH or SPUBLISH  3 entries in the change log  4 seconds the change log lives
-- Answer {'ok', how many ended} or {'no-epoch'}
-- Event  the slot's state, if any ended
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "announce"
--- @include "holds"
local wrong = check_call(8, 4, {3, 4})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, HELD_KEY, HOLDERS, DUE = unpack(KEYS)
local slot_id, publish, log_entries, log_age = unpack(ARGV)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local slot = read_slot(CALENDAR, slot_id)
redis.call('ZSCORE', DUE, slot_id)
if not slot then
  redis.call('DEL', HELD_KEY, HOLDERS)
  redis.call('ZREM', DUE, slot_id)
  return {'ok', 0}
end
-- The record may not know of a hold that `held` has (one from before a rebuild): look all the same.
if slot.held_until == 0 then slot.held_until = 1 end
local holds = open_holds(epoch, slot, now_ms(), HELD_KEY, HOLDERS, DUE)
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})

plan_holds(holds)
if holds_changed(holds) then announce(feed, slot) end
save_holds(holds)
return {'ok', #holds.gone}
