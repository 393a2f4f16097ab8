--- book: gives a free seat of a slot to a new booking.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 outbox  7 booking
--       8 idempotency record (the booking's own key again when the request has no Idempotency-Key)
--       9 held  10 holders  11 due
--       12 mine: the customer's bookings with the expert (the booking's own key again when they are not limited)
-- ARGV  1 slot id  2 booking id  3 body (JSON)  4 by (JSON string)  5 digest of the key or ''  6 fingerprint
--       7 seconds to keep the booking after its slot's end  8 most entries in the outbox
--       9 hold token or ''  10 PUBLISH or SPUBLISH  11 entries in the change log  12 seconds the change log lives
--       13 most bookings to come that a customer may have with the expert (0: any number)
-- Answer {'ok', seat, start, end, epoch ms of the booking, outbox entry}
--     or {'replayed', record}: this call has run before
--     or {'known', booking id}: the Idempotency-Key made that booking
--     or {'no-epoch' | 'slot-not-found' | 'slot-closed' | 'slot-past' | 'slot-taken' | 'slot-held' |
--         'hold-expired' | 'key-reused' | 'backlog'}
--     or {'too-many', booking id, …}: what counts; some of them may be cancelled by now
-- Event  the slot's state, on the channel and in the log
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "booking"
--- @include "announce"
--- @include "holds"
--- @include "overlap"
local wrong = check_call(12, 13, {7, 8, 11, 12, 13})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, OUTBOX, BOOKING_KEY, IDEMPOTENCY, HELD_KEY, HOLDERS, DUE, MINE =
  unpack(KEYS)
local slot_id, id, body, by, digest, fingerprint, keep, backlog, token, publish, log_entries, log_age, most =
  unpack(ARGV)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end

-- A retry of this very call (our own link dropped) finds the booking; a client's retry finds its Idempotency-Key.
local made = redis.call('GET', BOOKING_KEY)
if made then return {'replayed', made} end
if digest ~= '' then
  local known = redis.call('GET', IDEMPOTENCY)
  if known then
    local known_fingerprint, known_id = string.match(known, '^(%S+) (%S+)$')
    if known_fingerprint ~= fingerprint then return {'key-reused'} end
    return {'known', known_id}
  end
end

local slot = read_slot(CALENDAR, slot_id)
if not slot then return {'slot-not-found', epoch} end
local now = now_ms()
if slot.start * 1000 <= now then return {'slot-past', epoch} end
local holds = open_holds(epoch, slot, now, HELD_KEY, HOLDERS, DUE)
local seat = token ~= '' and live_hold(holds, token, now)
-- What hours have closed is kept for who held it before, unless something else has come on sale in its place.
if slot.closed and (slot.closed == BY_HAND or not seat or any_in_the_way(CALENDAR, slot)) then
  return {'slot-closed', epoch}
end
if seat then
  end_hold(holds, token)
else
  seat = free_seat(slot)
end
if not seat then
  if token ~= '' then return {'hold-expired', epoch} end
  return {string.find(slot.seatmap, HELD, 1, true) and 'slot-held' or 'slot-taken', epoch}
end
local limited = tonumber(most) > 0
if limited and redis.call('ZCOUNT', MINE, digits(now / 1000), '+inf') >= tonumber(most) then
  return {'too-many', unpack(redis.call('ZRANGEBYSCORE', MINE, digits(now / 1000), '+inf'))}
end
if redis.call('XLEN', OUTBOX) >= tonumber(backlog) then return {'backlog'} end
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})

set_seat(slot, seat, BOOKED)
if holds_changed(holds) then plan_holds(holds) end
announce(feed, slot)
if holds_changed(holds) then save_holds(holds) end
local at, gone_at = digits(now), digits(slot.finish + keep)
local booking = {
  id = id, rev = '1', status = 'pending', slot = slot_id, seat = digits(seat), start = slot.start,
  finish = slot.finish, created = at, updated = at, idem = digest ~= '' and digest or NONE, fingerprint = fingerprint,
  body = body,
}
booking.history = change_entry(at, nil, 'pending', by, 'null', booking)
local _, entry = save_booking(BOOKING_KEY, OUTBOX, booking, gone_at)
if digest ~= '' then
  redis.call('SET', IDEMPOTENCY, fingerprint .. ' ' .. id, 'EXAT', gone_at)
end
if limited then
  redis.call('ZREMRANGEBYSCORE', MINE, '-inf', '(' .. digits(now / 1000))
  redis.call('ZADD', MINE, slot.finish, id)
  redis.call('EXPIREAT', MINE, redis.call('ZRANGE', MINE, -1, -1, 'WITHSCORES')[2])
end
return {'ok', seat, slot.start, slot.finish, at, entry}
