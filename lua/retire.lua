--- retire: takes slots out of Redis that ended long ago; MongoDB keeps them.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel
-- ARGV  1 seconds a past slot stays  2 PUBLISH or SPUBLISH
-- Answer {'ok', how many went} or {'no-epoch'}
-- Event  "read anew", if any went
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "announce"
local wrong = check_call(5, 2, {1})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL = unpack(KEYS)

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local oldest = now_ms() / 1000 - ARGV[1]
local gone = {}
local fields = redis.call('HGETALL', CALENDAR)
for position = 1, #fields, 2 do
  local slot = parse_slot(fields[position], fields[position + 1])
  if slot and tonumber(slot.finish) < oldest then
    gone[#gone + 1] = slot.id
  end
end
local feed = open_feed({epoch = epoch, version = VERSION, log = LOG, channel = CHANNEL, publish = ARGV[2]})
for _, id in ipairs(gone) do
  redis.call('HDEL', CALENDAR, id)
end
if #gone > 0 then announce_anew(feed) end
return {'ok', #gone}
