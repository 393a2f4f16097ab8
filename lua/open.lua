--- open: puts a closed slot on sale again.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 outbox
-- ARGV  1 slot id  2 most entries in the outbox  3 PUBLISH or SPUBLISH  4 entries in the change log
--       5 seconds the change log lives
-- Answer {'ok', slot id, record, outbox entry} or {'same', slot id, record} or
--     {'no-epoch' | 'slot-not-found' | 'slot-overlaps' | 'backlog'}
-- Event  the slot's state
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "announce"
--- @include "overlap"
--- @include "shutter"
local wrong = check_call(6, 5, {2, 4, 5})
if wrong then return wrong end

local EPOCH, CALENDAR = unpack(KEYS, 1, 2)
local slot = read_slot(CALENDAR, ARGV[1])
if redis.call('GET', EPOCH) and slot and slot.closed and any_in_the_way(CALENDAR, slot) then
  return {'slot-overlaps'}
end
return set_closed(false)
