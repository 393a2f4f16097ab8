--- close: takes a slot off sale by hand, so that weekly hours do not open it; the bookings it has stay.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 outbox
-- ARGV  1 slot id  2 most entries in the outbox  3 PUBLISH or SPUBLISH  4 entries in the change log
--       5 seconds the change log lives
-- Answer {'ok', slot id, record, outbox entry} or {'same', slot id, record} or
--     {'no-epoch' | 'slot-not-found' | 'backlog'}
-- Event  the slot's state
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "announce"
--- @include "shutter"
local wrong = check_call(6, 5, {2, 4, 5})
if wrong then return wrong end
return set_closed(BY_HAND)
