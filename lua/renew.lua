--- renew: lets a hold last longer, up to a total since it was first given.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 held  7 holders  8 due
-- ARGV  1 slot id  2 token  3 ms it lasts from now  4 most ms since the first hold  5 PUBLISH or SPUBLISH
--       6 entries in the change log  7 seconds the change log lives
-- Answer {'ok', epoch ms at which it ends} or {'no-epoch' | 'hold-not-found'}
-- Event  the slot's state
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "announce"
--- @include "holds"
local wrong = check_call(8, 7, {3, 4, 6, 7})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, HELD_KEY, HOLDERS, DUE = unpack(KEYS)
local slot_id, token, lasts, most, publish, log_entries, log_age = unpack(ARGV)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local slot = read_slot(CALENDAR, slot_id)
if not slot then return {'hold-not-found'} end
local now = now_ms()
local holds = open_holds(epoch, slot, now, HELD_KEY, HOLDERS, DUE)
local seat, ends, since = live_hold(holds, token, now)
if not seat then return {'hold-not-found'} end
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})

-- Never earlier than it ended before: a renewal at the cap changes nothing.
local expiry = math.max(ends, math.min(now + lasts, since + most, slot.start * 1000))
put_hold(holds, token, seat, expiry, since)
plan_holds(holds)
announce(feed, slot)
save_holds(holds)
return {'ok', digits(expiry)}
