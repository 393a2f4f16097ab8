--- leap: gives an expert's calendar a version that was never used, because its server may have gone back in time: what
-- was shown under the versions that it has lost must not be taken for what they mean from now on. It is the clock's: a
-- server that goes back to the same state twice must not leap to the same version twice.
-- KEYS  1 epoch  2 version  3 log  4 channel
-- ARGV  1 PUBLISH or SPUBLISH
-- Answer {'ok'} or {'no-epoch'}
-- Event  "read anew"
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "announce"
local LEAP = 1000000 -- more changes than can get lost, for a clock that has gone back as well
local wrong = check_call(4, 1, {})
if wrong then return wrong end
local EPOCH, VERSION, LOG, CHANNEL = unpack(KEYS)
local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local feed = open_feed({epoch = epoch, version = VERSION, log = LOG, channel = CHANNEL, publish = ARGV[1]})
local now = now_ms()
feed.next_version = now > feed.last_version and math.max(now, feed.next_version) or feed.next_version + LEAP
announce_anew(feed)
return {'ok'}
