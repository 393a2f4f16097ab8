--- inspect_holds: a slot and all about its holds, at one moment. For the audit.
-- KEYS  1 epoch  2 calendar  3 held  4 holders  5 due
-- ARGV  1 slot id
-- Answer {'ok', epoch, record or '', first expiry in `due` or '', {token, expiry, …}, {token, "seat since epoch", …}}
--     or {'no-epoch'}
-- Event  none
--- @include "answer"
local wrong = check_call(5, 1, {})
if wrong then return wrong end
local EPOCH, CALENDAR, HELD_KEY, HOLDERS, DUE = unpack(KEYS)
local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
return {'ok', epoch,
  redis.call('HGET', CALENDAR, ARGV[1]) or '', redis.call('ZSCORE', DUE, ARGV[1]) or '',
  redis.call('ZRANGE', HELD_KEY, 0, -1, 'WITHSCORES'), redis.call('HGETALL', HOLDERS),
}
