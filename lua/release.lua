--- release: gives a held seat back.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 held  7 holders  8 due
-- ARGV  1 slot id  2 token  3 PUBLISH or SPUBLISH  4 entries in the change log  5 seconds the change log lives
-- Answer {'ok'} or {'no-epoch' | 'hold-not-found'}
-- Event  the slot's state
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "announce"
--- @include "holds"
local wrong = check_call(8, 5, {4, 5})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, HELD_KEY, HOLDERS, DUE = unpack(KEYS)
local slot_id, token, publish, log_entries, log_age = unpack(ARGV)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local slot = read_slot(CALENDAR, slot_id)
if not slot then return {'hold-not-found'} end
local now = now_ms()
local holds = open_holds(epoch, slot, now, HELD_KEY, HOLDERS, DUE)
local seat = live_hold(holds, token, now)
if not seat then return {'hold-not-found'} end
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})

set_seat(slot, seat, FREE)
end_hold(holds, token)
plan_holds(holds)
announce(feed, slot)
save_holds(holds)
return {'ok'}
