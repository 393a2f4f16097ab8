--- snapshot: all slots of an expert at one version.
-- KEYS  1 epoch  2 calendar  3 version
-- ARGV  none
-- Answer {'ok', epoch, version, slot id, record, slot id, record, …} or {'no-epoch'}
-- Event  none
--- @include "answer"
local wrong = check_call(3, 0, {})
if wrong then return wrong end
local epoch = redis.call('GET', KEYS[1])
if not epoch then return {'no-epoch'} end
local answer = redis.call('HGETALL', KEYS[2])
table.insert(answer, 1, redis.call('GET', KEYS[3]) or '0')
table.insert(answer, 1, epoch)
table.insert(answer, 1, 'ok')
return answer
