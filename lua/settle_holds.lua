--- settle_holds: makes a slot's holds agree with each other, whatever state they are in. A seat that nobody holds is
-- free again, a hold without a seat goes, and the slot's first expiry is told to the sweeper.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 held  7 holders  8 due
-- ARGV  1 slot id  2 PUBLISH or SPUBLISH  3 entries in the change log  4 seconds the change log lives
-- Answer {'ok', how many holds went} or {'no-epoch'}
-- Event  the slot's state, if it changed
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
local holds = {epoch = epoch, slot = slot, held = HELD_KEY, holders = HOLDERS, due = DUE, gone = {}}
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})
local before, now, owned = slot_record(slot), now_ms(), {}
for _, token in ipairs(redis.call('ZRANGE', HELD_KEY, 0, -1)) do
  local seat = live_hold(holds, token, now)
  if seat and not owned[seat] then owned[seat] = token else holds.gone[#holds.gone + 1] = token end
end
for _, token in ipairs(redis.call('HKEYS', HOLDERS)) do
  if not redis.call('ZSCORE', HELD_KEY, token) then holds.gone[#holds.gone + 1] = token end
end
for seat = 1, #slot.seatmap do
  if string.sub(slot.seatmap, seat, seat) == HELD and not owned[seat] then set_seat(slot, seat, FREE) end
end
plan_holds(holds)
if slot_record(slot) ~= before then announce(feed, slot) end
save_holds(holds)
return {'ok', #holds.gone}
