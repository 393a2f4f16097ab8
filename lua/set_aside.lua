--- set_aside: takes an outbox entry that MongoDB will never take out of the way, where the audit shows it.
-- KEYS  1 outbox  2 poison
-- ARGV  1 outbox entry  2 why
-- Answer {'ok'} or {'same'}: it is not in the outbox
-- Event  none
--- @include "answer"
local wrong = check_call(2, 2, {}, 1)
if wrong then return wrong end
local OUTBOX, POISON = unpack(KEYS)
local entry = redis.call('XRANGE', OUTBOX, ARGV[1], ARGV[1])[1]
redis.call('XLEN', POISON)
if not entry then return {'same'} end
local fields = entry[2]
fields[#fields + 1] = 'why'
fields[#fields + 1] = ARGV[2]
redis.call('XADD', POISON, '*', unpack(fields))
redis.call('XDEL', OUTBOX, ARGV[1])
return {'ok'}
