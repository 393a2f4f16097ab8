--- add_slots: puts slots that MongoDB has on sale. A slot that is there already is left as it is.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 experts
-- ARGV  1 expert id  2 PUBLISH or SPUBLISH  3… slot id, record, slot id, record, …
-- Answer {'ok', how many were new} or {'no-epoch'}
-- Event  "read anew", if any was new
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "announce"
local wrong = check_call(6, math.max(2, #ARGV - #ARGV % 2), {})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, EXPERTS = unpack(KEYS)
local expert_id, publish = ARGV[1], ARGV[2]

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local new = {}
for position = 3, #ARGV, 2 do
  local slot = parse_slot(ARGV[position], ARGV[position + 1])
  if not slot then return {'bad-call', 'argument ' .. (position + 1) .. ' is not a slot record'} end
  if redis.call('HEXISTS', CALENDAR, slot.id) == 0 then
    new[#new + 1] = slot
  end
end
redis.call('SISMEMBER', EXPERTS, expert_id)
local feed = open_feed({epoch = epoch, version = VERSION, log = LOG, channel = CHANNEL, publish = publish})

redis.call('SADD', EXPERTS, expert_id)
for _, slot in ipairs(new) do
  redis.call('HSET', CALENDAR, slot.id, slot_record(slot))
end
if #new > 0 then announce_anew(feed) end
return {'ok', #new}
