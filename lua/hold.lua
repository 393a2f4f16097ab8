--- hold: keeps a seat for a customer who is filling in the form.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 held  7 holders  8 due
--       9 record of the Idempotency-Key (the key of `held` again when the request has none)
-- ARGV  1 slot id  2 token  3 ms it lasts  4 seconds the record lives  5 PUBLISH or SPUBLISH
--       6 entries in the change log  7 seconds the change log lives
-- Answer {'ok', epoch ms at which it ends}
--     or {'same', epoch ms, token}: this call has run before
--     or {'known', epoch ms, token}: the Idempotency-Key made that hold; it may be over
--     or {'no-epoch' | 'slot-not-found' | 'slot-closed' | 'slot-past' | 'slot-taken' | 'slot-held' | 'key-reused'}
-- Event  the slot's state
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "announce"
--- @include "holds"
local wrong = check_call(9, 7, {3, 4, 6, 7})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, HELD_KEY, HOLDERS, DUE, RECORD = unpack(KEYS)
local slot_id, token, lasts, remembered, publish, log_entries, log_age = unpack(ARGV)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local keyed = RECORD ~= HELD_KEY
local known = keyed and redis.call('GET', RECORD)
if known then
  local its_slot, its_token, its_end = string.match(known, '^(%S+) (%S+) (%d+)$')
  if its_slot ~= slot_id then return {'key-reused'} end
  return {its_token == token and 'same' or 'known', its_end, its_token}
end
local slot = read_slot(CALENDAR, slot_id)
if not slot then return {'slot-not-found'} end
local now = now_ms()
if slot.start * 1000 <= now then return {'slot-past'} end
if slot.closed then return {'slot-closed'} end
local holds = open_holds(epoch, slot, now, HELD_KEY, HOLDERS, DUE)
local mine, ends = live_hold(holds, token, now)
if mine then return {'same', digits(ends), token} end
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
if keyed and remembered ~= '0' then
  redis.call('SET', RECORD, slot_id .. ' ' .. token .. ' ' .. digits(expiry), 'EX', remembered)
end
return {'ok', digits(expiry)}
