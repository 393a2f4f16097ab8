--- load: writes one expert's calendar while its partition is being rebuilt (it has no epoch, so every verb refuses).
-- KEYS  1 epoch  2 rebuild  3 calendar  4 version  5 log  6 experts  7… idempotency records
-- ARGV  1 who rebuilds  2 ms the rebuild may be silent  3 expert id  4 number of slots  5… slot id, record, …
--       then for each idempotency record: its text, the epoch second at which it goes
-- Answer {'ok'} or {'lost'}: somebody else rebuilds or has rebuilt this partition
-- Event  none: clients resynchronise because the epoch changes
--- @include "answer"
--- @include "slot"
local slots = tonumber(ARGV[4] or 0)
local wrong = check_call(math.max(6, #KEYS), 4 + 2 * (slots or 0) + 2 * (#KEYS - 6), {2, 4})
if wrong then return wrong end
local EPOCH, REBUILD, CALENDAR, VERSION, LOG, EXPERTS = unpack(KEYS, 1, 6)
local who, silence, expert_id = ARGV[1], ARGV[2], ARGV[3]

if redis.call('EXISTS', EPOCH) == 1 or redis.call('GET', REBUILD) ~= who then return {'lost'} end
redis.call('SISMEMBER', EXPERTS, expert_id)
for position = 5, 4 + 2 * slots, 2 do
  if not parse_slot(ARGV[position], ARGV[position + 1]) then
    return {'bad-call', 'argument ' .. (position + 1) .. ' is not a slot record'}
  end
end
for position = 6 + 2 * slots, #ARGV, 2 do
  if not is_whole(ARGV[position]) then
    return {'bad-call', 'argument ' .. position .. ' is not a whole number'}
  end
end

redis.call('PEXPIRE', REBUILD, silence)
redis.call('DEL', CALENDAR, LOG)
redis.call('SET', VERSION, '0')
redis.call('SADD', EXPERTS, expert_id)
for position = 5, 4 + 2 * slots, 2 do
  redis.call('HSET', CALENDAR, ARGV[position], ARGV[position + 1])
end
for number = 7, #KEYS do
  local position = 5 + 2 * slots + 2 * (number - 7)
  redis.call('SET', KEYS[number], ARGV[position])
  redis.call('EXPIREAT', KEYS[number], ARGV[position + 1])
end
return {'ok'}
