--- mend_slots: puts slots of an expert right. Nothing happens if any change was made since they were looked at.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel
-- ARGV  1 epoch that was seen  2 version that was seen  3 PUBLISH or SPUBLISH  4 entries in the change log
--       5 seconds the change log lives  6… slot id, record that was seen ('' for none), right record ('' for none), …
-- Answer {'ok'} or {'changed'} or {'no-epoch'}
-- Event  the state of each slot, or "read anew" if any came or went
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "announce"
local wrong = check_call(5, math.max(8, #ARGV - (#ARGV - 5) % 3), {2, 4, 5})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL = unpack(KEYS)
local seen_epoch, seen_version, publish, log_entries, log_age = unpack(ARGV, 1, 5)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})
if epoch ~= seen_epoch or feed.next_version ~= seen_version + 1 then return {'changed'} end
local right, gone, anew = {}, {}, false
for position = 6, #ARGV, 3 do
  local id, seen, record = unpack(ARGV, position, position + 2)
  if (redis.call('HGET', CALENDAR, id) or '') ~= seen then return {'changed'} end
  local slot = record ~= '' and parse_slot(id, record)
  if record ~= '' and not slot then return {'bad-call', 'argument ' .. (position + 2) .. ' is not a slot record'} end
  anew = anew or seen == '' or not slot
  if slot then right[#right + 1] = slot else gone[#gone + 1] = id end
end

for _, id in ipairs(gone) do redis.call('HDEL', CALENDAR, id) end
for _, slot in ipairs(right) do
  if anew then redis.call('HSET', CALENDAR, slot.id, slot_record(slot)) else announce(feed, slot) end
end
if anew then announce_anew(feed) end
return {'ok'}
